//! After a start: everything unfinished is asked for again.
//!
//! Nothing was noted down for this: what has to happen follows from the states on disk. A task that was running is looked for on
//! its node, and put back in the queue if it is not found there.

use super::{Failure, Unit};
use crate::batch::model::{AllocationState, BatchJobState, BatchNodeState, BatchStartTaskState};
use crate::emulator::effect::{Effect, Event};
use crate::emulator::store::{NodeRecord, PoolRecord, RunRecord, RunStage};
use crate::emulator::timing::Pause;
use crate::node::TaskRole;

impl Unit<'_> {
    /// Asks for the effects of everything that was unfinished when the store was last closed, or the process died.
    pub(crate) fn resume(&mut self) -> Result<(), Failure> {
        for pool in self.pools().all()? {
            self.resume_pool(&pool);
            self.await_formula(&pool);
            for node in self.nodes().of_pool(pool.row)? {
                self.resume_node(&pool, node)?;
            }
            self.schedule_pool(pool.row);
        }
        for job in self.jobs().unfinished()? {
            self.watch_job(&job);
            if job.state() != BatchJobState::Active {
                self.job_changed(job.row);
            }
        }
        self.retention_due()?;
        for certificate in self.certificates().deleting()? {
            self.await_deletion(certificate);
        }
        for schedule in self.job_schedules().unfinished()? {
            self.wait(Pause::JobChange, Event::LookAtJobSchedule { schedule });
        }
        Ok(())
    }

    fn resume_pool(&mut self, record: &PoolRecord) {
        let (pool, round) = (record.row, record.round);
        if record.is(AllocationState::Stopping) {
            self.wait(Pause::StopResize, Event::StopResizeDue { pool, round });
        } else if record.is(AllocationState::Resizing) {
            self.wait(Pause::Allocation, Event::AllocationDue { pool, round });
        }
    }

    fn resume_node(&mut self, pool: &PoolRecord, mut node: NodeRecord) -> Result<(), Failure> {
        let rebooted = node.runtime != self.rules.runtime && !node.is_leaving();
        for run in self.runs().of_node(node.row)? {
            match (run.stage, &run.orphan) {
                (RunStage::Cleaning, Some(task)) => self.clean_after(&run, task.id.clone())?,
                // The containers of the runtime that was are out of reach: the node is lost with its tasks.
                (RunStage::Preparing | RunStage::Running, _) if rebooted => self.lose_run(&run)?,
                // The preparation task that it waits for is looked for, and tells.
                (RunStage::Preparing, _) => {}
                _ => self.resume_run(pool, &node, &run)?,
            }
        }
        match node.state() {
            _ if node.is_being_emptied() => self.node_changed(node.row),
            BatchNodeState::Deallocated => {}
            BatchNodeState::Creating => {
                node.runtime = self.rules.runtime.clone();
                self.nodes().save(&node)?;
                self.wait(Pause::NodeCreation, Event::NodeCreated { node: node.row });
            }
            _ if rebooted => self.boot_node(&mut node)?,
            BatchNodeState::Starting => self.prepare_node(&node)?,
            BatchNodeState::WaitingForStartTask => self.run_start_task(&node)?,
            BatchNodeState::Idle | BatchNodeState::Running => {
                let info = node.node.start_task_info.as_ref();
                if info.is_some_and(|info| info.state == BatchStartTaskState::Running) {
                    self.run_start_task(&node)?;
                }
                self.node_changed(node.row);
            }
            _ => {}
        }
        Ok(())
    }

    fn lose_run(&mut self, run: &RunRecord) -> Result<(), Failure> {
        match run.role {
            TaskRole::Task => {}
            TaskRole::Preparation => return self.preparation_ended(run, None),
            TaskRole::Release => return self.release_ended(run, None),
        }
        self.requeue_lost(run)?;
        Ok(self.runs().delete(run.row)?)
    }

    /// Looks for a run's container; a run that was being ended is ended again.
    fn resume_run(&mut self, pool: &PoolRecord, node: &NodeRecord, run: &RunRecord) -> Result<(), Failure> {
        let Some(assignment) = self.assignment_of(pool, &node.address(), run)? else {
            return Ok(self.runs().delete(run.row)?);
        };
        self.emit(Effect::StartRun {
            run: run.row,
            node: node.address(),
            assignment: Box::new(assignment),
            resume: true,
        });
        if run.stage == RunStage::Stopping {
            self.emit(Effect::StopRun { run: run.row });
        }
        match self.subtasks().of_run(run.row)? {
            Some(subtask) => self.let_go(subtask.task),
            None => Ok(()),
        }
    }
}
