//! What users have done with nodes: rebooted, reimaged, deallocated and started, kept from tasks, given users.

use std::time::Duration;

use super::{Failure, Unit};
use crate::batch::model::{BatchNodeDeallocationOption, BatchNodeState, SchedulingState};
use crate::batch::{ErrorCode, NodeId, PoolId};
use crate::emulator::effect::{Effect, Event};
use crate::emulator::lifecycle::{NodeErrand, NodeEvent, may_empty_node, may_have_users, may_start_node};
use crate::emulator::store::{NodeRecord, NodeRow, PoolRecord};
use crate::emulator::timing::Pause;

impl Unit<'_> {
    /// Has a node emptied, and then done with it what `errand` says.
    pub(crate) fn empty_node(
        &mut self,
        pool: &PoolId,
        node: &NodeId,
        errand: NodeErrand,
        tasks: &BatchNodeDeallocationOption,
    ) -> Result<(), Failure> {
        let mut node = self.node(pool, node)?;
        may_empty_node(&node.state())?;
        self.take_off_tasks(&node, tasks)?;
        self.node_event(&mut node, NodeEvent::Empty(errand))?;
        self.node_changed(node.row);
        Ok(())
    }

    /// Nothing runs any more on a node that is being emptied.
    pub(super) fn node_emptied(&mut self, mut node: NodeRecord) -> Result<(), Failure> {
        match node.state() {
            BatchNodeState::LeavingPool => {
                let pause = self.rules.timing.duration(Pause::NodeRemoval);
                self.emit(Effect::RemoveNode { node: node.address(), pause });
            }
            BatchNodeState::Reimaging => {
                let pause = self.rules.timing.duration(Pause::NodeCreation);
                self.emit(Effect::WipeNode { node: node.address(), pause });
            }
            BatchNodeState::Preempted => {
                self.emit(Effect::WipeNode { node: node.address(), pause: Duration::ZERO });
            }
            BatchNodeState::Deallocating => {
                self.wait(Pause::NodeRemoval, Event::NodeDeallocated { node: node.row });
            }
            _ => self.boot_node(&mut node)?,
        }
        Ok(())
    }

    pub(super) fn node_wiped(&mut self, row: NodeRow) -> Result<(), Failure> {
        match self.nodes().get(row)? {
            Some(mut node) if node.state() == BatchNodeState::Reimaging => {
                node.users.clear();
                self.boot_node(&mut node)
            }
            Some(node) if node.state() == BatchNodeState::Preempted => {
                self.await_machine(&node);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Starts a node that was deallocated.
    pub(crate) fn start_node(&mut self, pool: &PoolId, node: &NodeId) -> Result<(), Failure> {
        let mut node = self.node(pool, node)?;
        may_start_node(&node.state())?;
        self.boot_node(&mut node)
    }

    /// Boots a node anew, with what its pool asks for now.
    pub(super) fn boot_node(&mut self, node: &mut NodeRecord) -> Result<(), Failure> {
        let pool = self.pools().get(node.pool)?;
        let references = pool.as_ref().map(PoolRecord::references_of_nodes).unwrap_or_default();
        let packages = pool.as_ref().map(PoolRecord::packages).unwrap_or_default();
        let start_task = pool.and_then(|record| record.pool.start_task.map(Box::new));
        let runtime = self.rules.runtime.clone();
        let wiped = matches!(
            node.state(),
            BatchNodeState::Reimaging | BatchNodeState::Deallocated | BatchNodeState::Preempted
        );
        self.prepare_anew(node.row, wiped)?;
        node.packages = packages;
        node.installed.clear();
        self.node_event(node, NodeEvent::Boot { runtime, start_task, references })
    }

    /// Keeps new tasks from a node.
    pub(crate) fn disable_scheduling(
        &mut self,
        pool: &PoolId,
        node: &NodeId,
        tasks: &BatchNodeDeallocationOption,
    ) -> Result<(), Failure> {
        let node = self.schedule_node(pool, node, SchedulingState::Disabled)?;
        self.take_off_tasks(&node, tasks)?;
        self.node_changed(node.row);
        Ok(())
    }

    /// Lets a node take tasks again.
    pub(crate) fn enable_scheduling(&mut self, pool: &PoolId, node: &NodeId) -> Result<(), Failure> {
        self.schedule_node(pool, node, SchedulingState::Enabled).map(drop)
    }

    fn schedule_node(
        &mut self,
        pool: &PoolId,
        node: &NodeId,
        scheduling: SchedulingState,
    ) -> Result<NodeRecord, Failure> {
        let mut node = self.node(pool, node)?;
        if node.scheduling() == scheduling {
            return Err(ErrorCode::NODE_ALREADY_IN_TARGET_SCHEDULING_STATE.into());
        }
        self.node_event(&mut node, NodeEvent::Schedule(scheduling))?;
        Ok(node)
    }

    /// Notes a user of a node.
    pub(crate) fn create_node_user(
        &mut self,
        pool: &PoolId,
        node: &NodeId,
        name: String,
    ) -> Result<(), Failure> {
        let mut node = self.node_with_users(pool, node)?;
        if position(&node, &name).is_some() {
            return Err(ErrorCode::NODE_USER_EXISTS.into());
        }
        node.users.push(name);
        Ok(self.nodes().save(&node)?)
    }

    /// Checks that a node has a user, whose password and key nobody here needs.
    pub(crate) fn replace_node_user(&self, pool: &PoolId, node: &NodeId, name: &str) -> Result<(), Failure> {
        let node = self.node_with_users(pool, node)?;
        position(&node, name).map(drop).ok_or_else(|| ErrorCode::NODE_USER_NOT_FOUND.into())
    }

    /// Forgets a user of a node.
    pub(crate) fn delete_node_user(
        &mut self,
        pool: &PoolId,
        node: &NodeId,
        name: &str,
    ) -> Result<(), Failure> {
        let mut node = self.node_with_users(pool, node)?;
        let position = position(&node, name).ok_or(ErrorCode::NODE_USER_NOT_FOUND)?;
        node.users.remove(position);
        Ok(self.nodes().save(&node)?)
    }

    fn node_with_users(&self, pool: &PoolId, node: &NodeId) -> Result<NodeRecord, Failure> {
        let node = self.node(pool, node)?;
        may_have_users(&node.state())?;
        Ok(node)
    }

    pub(super) fn node(&self, pool: &PoolId, node: &NodeId) -> Result<NodeRecord, Failure> {
        let pool = self.pool(pool)?;
        self.nodes().find(pool.row, node)?.ok_or_else(|| ErrorCode::NODE_NOT_FOUND.into())
    }
}

/// Users of Linux are told apart by case.
fn position(node: &NodeRecord, name: &str) -> Option<usize> {
    node.users.iter().position(|user| user == name)
}
