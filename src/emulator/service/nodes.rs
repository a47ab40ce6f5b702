//! Nodes: they join, boot, run their start task, and leave.

use std::collections::BTreeSet;

use super::scheduling::{container_configuration, user_accounts};
use super::{Failure, Unit};
use crate::batch::NodeId;
use crate::batch::model::{
    BatchCertificateVisibility, BatchNode, BatchNodeDeallocationOption, BatchNodeError, BatchNodeState,
    SchedulingState,
};
use crate::emulator::effect::{Effect, Event, NodeReady};
use crate::emulator::lifecycle::{NodeEffect, NodeEvent, PoolEvent, Requeue, TaskEvent};
use crate::emulator::store::{NodeRecord, NodeRow, PoolRecord, affinity_id};
use crate::emulator::timing::Pause;
use crate::node::runtime::SEATS;
use crate::node::{NodeSetup, StartTaskAssignment, TaskOutcome};

impl Unit<'_> {
    pub(super) fn add_nodes(&mut self, pool: &PoolRecord, dedicated: i32, spot: i32) -> Result<(), Failure> {
        let kinds = std::iter::repeat_n(true, usize::try_from(dedicated).unwrap_or_default())
            .chain(std::iter::repeat_n(false, usize::try_from(spot).unwrap_or_default()));
        let mut seats = self.free_seats(pool)?.into_iter();
        for is_dedicated in kinds {
            let mut node = self.new_node(pool, is_dedicated, seats.next())?;
            self.nodes().insert(&mut node)?;
            self.wait(Pause::NodeCreation, Event::NodeCreated { node: node.row });
        }
        Ok(())
    }

    /// The seats that are free in the private network of a pool; none in a pool whose nodes do not communicate.
    fn free_seats(&self, pool: &PoolRecord) -> Result<Vec<u8>, Failure> {
        if pool.pool.enable_inter_node_communication != Some(true) {
            return Ok(Vec::new());
        }
        let nodes = self.nodes().of_pool(pool.row)?;
        let taken: BTreeSet<u8> = nodes.iter().filter_map(|node| node.seat).collect();
        Ok((0..SEATS).filter(|seat| !taken.contains(seat)).collect())
    }

    fn new_node(
        &self,
        pool: &PoolRecord,
        is_dedicated: bool,
        seat: Option<u8>,
    ) -> Result<NodeRecord, Failure> {
        let suffix = if is_dedicated { 'd' } else { 'p' };
        let id = NodeId::new(format!("tvmps_{}_{suffix}", uuid::Uuid::new_v4().simple()))
            .map_err(crate::emulator::store::StoreError::from)?;
        Ok(NodeRecord {
            row: NodeRow::default(),
            pool: pool.row,
            pool_id: pool.pool.id.clone(),
            node: BatchNode {
                affinity_id: Some(affinity_id(&id)),
                id,
                url: None,
                state: Some(BatchNodeState::Creating),
                scheduling_state: Some(SchedulingState::Enabled),
                state_transition_time: Some(self.now),
                last_boot_time: None,
                allocation_time: Some(self.now),
                ip_address: None,
                vm_size: pool.pool.vm_size.as_ref().map(|size| size.to_lowercase()),
                total_tasks_run: None,
                running_tasks_count: None,
                running_task_slots_count: None,
                total_tasks_succeeded: None,
                recent_tasks: None,
                start_task: pool.pool.start_task.clone(),
                start_task_info: None,
                errors: None,
                is_dedicated: Some(is_dedicated),
                node_agent_info: None,
                other: pool.references_of_nodes(),
            },
            runtime: self.rules.runtime.clone(),
            users: Vec::new(),
            seat,
            absent_until: None,
            packages: pool.packages(),
            installed: Vec::new(),
        })
    }

    /// Lets nodes go: the broken and idle ones first, the youngest first. What becomes of the tasks of those that are leaving already
    /// is decided anew.
    pub(super) fn release_nodes(
        &mut self,
        pool: &PoolRecord,
        dedicated: i32,
        spot: i32,
    ) -> Result<(), Failure> {
        let mut staying = Vec::new();
        for node in self.nodes().of_pool(pool.row)? {
            if node.is_leaving() {
                self.release_node(node, &pool.deallocation)?;
                continue;
            }
            let running = self.nodes().usage(node.row)?.running;
            staying.push((running, node));
        }
        staying.sort_by_key(|(running, node)| {
            let works = matches!(node.state(), BatchNodeState::Idle | BatchNodeState::Running);
            (*running, works, std::cmp::Reverse(node.row))
        });
        for (is_dedicated, count) in [(true, dedicated), (false, spot)] {
            let leaving: Vec<_> = staying
                .iter()
                .filter(|(_, node)| node.node.is_dedicated.unwrap_or(true) == is_dedicated)
                .take(usize::try_from(count).unwrap_or_default())
                .map(|(_, node)| node.clone())
                .collect();
            for node in leaving {
                self.release_node(node, &pool.deallocation)?;
            }
        }
        Ok(())
    }

    pub(super) fn release_node(
        &mut self,
        mut node: NodeRecord,
        tasks: &BatchNodeDeallocationOption,
    ) -> Result<(), Failure> {
        self.take_off_tasks(&node, tasks)?;
        if node.is_leaving() {
            // It goes when its tasks have gone.
            return Ok(());
        }
        self.node_event(&mut node, NodeEvent::Leave)?;
        self.node_changed(node.row);
        Ok(())
    }

    /// Takes the tasks off a node, unless they are waited for.
    pub(super) fn take_off_tasks(
        &mut self,
        node: &NodeRecord,
        tasks: &BatchNodeDeallocationOption,
    ) -> Result<(), Failure> {
        let event = match tasks {
            BatchNodeDeallocationOption::TaskCompletion => None,
            BatchNodeDeallocationOption::Terminate => Some(TaskEvent::Terminated),
            _ => Some(TaskEvent::Requeued(Requeue::ByUser)),
        };
        if let Some(event) = event {
            for run in self.runs().of_node(node.row)? {
                self.take_off(&run, event.clone())?;
            }
        }
        Ok(())
    }

    pub(super) fn node_created(&mut self, node: NodeRow) -> Result<(), Failure> {
        self.with_node(node, NodeEvent::Created)
    }

    pub(super) fn node_prepared(
        &mut self,
        node: NodeRow,
        result: Result<NodeReady, Vec<BatchNodeError>>,
    ) -> Result<(), Failure> {
        let Some(mut node) = self.nodes().get(node)? else { return Ok(()) };
        let result = result.map(|ready| {
            node.node.ip_address = ready.address.map(|address| address.to_string());
            node.installed = ready.packages;
        });
        self.node_event(&mut node, NodeEvent::Prepared(result))
    }

    pub(super) fn start_task_ended(&mut self, node: NodeRow, outcome: TaskOutcome) -> Result<(), Failure> {
        self.with_node(node, NodeEvent::StartTaskEnded(outcome))
    }

    pub(super) fn node_removed(&mut self, node: NodeRow) -> Result<(), Failure> {
        let Some(record) = self.nodes().get(node)? else { return Ok(()) };
        self.nodes().delete(node)?;
        let Some(mut pool) = self.pools().get(record.pool)? else { return Ok(()) };
        let nodes = self.pools().census(pool.row)?;
        self.pool_event(&mut pool, PoolEvent::NodeRemoved { nodes })
    }

    /// What has become of a node now that its runs have changed.
    pub(super) fn look_at_node(&mut self, row: NodeRow) -> Result<(), Failure> {
        let Some(mut node) = self.nodes().get(row)? else { return Ok(()) };
        if node.is_being_emptied() {
            return if self.runs().of_node(row)?.is_empty() { self.node_emptied(node) } else { Ok(()) };
        }
        let occupied = self.nodes().usage(row)?.running > 0;
        let before = node.state();
        node.step(NodeEvent::Occupied(occupied), self.now);
        if node.state() != before {
            self.nodes().save(&node)?;
        }
        Ok(())
    }

    pub(super) fn with_node(&mut self, row: NodeRow, event: NodeEvent) -> Result<(), Failure> {
        match self.nodes().get(row)? {
            Some(mut node) => self.node_event(&mut node, event),
            None => Ok(()),
        }
    }

    /// Lets something happen to a node, writes it back, and does what follows.
    pub(super) fn node_event(&mut self, node: &mut NodeRecord, event: NodeEvent) -> Result<(), Failure> {
        let effects = node.step(event, self.now);
        self.nodes().save(node)?;
        for effect in effects {
            match effect {
                NodeEffect::Prepare => self.prepare_node(node)?,
                NodeEffect::RunStartTask => self.run_start_task(node)?,
                NodeEffect::Schedule => self.schedule_pool(node.pool),
            }
        }
        Ok(())
    }

    pub(super) fn prepare_node(&mut self, node: &NodeRecord) -> Result<(), Failure> {
        let boot = self.rules.timing.duration(Pause::Boot);
        let pool = self.pools().get(node.pool)?;
        let setup = Box::new(NodeSetup {
            containers: pool.as_ref().and_then(container_configuration),
            user_accounts: pool.as_ref().map(user_accounts).unwrap_or_default(),
            shares: pool.as_ref().map(|pool| self.shares(pool)).unwrap_or_default(),
            packages: node.packages.clone(),
        });
        self.emit(Effect::PrepareNode { node: node.address(), boot, setup, seat: node.seat });
        Ok(())
    }

    pub(super) fn run_start_task(&mut self, node: &NodeRecord) -> Result<(), Failure> {
        if let Some(task) = node.node.start_task.clone() {
            let pool = self.pools().get(node.pool)?;
            let start_task = Box::new(StartTaskAssignment {
                task,
                container_configuration: pool.as_ref().and_then(container_configuration),
                user_accounts: pool.as_ref().map(user_accounts).unwrap_or_default(),
                shares: pool.as_ref().map(|pool| self.shares(pool)).unwrap_or_default(),
                certificates: self.certificates_of(node, &BatchCertificateVisibility::StartTask)?,
                packages: node.installed.clone(),
            });
            self.emit(Effect::RunStartTask { node: node.address(), start_task });
        }
        Ok(())
    }
}
