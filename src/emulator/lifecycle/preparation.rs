//! What a node does for a job beside the job's tasks: its preparation task before the first of them, its release task after the
//! last.
//!
//! due → running → ready or failed; due again once the node has booted anew. The release task runs when the job ends,
//! and again only if it was lost.

use crate::batch::DateTime;
use crate::batch::model::{
    BatchJobPreparationTaskExecutionInfo, BatchJobPreparationTaskState, BatchJobReleaseTaskExecutionInfo,
    BatchJobReleaseTaskState, BatchTaskExecutionResult,
};
use crate::emulator::lifecycle::task::{failure_of, may_retry, task_ended};
use crate::emulator::store::{PreparationRecord, Standing};
use crate::node::TaskOutcome;

/// Something that happens to what a node does for a job.
#[derive(Debug, Clone)]
pub(crate) enum PreparationEvent {
    /// The preparation task begins.
    Started,
    /// The preparation task has ended, or could not be started; it may be run again that often (-1: without limit).
    Ended { outcome: TaskOutcome, max_retries: i32 },
    /// The preparation task was taken off the node, or lost with it.
    TakenOff,
    /// The node has booted anew, and either the disk is empty or the job wants the task to run after every boot.
    NodeBooted,
    /// The release task begins.
    ReleaseStarted,
    /// The release task has ended; without an outcome it was lost.
    ReleaseEnded(Option<TaskOutcome>),
}

/// What follows for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PreparationEffect {
    /// Run the preparation task again.
    RunAgain,
    /// The job's tasks may run on the node.
    LetTasksRun,
    /// The job's tasks are not to run on the node.
    TurnTasksAway,
}

impl PreparationRecord {
    /// What becomes of it.
    pub(crate) fn step(&mut self, event: PreparationEvent, now: DateTime) -> Option<PreparationEffect> {
        match event {
            PreparationEvent::Started => {
                // Run again, it has been tried as often as it has.
                let before = self.preparation.take().filter(|_| self.standing == Standing::Running);
                self.preparation = Some(BatchJobPreparationTaskExecutionInfo {
                    retry_count: before.as_ref().map_or(0, |info| info.retry_count),
                    last_retry_time: before.and_then(|info| info.last_retry_time),
                    ..running(now)
                });
                self.standing = Standing::Running;
                None
            }
            PreparationEvent::Ended { outcome, max_retries } if self.standing == Standing::Running => {
                self.end(outcome, max_retries, now)
            }
            PreparationEvent::TakenOff if self.standing == Standing::Running => {
                self.standing = Standing::Due;
                if let Some(info) = &mut self.preparation {
                    info.state = BatchJobPreparationTaskState::Completed;
                    info.result = Some(BatchTaskExecutionResult::Failure);
                    info.failure_info = Some(task_ended());
                    info.end_time = Some(now);
                }
                None
            }
            PreparationEvent::NodeBooted => {
                self.standing = Standing::Due;
                None
            }
            PreparationEvent::ReleaseStarted => {
                self.release = Some(releasing(now));
                None
            }
            PreparationEvent::ReleaseEnded(outcome) => {
                match (outcome, &mut self.release) {
                    (Some(outcome), Some(info)) => end_release(info, outcome, now),
                    // Nobody knows what it has done: it runs again, as tasks do.
                    _ => self.release = None,
                }
                None
            }
            PreparationEvent::Ended { .. } | PreparationEvent::TakenOff => None,
        }
    }

    fn end(&mut self, outcome: TaskOutcome, max_retries: i32, now: DateTime) -> Option<PreparationEffect> {
        let info = self.preparation.as_mut()?;
        if may_retry(&outcome, max_retries, info.retry_count) {
            info.retry_count += 1;
            info.last_retry_time = Some(now);
            return Some(PreparationEffect::RunAgain);
        }
        info.state = BatchJobPreparationTaskState::Completed;
        info.end_time = Some(now);
        info.exit_code = outcome.exit_code;
        info.container_info.clone_from(&outcome.container_info);
        info.failure_info = failure_of(outcome);
        info.result = Some(result_of(info.failure_info.is_some()));
        if info.failure_info.is_none() {
            self.standing = Standing::Ready;
            Some(PreparationEffect::LetTasksRun)
        } else {
            self.standing = Standing::Failed;
            Some(PreparationEffect::TurnTasksAway)
        }
    }

    /// Whether the node still owes the job its release task.
    pub(crate) fn awaits_release(&self) -> bool {
        self.preparation.is_some() && self.release.is_none()
    }
}

fn running(now: DateTime) -> BatchJobPreparationTaskExecutionInfo {
    BatchJobPreparationTaskExecutionInfo {
        start_time: now,
        end_time: None,
        state: BatchJobPreparationTaskState::Running,
        task_root_directory: None,
        task_root_directory_url: None,
        exit_code: None,
        container_info: None,
        failure_info: None,
        retry_count: 0,
        last_retry_time: None,
        result: None,
    }
}

fn releasing(now: DateTime) -> BatchJobReleaseTaskExecutionInfo {
    BatchJobReleaseTaskExecutionInfo {
        start_time: now,
        end_time: None,
        state: BatchJobReleaseTaskState::Running,
        task_root_directory: None,
        task_root_directory_url: None,
        exit_code: None,
        container_info: None,
        failure_info: None,
        result: None,
    }
}

fn end_release(info: &mut BatchJobReleaseTaskExecutionInfo, outcome: TaskOutcome, now: DateTime) {
    info.state = BatchJobReleaseTaskState::Completed;
    info.end_time = Some(now);
    info.exit_code = outcome.exit_code;
    info.container_info.clone_from(&outcome.container_info);
    info.failure_info = failure_of(outcome);
    info.result = Some(result_of(info.failure_info.is_some()));
}

fn result_of(failed: bool) -> BatchTaskExecutionResult {
    if failed { BatchTaskExecutionResult::Failure } else { BatchTaskExecutionResult::Success }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::{NodeId, PoolId};
    use crate::emulator::store::{JobRow, NodeRow};

    fn at(second: i64) -> DateTime {
        DateTime(jiff::Timestamp::from_second(second).unwrap())
    }

    fn record() -> PreparationRecord {
        let (pool, node) = (PoolId::new("p").unwrap(), NodeId::new("n").unwrap());
        PreparationRecord::new(JobRow(1), NodeRow(1), pool, node)
    }

    fn exited(code: i32) -> TaskOutcome {
        TaskOutcome { exit_code: Some(code), container_info: None, failure_info: None }
    }

    fn ended(code: i32, max_retries: i32) -> PreparationEvent {
        PreparationEvent::Ended { outcome: exited(code), max_retries }
    }

    #[test]
    fn a_node_is_ready_once_the_preparation_task_has_succeeded() {
        let mut record = record();
        assert!(!record.awaits_release(), "nothing ran, so nothing is released");
        assert_eq!(record.step(PreparationEvent::Started, at(1)), None);
        assert_eq!(record.standing, Standing::Running);
        assert_eq!(record.step(ended(0, 0), at(2)), Some(PreparationEffect::LetTasksRun));
        let info = record.preparation.clone().unwrap();
        assert_eq!((info.exit_code, info.end_time), (Some(0), Some(at(2))));
        assert_eq!(info.result, Some(BatchTaskExecutionResult::Success));
        assert_eq!(record.standing, Standing::Ready);
        record.step(PreparationEvent::NodeBooted, at(3));
        assert_eq!(record.standing, Standing::Due);
        assert!(record.awaits_release());
    }

    #[test]
    fn a_preparation_task_that_fails_is_run_again_and_then_bars_the_node() {
        let mut record = record();
        record.step(PreparationEvent::Started, at(1));
        assert_eq!(record.step(ended(1, 1), at(2)), Some(PreparationEffect::RunAgain));
        record.step(PreparationEvent::Started, at(3));
        assert_eq!(record.preparation.as_ref().unwrap().retry_count, 1);
        assert_eq!(record.step(ended(1, 1), at(4)), Some(PreparationEffect::TurnTasksAway));
        let info = record.preparation.clone().unwrap();
        assert_eq!(info.failure_info.unwrap().code.as_deref(), Some("FailureExitCode"));
        assert_eq!(record.standing, Standing::Failed);
        assert_eq!(record.step(ended(0, 1), at(5)), None, "it has ended");
    }

    #[test]
    fn what_was_taken_off_is_due_again() {
        let mut record = record();
        record.step(PreparationEvent::Started, at(1));
        record.step(PreparationEvent::TakenOff, at(2));
        assert_eq!(record.standing, Standing::Due);
        record.step(PreparationEvent::Started, at(3));
        assert_eq!(record.preparation.unwrap().retry_count, 0);
    }

    #[test]
    fn a_node_is_released_once() {
        let mut record = record();
        record.step(PreparationEvent::Started, at(1));
        record.step(ended(0, 0), at(2));
        record.step(PreparationEvent::ReleaseStarted, at(3));
        assert!(!record.awaits_release());
        record.step(PreparationEvent::ReleaseEnded(Some(exited(3))), at(4));
        let info = record.release.clone().unwrap();
        assert_eq!((info.exit_code, info.state), (Some(3), BatchJobReleaseTaskState::Completed));
        assert_eq!(info.result, Some(BatchTaskExecutionResult::Failure));
        let mut lost = record.clone();
        lost.step(PreparationEvent::ReleaseStarted, at(5));
        lost.step(PreparationEvent::ReleaseEnded(None), at(6));
        assert!(lost.awaits_release(), "it runs again");
    }
}
