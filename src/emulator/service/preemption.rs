//! What is taken away from tasks: their node's machine, if it is of Spot, and their slots, for the tasks of a more important job. They
//! run again, and that counts against nothing.

use std::time::Duration;

use super::scheduling::{BATCH, need};
use super::{Failure, Unit};
use crate::batch::model::{BatchNodeError, BatchNodeState};
use crate::batch::{DateTime, NodeId, PoolId};
use crate::emulator::effect::{Effect, Event};
use crate::emulator::lifecycle::{NodeEvent, Requeue, TaskEvent, may_empty_node, may_preempt_node};
use crate::emulator::precedence::Precedence;
use crate::emulator::scheduler::Slots;
use crate::emulator::store::{
    JobRecord, NodeRecord, NodeRow, PoolRecord, PreemptibleRuns, RunStage, WaitingJob,
};
use crate::emulator::timing::Pause;

impl Unit<'_> {
    /// Takes a Spot node's machine away; there is no other one for `absence`.
    pub(crate) fn preempt_node(
        &mut self,
        pool: &PoolId,
        node: &NodeId,
        absence: Duration,
    ) -> Result<(), Failure> {
        let node = self.node(pool, node)?;
        may_preempt_node(&node)?;
        self.node_preempted(node.row, absence)
    }

    /// Makes a node unusable, with everything that runs on it.
    pub(crate) fn break_node(
        &mut self,
        pool: &PoolId,
        node: &NodeId,
        error: BatchNodeError,
    ) -> Result<(), Failure> {
        let mut node = self.node(pool, node)?;
        may_empty_node(&node.state())?;
        self.lose_tasks(&node)?;
        self.node_event(&mut node, NodeEvent::Broken(error))
    }

    pub(super) fn node_preempted(&mut self, row: NodeRow, absence: Duration) -> Result<(), Failure> {
        let Some(mut node) = self.nodes().get(row)?.filter(|node| may_preempt_node(node).is_ok()) else {
            return Ok(());
        };
        self.lose_tasks(&node)?;
        node.absent_until = self.now.0.checked_add(absence).ok().map(DateTime);
        self.node_event(&mut node, NodeEvent::Preempted)?;
        self.node_changed(row);
        Ok(())
    }

    /// The tasks of a node that is lost run again elsewhere, which does not count against their retries.
    fn lose_tasks(&mut self, node: &NodeRecord) -> Result<(), Failure> {
        for run in self.runs().of_node(node.row)? {
            self.take_off(&run, TaskEvent::Requeued(Requeue::Recovery))?;
        }
        // There may be room for them on other nodes.
        self.schedule_pool(node.pool);
        Ok(())
    }

    /// Waits for another machine for a node that was preempted: as long as an allocation takes, or longer.
    pub(super) fn await_machine(&mut self, node: &NodeRecord) {
        let absence = node.absent_until.and_then(|until| self.now.0.duration_until(until.0).try_into().ok());
        let pause = self.rules.timing.duration(Pause::Allocation).max(absence.unwrap_or_default());
        self.emit(Effect::Wait { pause, then: Event::NodeReplaceable { node: node.row } });
    }

    /// What could make way on a pool's nodes for jobs that wait, if anything could.
    pub(super) fn precedence(
        &self,
        pool: &PoolRecord,
        waiting: &[WaitingJob],
    ) -> Result<Option<Precedence>, Failure> {
        let preemptible = PreemptibleRuns(self.store);
        // The first one is the most important.
        let Some(priority) = waiting.first().map(|job| job.priority) else { return Ok(None) };
        if !preemptible.may_be(&pool.pool.id.key(), priority)? {
            return Ok(None);
        }
        let capacity = pool.pool.task_slots_per_node.unwrap_or(1);
        let runs = preemptible.of_pool(pool.row, priority)?;
        Ok(Some(Precedence::new(preemptible.rooms(pool.row, capacity)?, runs, capacity)))
    }

    /// Takes tasks of less important jobs off their nodes for those of `job` that wait, at most `room` of them. Where way is being made
    /// nothing else is placed meanwhile. Tasks that run on several nodes at once wait until those are free.
    pub(super) fn make_way(
        &mut self,
        job: &JobRecord,
        room: i32,
        slots: &mut Slots,
        precedence: &mut Precedence,
    ) -> Result<(), Failure> {
        let barred = self.barred_nodes(job)?;
        let priority = job.job.priority.unwrap_or_default();
        for task in self.tasks().ready(job.row, i32::MAX, 0, room.min(BATCH))? {
            let Some(way) = precedence.take(need(job, &task), priority, &barred) else { continue };
            slots.keep(way.node);
            for run in way.runs {
                let Some(run) = self.runs().get(run)? else { continue };
                if run.stage == RunStage::Preparing {
                    // It has no process that would have to end first.
                    self.schedule_job(job)?;
                }
                self.take_off(&run, TaskEvent::Requeued(Requeue::Recovery))?;
            }
        }
        Ok(())
    }

    pub(super) fn node_replaceable(&mut self, row: NodeRow) -> Result<(), Failure> {
        let node = self.nodes().get(row)?;
        let Some(mut node) = node.filter(|node| node.state() == BatchNodeState::Preempted) else {
            return Ok(());
        };
        // It was preempted again meanwhile, or the pause was too short: pauses and the time of day come from different clocks.
        if node.absent_until.is_some_and(|until| until > self.now) {
            self.await_machine(&node);
            return Ok(());
        }
        node.users.clear();
        node.absent_until = None;
        node.node.allocation_time = Some(self.now);
        self.boot_node(&mut node)
    }
}
