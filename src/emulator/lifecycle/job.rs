//! The life of a job: active ⇄ disabled, → terminating → completed, → deleting → gone.

use crate::batch::model::{
    BatchJobExecutionInfo, BatchJobSchedulingError, BatchJobState, DisableBatchJobOption,
};
use crate::batch::{DateTime, ErrorCode};
use crate::emulator::store::JobRecord;

/// Something that happens to a job.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum JobEvent {
    /// A user disables it.
    Disable(DisableBatchJobOption),
    /// A user enables it.
    Enable,
    /// A user, its tasks or its time end it.
    Terminate { reason: String },
    /// The service can't make the pool that it is to have.
    Unschedulable(BatchJobSchedulingError),
    /// A user deletes it.
    Delete,
    /// Nothing of it takes place on any node any more, and its change of state has taken its time.
    Settled,
}

/// What follows for others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JobEffect {
    /// Its running tasks go back in the queue.
    RequeueTasks,
    /// Its running tasks are ended for good.
    TerminateTasks,
    /// Look at it again once its change of state has taken its time.
    LookAgain,
    /// Its tasks may run.
    Schedule,
    /// Its folders are to be removed, then itself.
    Remove,
}

impl JobRecord {
    /// What becomes of the job. Whether a user may ask for it is checked before, by the functions below.
    pub(crate) fn step(&mut self, event: JobEvent, now: DateTime) -> Vec<JobEffect> {
        match (event, self.state()) {
            (JobEvent::Disable(option), BatchJobState::Active | BatchJobState::Disabling) => {
                self.enter(BatchJobState::Disabling, now);
                match option {
                    DisableBatchJobOption::Wait => vec![JobEffect::LookAgain],
                    DisableBatchJobOption::Terminate => vec![JobEffect::TerminateTasks, JobEffect::LookAgain],
                    _ => vec![JobEffect::RequeueTasks, JobEffect::LookAgain],
                }
            }
            (JobEvent::Enable, BatchJobState::Disabled) => {
                self.enter(BatchJobState::Enabling, now);
                vec![JobEffect::LookAgain]
            }
            (
                JobEvent::Terminate { reason },
                BatchJobState::Active
                | BatchJobState::Disabling
                | BatchJobState::Disabled
                | BatchJobState::Enabling,
            ) => {
                self.execution(now).terminate_reason = Some(reason);
                self.enter(BatchJobState::Terminating, now);
                vec![JobEffect::TerminateTasks, JobEffect::LookAgain]
            }
            (JobEvent::Unschedulable(error), BatchJobState::Active) => {
                self.execution(now).scheduling_error = Some(error);
                self.enter(BatchJobState::Terminating, now);
                vec![JobEffect::TerminateTasks, JobEffect::LookAgain]
            }
            (JobEvent::Delete, state) if state != BatchJobState::Deleting => {
                self.enter(BatchJobState::Deleting, now);
                vec![JobEffect::TerminateTasks, JobEffect::LookAgain]
            }
            (JobEvent::Settled, BatchJobState::Disabling) => {
                self.enter(BatchJobState::Disabled, now);
                vec![]
            }
            (JobEvent::Settled, BatchJobState::Enabling) => {
                self.enter(BatchJobState::Active, now);
                // Its tasks may all have completed while it was disabled.
                vec![JobEffect::Schedule, JobEffect::LookAgain]
            }
            (JobEvent::Settled, BatchJobState::Terminating) => {
                self.execution(now).end_time = Some(now);
                self.enter(BatchJobState::Completed, now);
                vec![]
            }
            (JobEvent::Settled, BatchJobState::Deleting) => vec![JobEffect::Remove],
            _ => vec![],
        }
    }

    /// When its time is up.
    pub(crate) fn deadline(&self) -> Option<DateTime> {
        let limit = self.job.constraints.as_ref()?.max_wall_clock_time?.limit()?;
        let start = self.job.execution_info.as_ref()?.start_time;
        start.0.checked_add(limit).ok().map(DateTime)
    }

    fn execution(&mut self, now: DateTime) -> &mut BatchJobExecutionInfo {
        let start_time = self.job.creation_time.unwrap_or(now);
        self.job.execution_info.get_or_insert(BatchJobExecutionInfo {
            start_time,
            end_time: None,
            pool_id: None,
            scheduling_error: None,
            terminate_reason: None,
        })
    }

    fn enter(&mut self, state: BatchJobState, now: DateTime) {
        if self.job.state.as_ref() != Some(&state) {
            self.job.previous_state = self.job.state.replace(state);
            self.job.previous_state_transition_time = self.job.state_transition_time.replace(now);
        }
    }
}

/// The refusal of whatever needs a job that is not on its way out.
fn refuse_ending(state: &BatchJobState) -> Result<(), ErrorCode> {
    match state {
        BatchJobState::Terminating => Err(ErrorCode::JOB_BEING_TERMINATED),
        BatchJobState::Completed => Err(ErrorCode::JOB_COMPLETED),
        BatchJobState::Deleting => Err(ErrorCode::JOB_BEING_DELETED),
        _ => Ok(()),
    }
}

/// Whether tasks may be added to the job, ended or run again.
pub(crate) fn may_take_tasks(state: &BatchJobState) -> Result<(), ErrorCode> {
    refuse_ending(state)
}

/// Whether the job's properties may be changed.
pub(crate) fn may_change_job(state: &BatchJobState) -> Result<(), ErrorCode> {
    refuse_ending(state)
}

/// Whether the job may be ended.
pub(crate) fn may_terminate_job(state: &BatchJobState) -> Result<(), ErrorCode> {
    refuse_ending(state)
}

/// Whether the job may be disabled.
pub(crate) fn may_disable_job(state: &BatchJobState) -> Result<(), ErrorCode> {
    refuse_ending(state)?;
    match state {
        BatchJobState::Active | BatchJobState::Disabling | BatchJobState::Disabled => Ok(()),
        _ => Err(ErrorCode::OPERATION_INVALID_FOR_CURRENT_STATE),
    }
}

/// Whether the job may be enabled.
pub(crate) fn may_enable_job(state: &BatchJobState) -> Result<(), ErrorCode> {
    refuse_ending(state)?;
    match state {
        BatchJobState::Disabled => Ok(()),
        _ => Err(ErrorCode::OPERATION_INVALID_FOR_CURRENT_STATE),
    }
}

/// Whether the job may be deleted.
pub(crate) fn may_delete_job(state: &BatchJobState) -> Result<(), ErrorCode> {
    if *state == BatchJobState::Deleting { Err(ErrorCode::JOB_BEING_DELETED) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::emulator::store::JobRow;

    fn at(second: i64) -> DateTime {
        DateTime(jiff::Timestamp::from_second(second).unwrap())
    }

    fn job() -> JobRecord {
        let job = json!({"id": "j", "state": "active", "stateTransitionTime": at(0), "creationTime": at(0),
            "executionInfo": {"startTime": at(0)}, "constraints": {"maxWallClockTime": "PT1H"}});
        JobRecord { row: JobRow(1), job: serde_json::from_value(job).unwrap() }
    }

    fn terminate(job: &mut JobRecord) -> Vec<JobEffect> {
        job.step(JobEvent::Terminate { reason: "UserTerminate".to_owned() }, at(1))
    }

    #[test]
    fn a_job_is_disabled_and_enabled_again() {
        let mut job = job();
        let effects = job.step(JobEvent::Disable(DisableBatchJobOption::Requeue), at(1));
        assert_eq!(effects, [JobEffect::RequeueTasks, JobEffect::LookAgain]);
        assert_eq!(job.state(), BatchJobState::Disabling);
        assert!(job.step(JobEvent::Settled, at(2)).is_empty());
        assert_eq!(job.state(), BatchJobState::Disabled);
        assert_eq!(job.job.previous_state, Some(BatchJobState::Disabling));
        assert_eq!(job.job.previous_state_transition_time, Some(at(1)));
        assert_eq!(job.step(JobEvent::Enable, at(3)), [JobEffect::LookAgain]);
        assert_eq!(job.step(JobEvent::Settled, at(4)), [JobEffect::Schedule, JobEffect::LookAgain]);
        assert_eq!(job.state(), BatchJobState::Active);
    }

    #[test]
    fn a_terminated_job_ends_its_tasks_and_says_why() {
        let mut job = job();
        assert_eq!(terminate(&mut job), [JobEffect::TerminateTasks, JobEffect::LookAgain]);
        assert!(terminate(&mut job).is_empty(), "it ends once");
        job.step(JobEvent::Settled, at(2));
        let execution = job.job.execution_info.clone().unwrap();
        assert_eq!(job.state(), BatchJobState::Completed);
        assert_eq!(execution.terminate_reason.as_deref(), Some("UserTerminate"));
        assert_eq!((execution.start_time, execution.end_time), (at(0), Some(at(2))));
        assert_eq!(job.deadline(), Some(at(3_600)));
    }

    #[test]
    fn a_deleted_job_is_removed_once_nothing_of_it_runs() {
        let mut job = job();
        terminate(&mut job);
        assert_eq!(job.step(JobEvent::Delete, at(2)), [JobEffect::TerminateTasks, JobEffect::LookAgain]);
        assert!(job.step(JobEvent::Delete, at(2)).is_empty());
        assert_eq!(job.step(JobEvent::Settled, at(3)), [JobEffect::Remove]);
    }

    #[test]
    fn what_users_may_ask_for_depends_on_the_state() {
        use BatchJobState::*;
        for (state, change, disable, enable, delete) in [
            (Active, None, None, Some("OperationInvalidForCurrentState"), None),
            (Disabled, None, None, None, None),
            (
                Terminating,
                Some("JobBeingTerminated"),
                Some("JobBeingTerminated"),
                Some("JobBeingTerminated"),
                None,
            ),
            (Completed, Some("JobCompleted"), Some("JobCompleted"), Some("JobCompleted"), None),
            (
                Deleting,
                Some("JobBeingDeleted"),
                Some("JobBeingDeleted"),
                Some("JobBeingDeleted"),
                Some("JobBeingDeleted"),
            ),
        ] {
            let name = |result: Result<(), ErrorCode>| result.err().map(|code| code.name);
            assert_eq!(name(may_change_job(&state)), change, "{state}");
            assert_eq!(name(may_take_tasks(&state)), change, "{state}");
            assert_eq!(name(may_terminate_job(&state)), change, "{state}");
            assert_eq!(name(may_disable_job(&state)), disable, "{state}");
            assert_eq!(name(may_enable_job(&state)), enable, "{state}");
            assert_eq!(name(may_delete_job(&state)), delete, "{state}");
        }
    }
}
