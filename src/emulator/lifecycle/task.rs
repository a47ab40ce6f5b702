//! The life of a task: active → running → completed, and back to active to run again.

use crate::batch::model::{
    BatchErrorSourceCategory, BatchTaskExecutionInfo, BatchTaskExecutionResult, BatchTaskFailureInfo,
    BatchTaskState, NameValuePair,
};
use crate::batch::{DateTime, ErrorCode};
use crate::emulator::store::{RunRow, TaskLife, TaskPlace};
use crate::node::TaskOutcome;

/// Why a task goes back in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Requeue {
    /// A user asked for it: disabled the job, shrank or deleted the pool. Counted as requeue.
    ByUser,
    /// Its node was lost or can't be prepared for the job, or a more important job needs its slots. Not counted.
    Recovery,
}

/// Something that happens to a task.
#[derive(Debug, Clone)]
pub(crate) enum TaskEvent {
    /// It was given to a node, which may have the job's preparation task to run first.
    Assigned { run: RunRow, place: TaskPlace, is_prepared: bool },
    /// Its node is prepared for the job.
    Prepared,
    /// Its process has ended, or could not be started; it may be run again that often (-1: without limit).
    Ended { outcome: TaskOutcome, max_retries: i32 },
    /// It was taken off its node, to run again.
    Requeued(Requeue),
    /// A user, or the end of its job, ended it.
    Terminated,
    /// A user wants it to run again.
    Reactivated,
}

impl TaskLife {
    /// A task that was just added.
    pub(crate) fn new(e_tag: String, now: DateTime) -> Self {
        Self {
            e_tag,
            created: now,
            replaced: None,
            state: BatchTaskState::Active,
            since: now,
            previous: None,
            execution: BatchTaskExecutionInfo::default(),
            place: None,
            run: None,
            satisfies: false,
        }
    }

    /// Whether the task has completed with success.
    pub(crate) fn has_succeeded(&self) -> bool {
        self.execution.result == Some(BatchTaskExecutionResult::Success)
    }

    /// What becomes of the task. An event that does not fit its state changes nothing.
    pub(crate) fn step(&mut self, event: TaskEvent, now: DateTime) {
        match (&self.state, event) {
            (BatchTaskState::Active, TaskEvent::Assigned { run, place, is_prepared }) => {
                (self.run, self.place) = (Some(run), Some(place));
                if is_prepared {
                    self.start(now);
                } else {
                    self.enter(BatchTaskState::Preparing, now);
                }
            }
            (BatchTaskState::Preparing, TaskEvent::Prepared) => self.start(now),
            (BatchTaskState::Running, TaskEvent::Ended { outcome, max_retries }) => {
                self.end(outcome, max_retries, now);
            }
            (BatchTaskState::Preparing | BatchTaskState::Running, TaskEvent::Requeued(reason)) => {
                if reason == Requeue::ByUser {
                    self.execution.requeue_count += 1;
                    self.execution.last_requeue_time = Some(now);
                }
                self.queue(now);
            }
            (
                BatchTaskState::Active | BatchTaskState::Preparing | BatchTaskState::Running,
                TaskEvent::Terminated,
            ) => self.complete(Some(task_ended()), now),
            (BatchTaskState::Completed, TaskEvent::Reactivated) if !self.has_succeeded() => {
                self.execution.retry_count = 0;
                self.execution.last_retry_time = None;
                self.queue(now);
            }
            _ => {}
        }
    }

    fn start(&mut self, now: DateTime) {
        self.execution.start_time = Some(now);
        self.enter(BatchTaskState::Running, now);
    }

    fn end(&mut self, outcome: TaskOutcome, max_retries: i32, now: DateTime) {
        if may_retry(&outcome, max_retries, self.execution.retry_count) {
            self.execution.retry_count += 1;
            self.execution.last_retry_time = Some(now);
            self.queue(now);
            return;
        }
        self.execution.exit_code = outcome.exit_code;
        self.execution.container_info.clone_from(&outcome.container_info);
        self.complete(failure_of(outcome), now);
    }

    fn complete(&mut self, failure: Option<BatchTaskFailureInfo>, now: DateTime) {
        self.execution.result = Some(match failure {
            None => BatchTaskExecutionResult::Success,
            Some(_) => BatchTaskExecutionResult::Failure,
        });
        self.execution.failure_info = failure;
        self.execution.end_time = Some(now);
        self.run = None;
        self.enter(BatchTaskState::Completed, now);
    }

    /// Back to the queue: what is known of the run that was is forgotten, the counts of runs stay.
    fn queue(&mut self, now: DateTime) {
        self.execution = BatchTaskExecutionInfo {
            retry_count: self.execution.retry_count,
            last_retry_time: self.execution.last_retry_time,
            requeue_count: self.execution.requeue_count,
            last_requeue_time: self.execution.last_requeue_time,
            ..BatchTaskExecutionInfo::default()
        };
        self.run = None;
        self.satisfies = false;
        self.enter(BatchTaskState::Active, now);
    }

    fn enter(&mut self, state: BatchTaskState, now: DateTime) {
        self.previous = Some((std::mem::replace(&mut self.state, state), self.since));
        self.since = now;
    }
}

/// Whether a run is to be followed by another. Only a program that ran and failed is run again: what goes wrong before, or is
/// ended from outside, is not. That its files could not be kept, either, makes no difference.
pub(super) fn may_retry(outcome: &TaskOutcome, max_retries: i32, retries: i32) -> bool {
    let by_itself = |code: &str| code == "FailureExitCode" || code.starts_with("FileUpload");
    let is_exit_code = |failure: &BatchTaskFailureInfo| failure.code.as_deref().is_none_or(by_itself);
    (max_retries < 0 || retries < max_retries)
        && outcome.exit_code.is_some_and(|code| code != 0)
        && outcome.failure_info.as_ref().is_none_or(is_exit_code)
}

/// Why a run counts as failed, if it does.
pub(super) fn failure_of(outcome: TaskOutcome) -> Option<BatchTaskFailureInfo> {
    let succeeded = outcome.exit_code == Some(0) && outcome.succeeded();
    (!succeeded).then(|| outcome.failure_info.unwrap_or_else(exit_code_failure))
}

fn exit_code_failure() -> BatchTaskFailureInfo {
    let message = "The program ended with an exit code other than 0.";
    BatchTaskFailureInfo {
        category: BatchErrorSourceCategory::UserError,
        code: Some("FailureExitCode".to_owned()),
        message: Some(message.to_owned()),
        details: Some(vec![NameValuePair::new("Message", message)]),
    }
}

/// The failure of a task that was ended from outside.
pub(super) fn task_ended() -> BatchTaskFailureInfo {
    BatchTaskFailureInfo {
        category: BatchErrorSourceCategory::UserError,
        code: Some("TaskEnded".to_owned()),
        message: Some("The task was ended at a user's request.".to_owned()),
        details: None,
    }
}

/// Whether a user may change the task's constraints.
pub(crate) fn may_change_task(life: &TaskLife) -> Result<(), ErrorCode> {
    may_terminate_task(life)
}

/// Whether a user may end the task.
pub(crate) fn may_terminate_task(life: &TaskLife) -> Result<(), ErrorCode> {
    if life.state == BatchTaskState::Completed { Err(ErrorCode::TASK_COMPLETED) } else { Ok(()) }
}

/// Whether a user may run the task again.
pub(crate) fn may_reactivate_task(life: &TaskLife) -> Result<(), ErrorCode> {
    match life.state {
        BatchTaskState::Completed if life.has_succeeded() => Err(ErrorCode::TASK_SUCCEEDED),
        BatchTaskState::Completed => Ok(()),
        _ => Err(ErrorCode::TASK_NOT_COMPLETED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::{NodeId, PoolId};

    fn at(second: i64) -> DateTime {
        DateTime(jiff::Timestamp::from_second(second).unwrap())
    }

    fn running() -> TaskLife {
        let mut life = TaskLife::new("0x1".to_owned(), at(0));
        let place = TaskPlace { pool_id: PoolId::new("p").unwrap(), node_id: NodeId::new("n").unwrap() };
        life.step(TaskEvent::Assigned { run: RunRow(1), place, is_prepared: true }, at(1));
        life
    }

    fn ended(code: Option<i32>, failure: Option<&str>, max_retries: i32) -> TaskEvent {
        let failure_info = failure.map(|code| BatchTaskFailureInfo {
            category: BatchErrorSourceCategory::UserError,
            code: Some(code.to_owned()),
            message: None,
            details: None,
        });
        TaskEvent::Ended {
            outcome: TaskOutcome { exit_code: code, container_info: None, failure_info },
            max_retries,
        }
    }

    #[test]
    fn a_task_waits_for_its_node_to_be_prepared() {
        let place = || TaskPlace { pool_id: PoolId::new("p").unwrap(), node_id: NodeId::new("n").unwrap() };
        let mut life = TaskLife::new("0x1".to_owned(), at(0));
        life.step(TaskEvent::Prepared, at(1));
        assert_eq!(life.state, BatchTaskState::Active, "it was given to no node");
        life.step(TaskEvent::Assigned { run: RunRow(1), place: place(), is_prepared: false }, at(1));
        assert_eq!((&life.state, life.execution.start_time), (&BatchTaskState::Preparing, None));
        let mut turned_away = life.clone();
        turned_away.step(TaskEvent::Requeued(Requeue::Recovery), at(2));
        assert_eq!((&turned_away.state, turned_away.run), (&BatchTaskState::Active, None));
        life.step(TaskEvent::Prepared, at(2));
        assert_eq!((&life.state, life.execution.start_time), (&BatchTaskState::Running, Some(at(2))));
    }

    #[test]
    fn success_is_exit_code_zero_and_nothing_else() {
        let mut life = running();
        life.step(ended(Some(0), None, 3), at(2));
        assert!(life.has_succeeded());
        assert_eq!(life.previous, Some((BatchTaskState::Running, at(1))));
        assert_eq!((life.e_tag.as_str(), life.execution.end_time, life.run), ("0x1", Some(at(2)), None));

        let mut life = running();
        life.step(ended(Some(0), Some("FileUploadMiscError"), 3), at(2));
        assert!(!life.has_succeeded());
        assert_eq!(life.execution.retry_count, 0, "a failure after success is not run again");

        let mut life = running();
        life.step(ended(Some(1), Some("FileUploadMiscError"), 3), at(2));
        assert_eq!(life.execution.retry_count, 1, "one after a failure is");
    }

    #[test]
    fn a_failed_program_is_run_again_as_often_as_allowed() {
        let mut life = running();
        for retry in 1..=2 {
            life.step(ended(Some(3), Some("FailureExitCode"), 2), at(2));
            assert_eq!((life.state.clone(), life.execution.retry_count), (BatchTaskState::Active, retry));
            assert_eq!((life.execution.exit_code, life.execution.start_time), (None, None));
            let place = life.place.clone().unwrap();
            life.step(TaskEvent::Assigned { run: RunRow(2), place, is_prepared: true }, at(3));
        }
        life.step(ended(Some(3), None, 2), at(4));
        assert_eq!(life.state, BatchTaskState::Completed);
        assert_eq!(life.execution.exit_code, Some(3));
        assert_eq!(life.execution.failure_info.clone().unwrap().code.as_deref(), Some("FailureExitCode"));
        assert_eq!(life.execution.retry_count, 2);
        let mut unlimited = running();
        unlimited.execution.retry_count = 1_000;
        unlimited.step(ended(Some(1), None, -1), at(2));
        assert_eq!(unlimited.state, BatchTaskState::Active);
    }

    #[test]
    fn what_fails_before_its_program_runs_is_not_run_again() {
        for (code, failure) in [(None, "ContainerInvalidImage"), (Some(137), "TaskEnded")] {
            let mut life = running();
            life.step(ended(code, Some(failure), 5), at(2));
            assert_eq!(life.state, BatchTaskState::Completed, "{failure}");
            assert_eq!(life.execution.result, Some(BatchTaskExecutionResult::Failure));
        }
    }

    #[test]
    fn only_requeues_that_users_cause_are_counted() {
        let mut life = running();
        life.step(TaskEvent::Requeued(Requeue::Recovery), at(2));
        assert_eq!((life.execution.requeue_count, life.execution.retry_count), (0, 0));
        let mut life = running();
        life.step(TaskEvent::Requeued(Requeue::ByUser), at(2));
        assert_eq!(life.execution.requeue_count, 1);
        assert_eq!(life.execution.last_requeue_time, Some(at(2)));
    }

    #[test]
    fn a_failed_task_can_be_reactivated_a_successful_one_can_not() {
        let mut life = running();
        assert_eq!(may_reactivate_task(&life), Err(ErrorCode::TASK_NOT_COMPLETED));
        life.step(TaskEvent::Terminated, at(2));
        assert_eq!(life.execution.failure_info, Some(task_ended()));
        assert_eq!(may_terminate_task(&life), Err(ErrorCode::TASK_COMPLETED));
        assert_eq!(may_reactivate_task(&life), Ok(()));
        life.step(TaskEvent::Reactivated, at(3));
        assert_eq!(life.state, BatchTaskState::Active);
        assert_eq!(life.execution, BatchTaskExecutionInfo::default());

        let mut life = running();
        life.step(ended(Some(0), None, 0), at(2));
        assert_eq!(may_reactivate_task(&life), Err(ErrorCode::TASK_SUCCEEDED));
        let before = life.clone();
        life.step(TaskEvent::Reactivated, at(3));
        life.step(TaskEvent::Requeued(Requeue::ByUser), at(3));
        assert_eq!(life, before, "events that do not fit change nothing");
    }
}
