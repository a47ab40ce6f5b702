//! Tasks: added, ended, run again, deleted.

use super::unit::new_e_tag;
use super::{Failure, Unit};
use crate::batch::model::{BatchTaskCreateOptions, BatchTaskReplaceOptions};
use crate::batch::{Conditions, ErrorCode, JobId, TaskId};
use crate::emulator::lifecycle::{
    TaskEvent, may_change_task, may_reactivate_task, may_take_tasks, may_terminate_task,
};
use crate::emulator::refusal::Refusal;
use crate::emulator::store::{JobRecord, TaskLife, TaskRecord, TaskRow, Version, dependencies};
use crate::emulator::{admission, conditions, defaults};

/// What became of one task of a collection.
pub(crate) type TaskAdded = (TaskId, Result<Version, Refusal>);

impl Unit<'_> {
    /// Adds a task.
    pub(crate) fn create_task(
        &mut self,
        job: &JobId,
        task: BatchTaskCreateOptions,
    ) -> Result<Version, Failure> {
        let job = self.job_for_tasks(job)?;
        let version = self.add_task(&job, task)?;
        self.schedule_job(&job)?;
        Ok(version)
    }

    /// Adds tasks, each of which has a fate of its own. The outer error is that of the job.
    pub(crate) fn create_tasks(
        &mut self,
        job: &JobId,
        tasks: Vec<BatchTaskCreateOptions>,
    ) -> Result<Vec<TaskAdded>, Failure> {
        let job = self.job_for_tasks(job)?;
        let mut results = Vec::with_capacity(tasks.len());
        for task in tasks {
            let id = task.id.clone();
            let result = match admission::task(&task) {
                Err(error) => Err(error),
                Ok(()) => match self.add_task(&job, task) {
                    Ok(version) => Ok(version),
                    Err(Failure::Refused(error)) => Err(error),
                    Err(failure) => return Err(failure),
                },
            };
            results.push((id, result));
        }
        self.schedule_job(&job)?;
        Ok(results)
    }

    /// Nothing is written for a task that is refused.
    pub(super) fn add_task(
        &mut self,
        job: &JobRecord,
        task: BatchTaskCreateOptions,
    ) -> Result<Version, Failure> {
        let depends = task.depends_on.clone().filter(|on| {
            on.task_ids.as_ref().is_some_and(|ids| !ids.is_empty())
                || on.task_id_ranges.as_ref().is_some_and(|ranges| !ranges.is_empty())
        });
        if depends.is_some() && job.job.uses_task_dependencies != Some(true) {
            return Err(ErrorCode::TASK_DEPENDENCIES_NOT_SPECIFIED_ON_JOB.into());
        }
        admission::task_id(&task.id, &job.job)?;
        admission::exit_actions(&task, &job.job)?;
        let mut record = TaskRecord {
            row: TaskRow::default(),
            job: job.row,
            definition: defaults::task(task, &job.job),
            life: TaskLife::new(new_e_tag(), self.now),
        };
        if !self.tasks().insert(&mut record)? {
            return Err(ErrorCode::TASK_EXISTS.into());
        }
        if let Some(on) = depends {
            dependencies::add(self.store, &record, &on)?;
        }
        Ok(record.life.version())
    }

    /// Replaces the constraints of a task that has not completed; a run that is under way goes by the old ones.
    pub(crate) fn replace_task(
        &mut self,
        job: &JobId,
        task: &TaskId,
        options: BatchTaskReplaceOptions,
        conditions: &Conditions,
    ) -> Result<Version, Failure> {
        let job = self.job_for_tasks(job)?;
        let mut task = self.task(&job, task, conditions)?;
        may_change_task(&task.life)?;
        task.definition.constraints = Some(defaults::task_constraints(options.constraints, &job.job));
        task.life.e_tag = new_e_tag();
        task.life.replaced = Some(self.now);
        self.tasks().save_definition(&task)?;
        Ok(task.life.version())
    }

    /// Ends a task.
    pub(crate) fn terminate_task(
        &mut self,
        job: &JobId,
        task: &TaskId,
        conditions: &Conditions,
    ) -> Result<Version, Failure> {
        let job = self.job_for_tasks(job)?;
        let mut task = self.task(&job, task, conditions)?;
        may_terminate_task(&task.life)?;
        let run = task.life.run;
        let action = self.task_event(&mut task, TaskEvent::Terminated)?;
        if let Some(run) = run {
            self.stop_run(run)?;
        }
        self.stop_instances(&task, run)?;
        self.job_changed(job.row);
        self.act_on_job(job.row, action)?;
        Ok(task.life.version())
    }

    /// Runs a failed task again.
    pub(crate) fn reactivate_task(
        &mut self,
        job: &JobId,
        task: &TaskId,
        conditions: &Conditions,
    ) -> Result<Version, Failure> {
        let job = self.job_for_tasks(job)?;
        let mut task = self.task(&job, task, conditions)?;
        may_reactivate_task(&task.life)?;
        task.life.step(TaskEvent::Reactivated, self.now);
        self.tasks().save_life(&task)?;
        self.schedule_job(&job)?;
        Ok(task.life.version())
    }

    /// Deletes a task. It is gone at once; its process and its folder go as soon as its node can.
    pub(crate) fn delete_task(
        &mut self,
        job: &JobId,
        task: &TaskId,
        conditions: &Conditions,
    ) -> Result<(), Failure> {
        let job = self.job(job)?;
        let task = self.task(&job, task, conditions)?;
        if task.life.run.is_some() {
            for run in self.runs().of_task(job.row, &task.definition.id.key())? {
                self.stop_run(run.row)?;
            }
        }
        if self.runs().orphan(&task)? == 0 {
            self.clean_ended(&task)?;
        }
        self.tasks().delete(task.row)?;
        self.job_changed(job.row);
        Ok(())
    }

    fn job_for_tasks(&self, job: &JobId) -> Result<JobRecord, Failure> {
        let job = self.job(job)?;
        may_take_tasks(&job.state())?;
        Ok(job)
    }

    fn task(&self, job: &JobRecord, id: &TaskId, conditions: &Conditions) -> Result<TaskRecord, Failure> {
        let task = self.tasks().find(job.row, id)?.ok_or(ErrorCode::TASK_NOT_FOUND)?;
        conditions::check_write(conditions, &task.life.version())?;
        Ok(task)
    }
}
