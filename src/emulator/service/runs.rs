//! Runs: how they end, and how tasks are taken off their nodes.

use super::{Failure, Unit};
use crate::batch::model::{
    BatchJobActionKind, BatchJobState, BatchTaskFailureMode, BatchTaskState, DisableBatchJobOption,
};
use crate::batch::{ExitConsequences, TaskId};
use crate::emulator::effect::Effect;
use crate::emulator::lifecycle::{JobEvent, Requeue, TaskEvent};
use crate::emulator::store::{JobRow, RunRecord, RunRow, RunStage, TaskRecord, dependencies};
use crate::node::{TaskOutcome, TaskRole};

impl Unit<'_> {
    /// A run has ended; without an outcome its task goes back in the queue, as from a node that was lost.
    pub(super) fn run_ended(&mut self, row: RunRow, outcome: Option<TaskOutcome>) -> Result<(), Failure> {
        let Some(run) = self.runs().get(row)? else { return Ok(()) };
        self.node_changed(run.node);
        self.job_changed(run.job);
        match run.role {
            TaskRole::Task => {}
            TaskRole::Preparation => return self.preparation_ended(&run, outcome),
            TaskRole::Release => return self.release_ended(&run, outcome),
        }
        self.note_end(&run, outcome.as_ref())?;
        let mut action = None;
        if run.stage == RunStage::Running && run.orphan.is_none() {
            action = self.end_task(&run, outcome)?;
        }
        match &run.orphan {
            Some(task) => self.clean_after(&run, task.id.clone())?,
            None => self.runs().delete(row)?,
        }
        self.act_on_job(run.job, action)
    }

    /// Ends the task of a run; the answer is what its end asks of its job.
    fn end_task(
        &mut self,
        run: &RunRecord,
        outcome: Option<TaskOutcome>,
    ) -> Result<Option<BatchJobActionKind>, Failure> {
        let Some(mut task) = self.tasks().find_key(run.job, &run.task_key)? else { return Ok(None) };
        if !self.belongs(run, &task)? {
            return Ok(None);
        }
        let outcome = self.outcome_for_task(run, &task, outcome)?;
        let max_retries = task.definition.constraints.as_ref().and_then(|limits| limits.max_task_retry_count);
        let has_ended = outcome.is_some();
        let event = match outcome {
            Some(outcome) => TaskEvent::Ended { outcome, max_retries: max_retries.unwrap_or_default() },
            None => TaskEvent::Requeued(Requeue::Recovery),
        };
        let action = self.task_event(&mut task, event)?;
        let others = self.stop_instances(&task, Some(run.row))?;
        if has_ended {
            for node in [run.node].into_iter().chain(others) {
                self.nodes().count_run(node, task.life.has_succeeded())?;
            }
        }
        Ok(action)
    }

    /// Lets something happen to a task and writes it back. If that is its end, the tasks learn of it that depend on it, and the
    /// answer is what it asks of its job.
    pub(super) fn task_event(
        &mut self,
        task: &mut TaskRecord,
        event: TaskEvent,
    ) -> Result<Option<BatchJobActionKind>, Failure> {
        task.life.step(event, self.now);
        if task.life.state != BatchTaskState::Completed {
            self.tasks().save_life(task)?;
            return Ok(None);
        }
        let consequences =
            ExitConsequences::of(task.definition.exit_conditions.as_ref(), &task.life.execution);
        task.life.satisfies = consequences.satisfies;
        self.tasks().save_life(task)?;
        if consequences.satisfies {
            dependencies::satisfy(self.store, task)?;
        }
        Ok(Some(consequences.job))
    }

    /// Does to an active job what the end of one of its tasks asks for, if the job acts on that.
    pub(super) fn act_on_job(
        &mut self,
        job: JobRow,
        action: Option<BatchJobActionKind>,
    ) -> Result<(), Failure> {
        let event = match action {
            Some(BatchJobActionKind::Disable) => JobEvent::Disable(DisableBatchJobOption::Requeue),
            Some(BatchJobActionKind::Terminate) => JobEvent::Terminate { reason: "TaskFailed".to_owned() },
            _ => return Ok(()),
        };
        let Some(mut record) = self.jobs().get(job)? else { return Ok(()) };
        let acts = record.job.on_task_failure == Some(BatchTaskFailureMode::PerformExitOptionsJobAction);
        if acts && record.state() == BatchJobState::Active {
            self.job_event(&mut record, event)?;
        }
        Ok(())
    }

    /// Takes a task off its node: what becomes of the task is known at once, the node ends its process meanwhile.
    pub(super) fn take_off(&mut self, run: &RunRecord, event: TaskEvent) -> Result<(), Failure> {
        match (run.stage, run.role) {
            (RunStage::Preparing | RunStage::Running, TaskRole::Task) => {}
            (RunStage::Running, _) => return self.take_off_beside(run),
            _ => return Ok(()),
        }
        let mut action = None;
        if let Some(mut task) = self.tasks().find_key(run.job, &run.task_key)?
            && self.belongs(run, &task)?
        {
            action = self.task_event(&mut task, event)?;
            self.stop_instances(&task, Some(run.row))?;
        }
        self.stop_run(run.row)?;
        self.job_changed(run.job);
        self.act_on_job(run.job, action)
    }

    /// Ends a run's process; a run that waits for its node has none.
    pub(super) fn stop_run(&mut self, run: RunRow) -> Result<(), Failure> {
        if let Some(waiting) = self.runs().get(run)?.filter(|run| run.stage == RunStage::Preparing) {
            self.node_changed(waiting.node);
            self.job_changed(waiting.job);
            return Ok(self.runs().delete(run)?);
        }
        self.runs().set_stage(run, RunStage::Stopping)?;
        self.emit(Effect::StopRun { run });
        Ok(())
    }

    /// Removes what a deleted task left on its node.
    pub(super) fn clean_after(&mut self, run: &RunRecord, task_id: TaskId) -> Result<(), Failure> {
        let (Some(job), Some(node)) = (self.jobs().get(run.job)?, self.nodes().get(run.node)?) else {
            return Ok(self.runs().delete(run.row)?);
        };
        self.runs().set_stage(run.row, RunStage::Cleaning)?;
        self.emit(Effect::CleanTask { run: run.row, node: node.address(), job_id: job.job.id, task_id });
        Ok(())
    }

    pub(super) fn task_cleaned(&mut self, row: RunRow) -> Result<(), Failure> {
        let Some(run) = self.runs().get(row)? else { return Ok(()) };
        self.node_changed(run.node);
        self.job_changed(run.job);
        Ok(self.runs().delete(row)?)
    }
}
