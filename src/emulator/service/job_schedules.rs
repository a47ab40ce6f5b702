//! Job schedules: made, changed, disabled and enabled, ended, deleted; and the jobs that they make.

use std::time::Duration;

use super::unit::new_e_tag;
use super::{Activity, Failure, Unit};
use crate::batch::model::{
    BatchJobScheduleCreateOptions, BatchJobScheduleState, BatchJobScheduleUpdateOptions, RecentBatchJob,
};
use crate::batch::{Conditions, ErrorCode, JobId, JobScheduleId};
use crate::emulator::effect::{Effect, Event};
use crate::emulator::lifecycle::{
    JobEvent, JobScheduleEffect, JobScheduleEvent, ScheduledJobs, may_change_schedule, may_delete_schedule,
};
use crate::emulator::refusal::Refusal;
use crate::emulator::store::{JobRecord, JobScheduleRecord, JobScheduleRow, StoreError, Version};
use crate::emulator::timing::Pause;
use crate::emulator::{conditions, defaults};

impl Unit<'_> {
    /// Makes a job schedule.
    pub(crate) fn create_job_schedule(
        &mut self,
        options: BatchJobScheduleCreateOptions,
    ) -> Result<Version, Failure> {
        if let Some(existing) = self.job_schedules().find(&options.id)? {
            let deleting = existing.state() == BatchJobScheduleState::Deleting;
            let code =
                if deleting { ErrorCode::JOB_SCHEDULE_BEING_DELETED } else { ErrorCode::JOB_SCHEDULE_EXISTS };
            return Err(code.into());
        }
        let same = JobId::new(options.id.as_str()).map_err(StoreError::from)?;
        if self.jobs().find(&same)?.is_some() {
            return Err(ErrorCode::JOB_WITH_SAME_ID_EXISTS.into());
        }
        self.check_job_quota()?;
        let when = options.schedule.clone();
        let schedule = defaults::job_schedule(options, self.now);
        let mut record = JobScheduleRecord {
            row: JobScheduleRow::default(),
            schedule,
            jobs_made: 0,
            turn: 0,
            auto_pool: None,
        };
        record.plan(when, self.now);
        self.stamp_job_schedule(&mut record);
        self.job_schedules().insert(&mut record)?;
        self.wait(Pause::JobChange, Event::LookAtJobSchedule { schedule: record.row });
        Ok(record.version())
    }

    /// Changes a job schedule; what `update` leaves out stays as it is.
    pub(crate) fn update_job_schedule(
        &mut self,
        id: &JobScheduleId,
        update: BatchJobScheduleUpdateOptions,
        conditions: &Conditions,
    ) -> Result<Version, Failure> {
        let mut record = self.job_schedule_if(id, conditions, may_change_schedule)?;
        if let Some(when) = update.schedule.clone() {
            record.plan(when, self.now);
        }
        defaults::update_job_schedule(&mut record.schedule, update);
        self.stamp_job_schedule(&mut record);
        self.job_schedules().save(&record)?;
        self.job_schedule_changed(record.row);
        Ok(record.version())
    }

    /// Keeps a schedule from making jobs.
    pub(crate) fn disable_job_schedule(
        &mut self,
        id: &JobScheduleId,
        conditions: &Conditions,
    ) -> Result<Version, Failure> {
        let record = self.job_schedule_if(id, conditions, may_change_schedule)?;
        self.stamped_job_schedule_event(record, JobScheduleEvent::Disable)
    }

    /// Lets a disabled schedule make jobs again.
    pub(crate) fn enable_job_schedule(
        &mut self,
        id: &JobScheduleId,
        conditions: &Conditions,
    ) -> Result<Version, Failure> {
        let record = self.job_schedule_if(id, conditions, may_change_schedule)?;
        self.stamped_job_schedule_event(record, JobScheduleEvent::Enable)
    }

    /// Ends a schedule with its active job.
    pub(crate) fn terminate_job_schedule(
        &mut self,
        id: &JobScheduleId,
        conditions: &Conditions,
    ) -> Result<Version, Failure> {
        let record = self.job_schedule_if(id, conditions, may_change_schedule)?;
        self.stamped_job_schedule_event(record, JobScheduleEvent::Terminate)
    }

    /// Deletes a schedule with its jobs.
    pub(crate) fn delete_job_schedule(
        &mut self,
        id: &JobScheduleId,
        conditions: &Conditions,
    ) -> Result<(), Failure> {
        let record = self.job_schedule_if(id, conditions, may_delete_schedule)?;
        self.stamped_job_schedule_event(record, JobScheduleEvent::Delete).map(drop)
    }

    /// What has become of a schedule now that its jobs have changed, or its time has come.
    pub(super) fn look_at_job_schedule(&mut self, row: JobScheduleRow) -> Result<(), Failure> {
        let Some(mut record) = self.job_schedules().get(row)? else { return Ok(()) };
        // Somebody who only ends what is begun begins no job.
        if record.state() == BatchJobScheduleState::Active && self.rules.activity != Activity::Running {
            return Ok(());
        }
        let jobs = match self.job_schedules().count_jobs(&record.schedule.id)? {
            (0, _) => ScheduledJobs::None,
            (_, 0) => ScheduledJobs::Completed,
            _ => ScheduledJobs::Active,
        };
        self.job_schedule_event(&mut record, JobScheduleEvent::Look(jobs))
    }

    /// A schedule's next job is due, unless a later wait has taken the place of this one: of the many looks at a schedule each
    /// begins one.
    pub(super) fn job_schedule_due(&mut self, row: JobScheduleRow, turn: u64) -> Result<(), Failure> {
        match self.job_schedules().get(row)? {
            Some(record) if record.turn == turn => self.look_at_job_schedule(row),
            _ => Ok(()),
        }
    }

    /// A job has changed that a schedule may have made.
    pub(super) fn job_of_schedule_changed(&mut self, job: &JobRecord) -> Result<(), Failure> {
        if let Some(schedule) = job.job.id.schedule()
            && let Some(row) = self.job_schedules().row_of(&schedule)?
        {
            self.job_schedule_changed(row);
        }
        Ok(())
    }

    fn stamped_job_schedule_event(
        &mut self,
        mut record: JobScheduleRecord,
        event: JobScheduleEvent,
    ) -> Result<Version, Failure> {
        self.stamp_job_schedule(&mut record);
        self.job_schedule_event(&mut record, event)?;
        Ok(record.version())
    }

    /// Lets something happen to a schedule, does what follows, and writes it back.
    fn job_schedule_event(
        &mut self,
        record: &mut JobScheduleRecord,
        event: JobScheduleEvent,
    ) -> Result<(), Failure> {
        let schedule = record.row;
        let effects = record.step(event, self.now);
        if record.state() == BatchJobScheduleState::Completed || effects.contains(&JobScheduleEffect::Remove)
        {
            self.end_pool_of_schedule(record)?;
        }
        for effect in effects {
            match effect {
                JobScheduleEffect::MakeJob => self.make_job(record)?,
                JobScheduleEffect::WaitUntil(time) => {
                    let pause = Duration::try_from(self.now.0.duration_until(time.0)).unwrap_or_default();
                    record.turn += 1;
                    let then = Event::JobScheduleDue { schedule, turn: record.turn };
                    self.emit(Effect::Wait { pause, then });
                }
                JobScheduleEffect::LookAgain => {
                    self.wait(Pause::JobChange, Event::LookAtJobSchedule { schedule });
                }
                JobScheduleEffect::TerminateJobs => self
                    .end_jobs(record, || JobEvent::Terminate { reason: "TerminateJobSchedule".to_owned() })?,
                JobScheduleEffect::DeleteJobs => self.end_jobs(record, || JobEvent::Delete)?,
                JobScheduleEffect::Remove => return Ok(self.job_schedules().delete(schedule)?),
            }
        }
        Ok(self.job_schedules().save(record)?)
    }

    /// Makes the schedule's next job.
    fn make_job(&mut self, record: &mut JobScheduleRecord) -> Result<(), Failure> {
        let id = format!("{}:job-{}", record.schedule.id, record.jobs_made);
        let Some(specification) = record.schedule.job_specification.clone() else { return Ok(()) };
        let options = specification.into_job(JobId::new(id.as_str()).map_err(StoreError::from)?);
        let shared = self.pool_of_schedule(record, &options.pool_info)?;
        self.add_job(options, shared)?;
        record.schedule.execution_info.get_or_insert_default().recent_job =
            Some(RecentBatchJob { id: Some(id), url: None });
        Ok(())
    }

    fn end_jobs(&mut self, record: &JobScheduleRecord, event: impl Fn() -> JobEvent) -> Result<(), Failure> {
        for row in self.job_schedules().jobs(&record.schedule.id)? {
            if let Some(mut job) = self.jobs().get(row)? {
                self.job_event(&mut job, event())?;
            }
        }
        Ok(())
    }

    fn job_schedule_if(
        &self,
        id: &JobScheduleId,
        conditions: &Conditions,
        may: fn(&BatchJobScheduleState) -> Result<(), ErrorCode>,
    ) -> Result<JobScheduleRecord, Failure> {
        let record = self.job_schedules().find(id)?;
        let record =
            record.ok_or_else(|| Failure::Refused(Refusal::new(ErrorCode::JOB_SCHEDULE_NOT_FOUND)))?;
        conditions::check_write(conditions, &record.version())?;
        may(&record.state())?;
        Ok(record)
    }

    fn stamp_job_schedule(&self, record: &mut JobScheduleRecord) {
        record.schedule.e_tag = Some(new_e_tag());
        record.schedule.last_modified = Some(self.now);
    }
}
