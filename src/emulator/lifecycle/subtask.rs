//! The life of an instance of a task that runs on several nodes at once: (preparing →) running → completed.
//!
//! What it runs is the coordination command, and with that it completes. What that left in the background goes on until the task
//! ends; if it ends before, so does the task. If the task ends before the coordination command does, that is its end, too.

use std::net::Ipv4Addr;

use crate::batch::DateTime;
use crate::batch::model::{
    BatchErrorSourceCategory, BatchSubtaskState, BatchTaskContainerExecutionInfo, BatchTaskExecutionResult,
    BatchTaskFailureInfo, NameValuePair,
};
use crate::emulator::store::{RunRow, SubtaskRecord, TaskPlace, TaskRow};
use crate::node::TaskOutcome;

/// The failure of what was ended from outside.
const TASK_ENDED: &str = "TaskEnded";

impl SubtaskRecord {
    /// An instance that was just given to a node, and waits until all nodes of its task are prepared for the job.
    pub(crate) fn new(
        (task, number): (TaskRow, i32),
        run: RunRow,
        place: TaskPlace,
        address: Ipv4Addr,
        now: DateTime,
    ) -> Self {
        Self {
            task,
            number,
            run,
            place,
            address,
            state: BatchSubtaskState::Preparing,
            since: now,
            previous: None,
            started: None,
            ended: None,
            exit_code: None,
            container_info: None,
            failure_info: None,
            result: None,
        }
    }

    /// It begins: at once, as if it had never waited, where nothing was to be prepared.
    pub(crate) fn begin(&mut self, has_waited: bool, now: DateTime) {
        self.started = Some(now);
        self.enter(BatchSubtaskState::Running, now);
        if !has_waited {
            self.previous = None;
        }
    }

    /// Whether its coordination command has succeeded.
    pub(crate) fn is_ready(&self) -> bool {
        self.result == Some(BatchTaskExecutionResult::Success)
    }

    /// Its coordination command has succeeded.
    pub(crate) fn coordinated(&mut self, container: BatchTaskContainerExecutionInfo, now: DateTime) {
        if self.state != BatchSubtaskState::Completed {
            self.exit_code = Some(0);
            self.container_info = Some(container).filter(|info| info.container_id.is_some());
            self.result = Some(BatchTaskExecutionResult::Success);
            self.complete(now);
        }
    }

    /// It has failed, also after its coordination command had succeeded.
    pub(crate) fn failed(&mut self, outcome: &TaskOutcome, now: DateTime) {
        self.exit_code = outcome.exit_code;
        self.container_info.clone_from(&outcome.container_info);
        self.failure_info.clone_from(&outcome.failure_info);
        self.result = Some(BatchTaskExecutionResult::Failure);
        self.complete(now);
    }

    /// Its task has completed, and with it what had not: whatever it still runs is being ended.
    pub(crate) fn task_ended(&mut self, now: DateTime) {
        if self.state != BatchSubtaskState::Completed {
            self.failure_info = Some(ended_with_task());
            self.result = Some(BatchTaskExecutionResult::Failure);
            self.complete(now);
        }
    }

    /// What it still ran when its task ended is over. That says how it ended, unless its coordination command had succeeded.
    pub(crate) fn run_ended(&mut self, outcome: &TaskOutcome) {
        if let Some(container) = &outcome.container_info {
            self.container_info = Some(container.clone());
        }
        if self.is_ready() {
            return;
        }
        self.exit_code = outcome.exit_code.or(self.exit_code);
        if let Some(failure) = &outcome.failure_info
            && failure.code.as_deref() != Some(TASK_ENDED)
        {
            self.failure_info = Some(failure.clone());
        }
    }

    fn complete(&mut self, now: DateTime) {
        self.ended = Some(now);
        if self.state != BatchSubtaskState::Completed {
            self.enter(BatchSubtaskState::Completed, now);
        }
    }

    fn enter(&mut self, state: BatchSubtaskState, now: DateTime) {
        self.previous = Some((std::mem::replace(&mut self.state, state), self.since));
        self.since = now;
    }

    /// What the failure of this instance means for the task.
    pub(crate) fn failure_of_task(&self, outcome: TaskOutcome) -> TaskOutcome {
        let failure_info = outcome.failure_info.map(|failure| BatchTaskFailureInfo {
            message: Some(format!(
                "{} (subtask {} on node {})",
                failure.message.as_deref().unwrap_or("The subtask failed."),
                self.number,
                self.place.node_id
            )),
            details: Some(
                failure
                    .details
                    .into_iter()
                    .flatten()
                    .chain([
                        NameValuePair::new("SubtaskId", self.number.to_string()),
                        NameValuePair::new("NodeId", self.place.node_id.as_str()),
                    ])
                    .collect(),
            ),
            ..failure
        });
        TaskOutcome { failure_info, ..outcome }
    }
}

fn ended_with_task() -> BatchTaskFailureInfo {
    BatchTaskFailureInfo {
        category: BatchErrorSourceCategory::UserError,
        code: Some(TASK_ENDED.to_owned()),
        message: Some("The task ended before the coordination command of this subtask had.".to_owned()),
        details: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::{NodeId, PoolId};

    fn at(second: i64) -> DateTime {
        DateTime(jiff::Timestamp::from_second(second).unwrap())
    }

    fn subtask() -> SubtaskRecord {
        let place = TaskPlace { pool_id: PoolId::new("p").unwrap(), node_id: NodeId::new("n").unwrap() };
        let mut subtask =
            SubtaskRecord::new((TaskRow(1), 2), RunRow(3), place, Ipv4Addr::new(10, 0, 0, 5), at(1));
        assert_eq!((subtask.state.clone(), subtask.started), (BatchSubtaskState::Preparing, None));
        subtask.begin(false, at(1));
        subtask
    }

    #[test]
    fn it_has_a_state_before_only_if_it_waited() {
        let at_once = subtask();
        assert_eq!((at_once.state.clone(), at_once.previous.clone()), (BatchSubtaskState::Running, None));
        let mut waited = SubtaskRecord { state: BatchSubtaskState::Preparing, started: None, ..at_once };
        waited.begin(true, at(4));
        assert_eq!(waited.previous, Some((BatchSubtaskState::Preparing, at(1))));
        assert_eq!((waited.started, waited.since), (Some(at(4)), at(4)));
    }

    fn outcome() -> TaskOutcome {
        TaskOutcome {
            exit_code: Some(3),
            container_info: None,
            failure_info: Some(BatchTaskFailureInfo {
                category: BatchErrorSourceCategory::UserError,
                code: Some("FailureExitCode".to_owned()),
                message: Some("It failed.".to_owned()),
                details: None,
            }),
        }
    }

    #[test]
    fn it_completes_with_its_coordination_command() {
        let mut subtask = subtask();
        assert!(!subtask.is_ready());
        subtask.coordinated(BatchTaskContainerExecutionInfo::default(), at(2));
        assert!(subtask.is_ready());
        assert_eq!((subtask.exit_code, subtask.ended), (Some(0), Some(at(2))));
        assert_eq!(subtask.previous, Some((BatchSubtaskState::Running, at(1))));
        let before = subtask.clone();
        subtask.coordinated(BatchTaskContainerExecutionInfo::default(), at(3));
        assert_eq!(subtask, before, "told again after a restart");
    }

    #[test]
    fn what_it_left_running_must_not_end_before_the_task() {
        let mut subtask = subtask();
        subtask.coordinated(BatchTaskContainerExecutionInfo::default(), at(2));
        subtask.failed(&outcome(), at(3));
        assert!(!subtask.is_ready());
        assert_eq!((subtask.exit_code, subtask.ended, subtask.since), (Some(3), Some(at(3)), at(2)));
    }

    #[test]
    fn it_ends_with_its_task_and_says_afterwards_what_became_of_its_container() {
        let mut open = subtask();
        open.task_ended(at(2));
        assert_eq!((open.state.clone(), open.ended), (BatchSubtaskState::Completed, Some(at(2))));
        let code = |subtask: &SubtaskRecord| subtask.failure_info.clone().unwrap().code.unwrap();
        assert_eq!((code(&open), open.exit_code), (TASK_ENDED.to_owned(), None));
        open.run_ended(&TaskOutcome { failure_info: Some(ended_with_task()), ..outcome() });
        assert_eq!((code(&open), open.exit_code), (TASK_ENDED.to_owned(), Some(3)), "it was ended");
        open.run_ended(&outcome());
        assert_eq!(code(&open), "FailureExitCode", "it failed by itself, only later than another");

        let mut ready = subtask();
        ready.coordinated(BatchTaskContainerExecutionInfo::default(), at(2));
        let before = ready.clone();
        ready.task_ended(at(3));
        ready.run_ended(&outcome());
        assert_eq!(ready, before, "its coordination command had succeeded");
    }

    #[test]
    fn the_task_is_told_which_subtask_failed() {
        let failure = subtask().failure_of_task(outcome()).failure_info.unwrap();
        assert_eq!(failure.message.as_deref(), Some("It failed. (subtask 2 on node n)"));
        let detail = |name| {
            let details = failure.details.iter().flatten();
            details.clone().find(|detail| detail.name.as_deref() == Some(name)).cloned().unwrap().value
        };
        assert_eq!(detail("SubtaskId").as_deref(), Some("2"));
        assert_eq!(detail("NodeId").as_deref(), Some("n"));
    }
}
