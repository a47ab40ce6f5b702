//! Jobs: made, changed, disabled and enabled, ended, deleted.

use std::time::Duration;

use super::auto_pools::{AutoPool, may_change_auto_pool};
use super::unit::new_e_tag;
use super::{Failure, Unit};
use crate::batch::model::{
    BatchAllTasksCompleteMode, BatchJob, BatchJobCreateOptions, BatchJobState, BatchJobUpdateOptions,
    BatchTaskState, DisableBatchJobOption,
};
use crate::batch::{Conditions, ErrorCode, JobId, JobScheduleId};
use crate::emulator::effect::{Effect, Event};
use crate::emulator::lifecycle::{
    JobEffect, JobEvent, Requeue, TaskEvent, may_change_job, may_delete_job, may_disable_job, may_enable_job,
    may_terminate_job,
};
use crate::emulator::refusal::Refusal;
use crate::emulator::store::{JobRecord, JobRow, StoreError, Version};
use crate::emulator::timing::Pause;
use crate::emulator::{conditions, defaults};
use crate::node::TaskRole;

/// How many jobs that have not completed an account may have, as new accounts of the real service.
const JOB_QUOTA: u32 = 300;

/// How much too early a pause may end: pauses and the time of day come from different clocks of the machine.
const MAX_DRIFT: Duration = Duration::from_secs(1);

impl Unit<'_> {
    /// Makes a job. Its pool need not exist yet.
    pub(crate) fn create_job(&mut self, options: BatchJobCreateOptions) -> Result<Version, Failure> {
        if let Some(existing) = self.jobs().find(&options.id)? {
            let deleting = existing.state() == BatchJobState::Deleting;
            return Err(if deleting { ErrorCode::JOB_BEING_DELETED } else { ErrorCode::JOB_EXISTS }.into());
        }
        let same = JobScheduleId::new(options.id.as_str()).map_err(StoreError::from)?;
        if self.job_schedules().find(&same)?.is_some() {
            return Err(ErrorCode::JOB_SCHEDULE_WITH_SAME_ID_EXISTS.into());
        }
        self.check_job_quota()?;
        let pool = self.pool_of_job(&options.pool_info)?;
        self.add_job(options, pool)
    }

    /// Adds a job that may be made, with its job manager task, and with the pool that was made for it or could not be.
    pub(super) fn add_job(
        &mut self,
        options: BatchJobCreateOptions,
        pool: AutoPool,
    ) -> Result<Version, Failure> {
        let mut record = JobRecord { row: JobRow::default(), job: defaults::job(options, self.now) };
        self.stamp_job(&mut record);
        let unschedulable = record.assign_auto_pool(pool);
        self.jobs().insert(&mut record)?;
        if let Some(error) = unschedulable {
            self.job_event(&mut record, JobEvent::Unschedulable(error))?;
        }
        if let Some(manager) = &record.job.job_manager_task {
            let task = manager.to_task().map_err(StoreError::from)?;
            self.add_task(&record, task)?;
            self.schedule_job(&record)?;
        }
        self.watch_job(&record);
        Ok(record.version())
    }

    /// Jobs and job schedules share a quota.
    pub(super) fn check_job_quota(&self) -> Result<(), Failure> {
        if self.jobs().count_unfinished()? < JOB_QUOTA {
            Ok(())
        } else {
            Err(ErrorCode::ACTIVE_JOB_AND_SCHEDULE_QUOTA_REACHED.into())
        }
    }

    /// Changes a job; what `update` leaves out stays as it is.
    pub(crate) fn update_job(
        &mut self,
        id: &JobId,
        update: BatchJobUpdateOptions,
        conditions: &Conditions,
    ) -> Result<Version, Failure> {
        self.change_job(id, update, conditions, defaults::update_job)
    }

    /// Replaces what can be changed of a job; what `options` leaves out becomes the default.
    pub(crate) fn replace_job(
        &mut self,
        id: &JobId,
        options: BatchJobUpdateOptions,
        conditions: &Conditions,
    ) -> Result<Version, Failure> {
        // Left out means `noaction`.
        let on_completion = options.on_all_tasks_complete.clone();
        let options = BatchJobUpdateOptions {
            on_all_tasks_complete: on_completion.or(Some(BatchAllTasksCompleteMode::NoAction)),
            ..options
        };
        self.change_job(id, options, conditions, defaults::replace_job)
    }

    fn change_job(
        &mut self,
        id: &JobId,
        update: BatchJobUpdateOptions,
        conditions: &Conditions,
        apply: fn(&mut BatchJob, BatchJobUpdateOptions),
    ) -> Result<Version, Failure> {
        let mut record = self.job_if(id, conditions, may_change_job)?;
        update.pool_info.as_ref().map_or(Ok(()), |info| may_change_auto_pool(&record, info))?;
        if let Some(pool) = update.pool_info.as_ref().and_then(|info| info.pool_id.as_ref())
            && pool.key() != record.pool_key()
            && record.state() != BatchJobState::Disabled
        {
            return Err(Failure::Refused(
                Refusal::new(ErrorCode::OPERATION_INVALID_FOR_CURRENT_STATE)
                    .with("Reason", "the pool of a job can only change while the job is disabled"),
            ));
        }
        if update.on_all_tasks_complete == Some(BatchAllTasksCompleteMode::NoAction)
            && record.job.on_all_tasks_complete == Some(BatchAllTasksCompleteMode::TerminateJob)
        {
            return Err(Failure::Refused(
                Refusal::new(ErrorCode::INVALID_PROPERTY_VALUE)
                    .with("PropertyName", "onAllTasksComplete")
                    .with("PropertyValue", "noaction")
                    .with("Reason", "once it is `terminatejob` it stays so"),
            ));
        }
        apply(&mut record.job, update);
        self.stamp_job(&mut record);
        self.jobs().save(&record)?;
        self.schedule_job(&record)?;
        self.watch_job(&record);
        Ok(record.version())
    }

    /// Keeps a job's tasks from running.
    pub(crate) fn disable_job(
        &mut self,
        id: &JobId,
        tasks: DisableBatchJobOption,
        conditions: &Conditions,
    ) -> Result<Version, Failure> {
        let record = self.job_if(id, conditions, may_disable_job)?;
        self.stamped_job_event(record, JobEvent::Disable(tasks))
    }

    /// Lets the tasks of a disabled job run again.
    pub(crate) fn enable_job(&mut self, id: &JobId, conditions: &Conditions) -> Result<Version, Failure> {
        let record = self.job_if(id, conditions, may_enable_job)?;
        self.stamped_job_event(record, JobEvent::Enable)
    }

    /// Ends a job.
    pub(crate) fn terminate_job(
        &mut self,
        id: &JobId,
        reason: Option<String>,
        conditions: &Conditions,
    ) -> Result<Version, Failure> {
        let record = self.job_if(id, conditions, may_terminate_job)?;
        let reason = reason.unwrap_or_else(|| "UserTerminate".to_owned());
        self.stamped_job_event(record, JobEvent::Terminate { reason })
    }

    /// Deletes a job with its tasks.
    pub(crate) fn delete_job(&mut self, id: &JobId, conditions: &Conditions) -> Result<(), Failure> {
        let record = self.job_if(id, conditions, may_delete_job)?;
        self.stamped_job_event(record, JobEvent::Delete).map(drop)
    }

    /// What has become of a job now that its tasks have changed, or its time has come (`due`).
    pub(super) fn look_at_job(&mut self, row: JobRow, due: bool) -> Result<(), Failure> {
        let Some(mut record) = self.jobs().get(row)? else { return Ok(()) };
        let event = match record.state() {
            BatchJobState::Active => self.end_of(&record)?,
            BatchJobState::Enabling if due => Some(JobEvent::Settled),
            _ if self.jobs().has_runs(row)? => None,
            BatchJobState::Disabling => Some(JobEvent::Settled),
            BatchJobState::Terminating | BatchJobState::Deleting => {
                self.is_released(&record)?.then_some(JobEvent::Settled)
            }
            _ => None,
        };
        match event {
            Some(event) => self.job_event(&mut record, event),
            None => {
                if due {
                    self.wait_for_deadline(&record, MAX_DRIFT);
                }
                Ok(())
            }
        }
    }

    /// Why an active job should end now, if it should.
    fn end_of(&self, record: &JobRecord) -> Result<Option<JobEvent>, Failure> {
        let terminate = |reason: &str| Some(JobEvent::Terminate { reason: reason.to_owned() });
        if record.deadline().is_some_and(|deadline| deadline <= self.now) {
            return Ok(terminate("MaxWallClockTimeExpiry"));
        }
        if self.manager_has_ended(record)? {
            return Ok(terminate("JMComplete"));
        }
        // A job without tasks counts as one whose tasks have all completed, as in the real service.
        let ends = record.job.on_all_tasks_complete == Some(BatchAllTasksCompleteMode::TerminateJob);
        if ends && !self.jobs().has_unfinished_tasks(record.row)? {
            return Ok(terminate("AllTasksComplete"));
        }
        Ok(None)
    }

    /// Whether a job that ends with its job manager task has seen that end, well or badly.
    fn manager_has_ended(&self, record: &JobRecord) -> Result<bool, Failure> {
        let manager = record.job.job_manager_task.as_ref();
        let Some(manager) = manager.filter(|task| task.kill_job_on_completion != Some(false)) else {
            return Ok(false);
        };
        let task = self.tasks().find_key(record.row, &manager.id.to_ascii_lowercase())?;
        Ok(task.is_some_and(|task| task.life.state == BatchTaskState::Completed))
    }

    fn stamped_job_event(&mut self, mut record: JobRecord, event: JobEvent) -> Result<Version, Failure> {
        self.stamp_job(&mut record);
        self.job_event(&mut record, event)?;
        Ok(record.version())
    }

    /// Lets something happen to a job, writes it back, and does what follows.
    pub(super) fn job_event(&mut self, record: &mut JobRecord, event: JobEvent) -> Result<(), Failure> {
        let effects = record.step(event, self.now);
        self.jobs().save(record)?;
        if record.state() == BatchJobState::Completed || effects.contains(&JobEffect::Remove) {
            self.end_pool_of_job(record)?;
        }
        self.job_of_schedule_changed(record)?;
        for effect in effects {
            match effect {
                JobEffect::RequeueTasks => {
                    self.take_off_all(record, &TaskEvent::Requeued(Requeue::ByUser))?;
                }
                JobEffect::TerminateTasks => self.take_off_all(record, &TaskEvent::Terminated)?,
                JobEffect::LookAgain => self.wait(Pause::JobChange, Event::JobDue { job: record.row }),
                JobEffect::Schedule => self.schedule_job(record)?,
                JobEffect::Remove => self.clean_job(record)?,
            }
        }
        Ok(())
    }

    fn take_off_all(&mut self, record: &JobRecord, event: &TaskEvent) -> Result<(), Failure> {
        // A job that is deleted while it is terminated is released all the same.
        for run in self.runs().of_job(record.row)?.iter().filter(|run| run.role != TaskRole::Release) {
            self.take_off(run, event.clone())?;
        }
        Ok(())
    }

    fn clean_job(&mut self, record: &JobRecord) -> Result<(), Failure> {
        let nodes = self.nodes().all()?.iter().map(|node| node.address()).collect();
        self.emit(Effect::CleanJob { job: record.row, job_id: record.job.id.clone(), nodes });
        Ok(())
    }

    /// A job's folders are gone, and now itself is.
    pub(super) fn job_cleaned(&mut self, row: JobRow) -> Result<(), Failure> {
        if let Some(record) = self.jobs().get(row)? {
            self.jobs().delete(row)?;
            self.job_of_schedule_changed(&record)?;
        }
        Ok(())
    }

    /// Looks at a job soon, and when its time is up.
    pub(super) fn watch_job(&mut self, record: &JobRecord) {
        self.wait(Pause::JobChange, Event::JobDue { job: record.row });
        self.wait_for_deadline(record, Duration::MAX);
    }

    /// Looks at a job again when its time is up, if that is no further away than `within`.
    fn wait_for_deadline(&mut self, record: &JobRecord, within: Duration) {
        let Some(deadline) = record.deadline() else { return };
        let Ok(pause) = Duration::try_from(self.now.0.duration_until(deadline.0)) else { return };
        if pause <= within {
            self.emit(Effect::Wait { pause, then: Event::JobDue { job: record.row } });
        }
    }

    fn job_if(
        &self,
        id: &JobId,
        conditions: &Conditions,
        may: fn(&BatchJobState) -> Result<(), ErrorCode>,
    ) -> Result<JobRecord, Failure> {
        let record = self.job(id)?;
        conditions::check_write(conditions, &record.version())?;
        may(&record.state())?;
        Ok(record)
    }

    fn stamp_job(&self, record: &mut JobRecord) {
        record.job.e_tag = Some(new_e_tag());
        record.job.last_modified = Some(self.now);
    }
}
