//! Runs: how they end, and how tasks are taken off their nodes.

use super::{Failure, Unit};
use crate::batch::TaskId;
use crate::emulator::effect::Effect;
use crate::emulator::lifecycle::Requeue;
use crate::emulator::lifecycle::TaskEvent;
use crate::emulator::store::{RunRecord, RunRow, RunStage, dependencies};
use crate::node::TaskOutcome;

impl Unit<'_> {
    /// A run has ended; without an outcome its task goes back in the queue, as from a node that was lost.
    pub(super) fn run_ended(&mut self, row: RunRow, outcome: Option<TaskOutcome>) -> Result<(), Failure> {
        let Some(run) = self.runs().get(row)? else { return Ok(()) };
        self.node_changed(run.node);
        self.job_changed(run.job);
        if run.stage == RunStage::Running && run.orphan.is_none() {
            self.end_task(&run, outcome)?;
        }
        match &run.orphan {
            Some(task) => self.clean_after(&run, task.id.clone()),
            None => Ok(self.runs().delete(row)?),
        }
    }

    fn end_task(&mut self, run: &RunRecord, outcome: Option<TaskOutcome>) -> Result<(), Failure> {
        let Some(mut task) = self.tasks().find_key(run.job, &run.task_key)? else { return Ok(()) };
        if task.life.run != Some(run.row) {
            return Ok(());
        }
        let max_retries = task.definition.constraints.as_ref().and_then(|limits| limits.max_task_retry_count);
        let has_ended = outcome.is_some();
        let event = match outcome {
            Some(outcome) => TaskEvent::Ended { outcome, max_retries: max_retries.unwrap_or_default() },
            None => TaskEvent::Requeued(Requeue::Recovery),
        };
        task.life.step(event, self.now);
        self.tasks().save_life(task.row, &task.life)?;
        let succeeded = task.life.has_succeeded();
        if has_ended {
            self.nodes().count_run(run.node, succeeded)?;
        }
        if succeeded {
            dependencies::satisfy(self.store, &task)?;
        }
        Ok(())
    }

    /// Takes a task off its node: what becomes of the task is known at once, the node ends its process meanwhile.
    pub(super) fn take_off(&mut self, run: &RunRecord, event: TaskEvent) -> Result<(), Failure> {
        if run.stage != RunStage::Running {
            return Ok(());
        }
        if let Some(mut task) = self.tasks().find_key(run.job, &run.task_key)?
            && task.life.run == Some(run.row)
        {
            task.life.step(event, self.now);
            self.tasks().save_life(task.row, &task.life)?;
        }
        self.stop_run(run.row)?;
        self.job_changed(run.job);
        Ok(())
    }

    /// Ends a run's process.
    pub(super) fn stop_run(&mut self, run: RunRow) -> Result<(), Failure> {
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
