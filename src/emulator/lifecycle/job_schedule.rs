//! The life of a job schedule: active ⇄ disabled, → terminating → completed, → deleting → gone; and when it makes jobs.
//!
//! The rules are those of the REST reference: at most one job of a schedule is active at a time. A job that is due while the one
//! before still runs is made when that ends, if its start window has not passed and the next one is not due yet.

use std::time::Duration;

use crate::batch::model::{
    BatchJobScheduleConfiguration, BatchJobScheduleExecutionInfo, BatchJobScheduleState,
};
use crate::batch::{DateTime, ErrorCode};
use crate::emulator::store::JobScheduleRecord;

/// Something that happens to a job schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JobScheduleEvent {
    /// A user disables it.
    Disable,
    /// A user enables it.
    Enable,
    /// A user ends it.
    Terminate,
    /// A user deletes it.
    Delete,
    /// Its jobs have changed, or its time has come.
    Look(ScheduledJobs),
}

/// What is left of the jobs of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScheduledJobs {
    /// None.
    None,
    /// All have completed.
    Completed,
    /// One has not completed.
    Active,
}

/// What follows for others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JobScheduleEffect {
    /// Its next job is made.
    MakeJob,
    /// Look at it again at that time.
    WaitUntil(DateTime),
    /// Look at it again once its change of state has taken its time.
    LookAgain,
    /// Its active job ends.
    TerminateJobs,
    /// Its jobs are deleted.
    DeleteJobs,
    /// It is to be removed.
    Remove,
}

use BatchJobScheduleState::{Active, Completed, Deleting, Disabled, Terminating};
use JobScheduleEffect::{DeleteJobs, LookAgain, MakeJob, Remove, TerminateJobs, WaitUntil};

impl JobScheduleRecord {
    /// What becomes of the schedule. Whether a user may ask for it is checked before, by the functions below.
    pub(crate) fn step(&mut self, event: JobScheduleEvent, now: DateTime) -> Vec<JobScheduleEffect> {
        match (event, self.state()) {
            (JobScheduleEvent::Disable, Active) => {
                self.enter(Disabled, now);
                vec![]
            }
            (JobScheduleEvent::Enable, Disabled) => {
                self.enter(Active, now);
                vec![LookAgain]
            }
            (JobScheduleEvent::Terminate, Active | Disabled) => self.terminate(now),
            (JobScheduleEvent::Delete, state) if state != Deleting => {
                self.execution().next_run_time = None;
                self.enter(Deleting, now);
                vec![DeleteJobs, LookAgain]
            }
            (JobScheduleEvent::Look(jobs), Active) => self.look_when_active(jobs, now),
            (JobScheduleEvent::Look(jobs), Terminating) if jobs != ScheduledJobs::Active => {
                self.execution().end_time = Some(now);
                self.enter(Completed, now);
                vec![]
            }
            (JobScheduleEvent::Look(ScheduledJobs::None), Deleting) => vec![Remove],
            _ => vec![],
        }
    }

    /// Sets when jobs are made. What is the same as before changes nothing; anything else counts from now on, and a schedule
    /// without recurrence makes one more job.
    pub(crate) fn plan(&mut self, configuration: BatchJobScheduleConfiguration, now: DateTime) {
        if self.schedule.schedule.as_ref() == Some(&configuration) && self.schedule.execution_info.is_some() {
            return;
        }
        let last = self.schedule.schedule.as_ref().and_then(|before| {
            let next = self.schedule.execution_info.as_ref()?.next_run_time?;
            before_by(next, interval(before)?).filter(|_| self.jobs_made > 0)
        });
        let begin = configuration.do_not_run_until;
        let next = match (last, interval(&configuration)) {
            (Some(last), Some(interval)) => after_by(last, interval).max(begin),
            _ => begin.or(Some(now)),
        };
        self.schedule.schedule = Some(configuration);
        self.execution().next_run_time = next;
    }

    fn look_when_active(&mut self, jobs: ScheduledJobs, now: DateTime) -> Vec<JobScheduleEffect> {
        let next = self.next_run(now);
        self.execution().next_run_time = next;
        let has_active_job = jobs == ScheduledJobs::Active;
        match next {
            None if has_active_job => vec![],
            None => self.terminate(now),
            Some(next) if next > now => vec![WaitUntil(next)],
            Some(_) if has_active_job => vec![],
            Some(due) => {
                let configuration = self.schedule.schedule.clone().unwrap_or_default();
                let next = interval(&configuration).and_then(|interval| after_by(due, interval));
                let next = next.filter(|next| configuration.do_not_run_after.is_none_or(|end| *next <= end));
                self.execution().next_run_time = next;
                self.jobs_made += 1;
                std::iter::once(MakeJob).chain(next.map(WaitUntil)).collect()
            }
        }
    }

    /// The occasion that counts: the last one that has come, if its start window has not passed, or else the next one.
    fn next_run(&self, now: DateTime) -> Option<DateTime> {
        let configuration = self.schedule.schedule.as_ref()?;
        let mut next = self.schedule.execution_info.as_ref()?.next_run_time?;
        let interval = interval(configuration);
        if let Some(interval) = interval
            && let Ok(late) = Duration::try_from(next.0.duration_until(now.0))
        {
            let passed = u32::try_from(late.as_nanos() / interval.as_nanos()).unwrap_or(u32::MAX);
            next = after_by(next, interval.saturating_mul(passed))?;
        }
        let window = configuration.start_window.and_then(|window| window.limit());
        if window.and_then(|window| after_by(next, window)).is_some_and(|end| end < now) {
            next = after_by(next, interval?)?;
        }
        let end = configuration.do_not_run_after;
        end.is_none_or(|end| next.max(now) <= end).then_some(next)
    }

    fn terminate(&mut self, now: DateTime) -> Vec<JobScheduleEffect> {
        self.execution().next_run_time = None;
        self.enter(Terminating, now);
        vec![TerminateJobs, LookAgain]
    }

    fn execution(&mut self) -> &mut BatchJobScheduleExecutionInfo {
        self.schedule.execution_info.get_or_insert_default()
    }

    fn enter(&mut self, state: BatchJobScheduleState, now: DateTime) {
        let schedule = &mut self.schedule;
        schedule.previous_state = schedule.state.replace(state);
        schedule.previous_state_transition_time = schedule.state_transition_time.replace(now);
    }
}

fn interval(configuration: &BatchJobScheduleConfiguration) -> Option<Duration> {
    configuration.recurrence_interval?.limit().filter(|interval| !interval.is_zero())
}

fn after_by(time: DateTime, by: Duration) -> Option<DateTime> {
    time.0.checked_add(by).ok().map(DateTime)
}

fn before_by(time: DateTime, by: Duration) -> Option<DateTime> {
    time.0.checked_sub(by).ok().map(DateTime)
}

/// Whether the schedule may be changed, disabled, enabled or ended.
pub(crate) fn may_change_schedule(state: &BatchJobScheduleState) -> Result<(), ErrorCode> {
    match state {
        Terminating => Err(ErrorCode::JOB_SCHEDULE_BEING_TERMINATED),
        Completed => Err(ErrorCode::JOB_SCHEDULE_COMPLETED),
        Deleting => Err(ErrorCode::JOB_SCHEDULE_BEING_DELETED),
        _ => Ok(()),
    }
}

/// Whether the schedule may be deleted.
pub(crate) fn may_delete_schedule(state: &BatchJobScheduleState) -> Result<(), ErrorCode> {
    if *state == Deleting { Err(ErrorCode::JOB_SCHEDULE_BEING_DELETED) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::emulator::store::JobScheduleRow;

    fn at(minute: i64) -> DateTime {
        DateTime(jiff::Timestamp::from_second(minute * 60).unwrap())
    }

    fn configuration(value: Value) -> BatchJobScheduleConfiguration {
        serde_json::from_value(value).unwrap()
    }

    fn schedule(when: Value) -> JobScheduleRecord {
        let schedule = serde_json::from_value(json!({"id": "s", "state": "active"})).unwrap();
        let mut record =
            JobScheduleRecord { row: JobScheduleRow(1), schedule, jobs_made: 0, turn: 0, auto_pool: None };
        record.plan(configuration(when), at(0));
        record
    }

    fn look(record: &mut JobScheduleRecord, jobs: ScheduledJobs, minute: i64) -> Vec<JobScheduleEffect> {
        record.step(JobScheduleEvent::Look(jobs), at(minute))
    }

    fn next(record: &JobScheduleRecord) -> Option<DateTime> {
        record.schedule.execution_info.as_ref().unwrap().next_run_time
    }

    #[test]
    fn a_schedule_that_repeats_makes_a_job_at_every_occasion() {
        let mut record = schedule(json!({"recurrenceInterval": "PT10M"}));
        assert_eq!(look(&mut record, ScheduledJobs::None, 0), [MakeJob, WaitUntil(at(10))]);
        assert_eq!(look(&mut record, ScheduledJobs::Completed, 5), [WaitUntil(at(10))]);
        assert_eq!(look(&mut record, ScheduledJobs::Completed, 10), [MakeJob, WaitUntil(at(20))]);
        assert_eq!(record.jobs_made, 2);
    }

    #[test]
    fn occasions_keep_their_rhythm_however_late_they_are_seen() {
        let mut record = schedule(json!({"recurrenceInterval": "PT10M"}));
        look(&mut record, ScheduledJobs::None, 0);
        // The one at 10, 20 and 30 are one: a job that is due is not carried forward into the next interval.
        assert_eq!(look(&mut record, ScheduledJobs::Completed, 34), [MakeJob, WaitUntil(at(40))]);
        assert_eq!(record.jobs_made, 2);
    }

    #[test]
    fn a_job_waits_for_the_one_before_as_long_as_its_window_is_open() {
        let mut record = schedule(json!({"recurrenceInterval": "PT10M", "startWindow": "PT3M"}));
        look(&mut record, ScheduledJobs::None, 0);
        assert_eq!(look(&mut record, ScheduledJobs::Active, 10), []);
        assert_eq!(look(&mut record, ScheduledJobs::Completed, 12), [MakeJob, WaitUntil(at(20))]);
        assert_eq!(look(&mut record, ScheduledJobs::Active, 20), []);
        assert_eq!(look(&mut record, ScheduledJobs::Completed, 24), [WaitUntil(at(30))], "that one is lost");
        assert_eq!(record.jobs_made, 2);
    }

    #[test]
    fn a_schedule_without_recurrence_ends_with_its_job() {
        let mut record = schedule(json!({"doNotRunUntil": at(7)}));
        assert_eq!(look(&mut record, ScheduledJobs::None, 0), [WaitUntil(at(7))]);
        assert_eq!(look(&mut record, ScheduledJobs::None, 7), [MakeJob]);
        assert_eq!(look(&mut record, ScheduledJobs::Active, 8), []);
        assert_eq!(look(&mut record, ScheduledJobs::Completed, 9), [TerminateJobs, LookAgain]);
        assert_eq!(record.state(), Terminating);
        assert!(look(&mut record, ScheduledJobs::Completed, 9).is_empty());
        assert_eq!(record.state(), Completed);
        assert_eq!(record.schedule.execution_info.clone().unwrap().end_time, Some(at(9)));
        assert_eq!(record.schedule.previous_state, Some(Terminating));
    }

    #[test]
    fn no_job_is_made_after_the_end_and_the_schedule_ends_with_the_last() {
        let mut record = schedule(json!({"recurrenceInterval": "PT10M", "doNotRunAfter": at(15)}));
        look(&mut record, ScheduledJobs::None, 0);
        assert_eq!(look(&mut record, ScheduledJobs::Active, 10), [], "the first one still runs");
        assert_eq!(look(&mut record, ScheduledJobs::Completed, 16), [TerminateJobs, LookAgain]);
        assert_eq!(record.jobs_made, 1);
        let mut missed = schedule(json!({"startWindow": "PT1M"}));
        assert_eq!(look(&mut missed, ScheduledJobs::None, 2), [TerminateJobs, LookAgain]);
        assert_eq!(missed.jobs_made, 0);
    }

    #[test]
    fn a_disabled_schedule_makes_no_job_until_it_is_enabled() {
        let mut record = schedule(json!({"recurrenceInterval": "PT10M"}));
        look(&mut record, ScheduledJobs::None, 0);
        assert!(record.step(JobScheduleEvent::Disable, at(1)).is_empty());
        assert!(look(&mut record, ScheduledJobs::Completed, 10).is_empty());
        assert_eq!(next(&record), Some(at(10)), "the time is still known");
        assert_eq!(record.step(JobScheduleEvent::Enable, at(12)), [LookAgain]);
        assert_eq!(look(&mut record, ScheduledJobs::Completed, 12), [MakeJob, WaitUntil(at(20))]);
    }

    #[test]
    fn a_terminated_schedule_waits_for_its_job_and_a_deleted_one_for_all() {
        let mut record = schedule(json!({"recurrenceInterval": "PT10M"}));
        look(&mut record, ScheduledJobs::None, 0);
        assert_eq!(record.step(JobScheduleEvent::Terminate, at(1)), [TerminateJobs, LookAgain]);
        assert!(look(&mut record, ScheduledJobs::Active, 10).is_empty());
        assert_eq!(record.state(), Terminating);
        assert_eq!(record.step(JobScheduleEvent::Delete, at(11)), [DeleteJobs, LookAgain]);
        assert!(look(&mut record, ScheduledJobs::Completed, 11).is_empty());
        assert_eq!(look(&mut record, ScheduledJobs::None, 12), [Remove]);
    }

    #[test]
    fn a_new_recurrence_counts_from_the_last_job_and_the_same_one_changes_nothing() {
        let mut record = schedule(json!({"recurrenceInterval": "PT10M"}));
        look(&mut record, ScheduledJobs::None, 0);
        record.plan(configuration(json!({"recurrenceInterval": "PT10M"})), at(3));
        assert_eq!(next(&record), Some(at(10)));
        record.plan(configuration(json!({"recurrenceInterval": "PT30M"})), at(3));
        assert_eq!(next(&record), Some(at(30)));
        record.plan(configuration(json!({"recurrenceInterval": "PT5M", "doNotRunUntil": at(60)})), at(3));
        assert_eq!(next(&record), Some(at(60)));
        record.plan(configuration(json!({})), at(4));
        assert_eq!(next(&record), Some(at(4)), "without recurrence, one job at once");
    }

    #[test]
    fn what_users_may_ask_for_depends_on_the_state() {
        let name = |result: Result<(), ErrorCode>| result.err().map(|code| code.name);
        for (state, change, delete) in [
            (Active, None, None),
            (Disabled, None, None),
            (Terminating, Some("JobScheduleBeingTerminated"), None),
            (Completed, Some("JobScheduleCompleted"), None),
            (Deleting, Some("JobScheduleBeingDeleted"), Some("JobScheduleBeingDeleted")),
        ] {
            assert_eq!(name(may_change_schedule(&state)), change, "{state}");
            assert_eq!(name(may_delete_schedule(&state)), delete, "{state}");
        }
    }
}
