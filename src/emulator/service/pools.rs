//! Pools: made, changed, resized, deleted.

use std::time::Duration;

use super::unit::new_e_tag;
use super::{Failure, Unit};
use crate::batch::model::{
    BatchNodeDeallocationOption, BatchNodeRemoveOptions, BatchPoolCreateOptions, BatchPoolReplaceOptions,
    BatchPoolResizeOptions, BatchPoolUpdateOptions, CERTIFICATE_REFERENCES,
};
use crate::batch::{Conditions, ErrorCode, PoolId, WireDuration};
use crate::emulator::conditions;
use crate::emulator::defaults;
use crate::emulator::effect::{Effect, Event};
use crate::emulator::lifecycle::{PoolEffect, PoolEvent};
use crate::emulator::refusal::Refusal;
use crate::emulator::store::{FormulaClock, NodeRecord, PoolRecord, PoolRow, Version};
use crate::emulator::timing::Pause;

/// How many pools an account may have, as new accounts of the real service.
const POOL_QUOTA: u32 = 100;

impl Unit<'_> {
    /// Makes a pool.
    pub(crate) fn create_pool(&mut self, options: BatchPoolCreateOptions) -> Result<Version, Failure> {
        if let Some(existing) = self.pools().find(&options.id)? {
            let code =
                if existing.is_deleting() { ErrorCode::POOL_BEING_DELETED } else { ErrorCode::POOL_EXISTS };
            return Err(code.into());
        }
        if self.pools().count()? >= POOL_QUOTA {
            return Err(ErrorCode::POOL_QUOTA_REACHED.into());
        }
        self.check_references(&options.other)?;
        let mut record = PoolRecord {
            row: PoolRow::default(),
            pool: defaults::pool(options, self.now),
            round: 0,
            deallocation: BatchNodeDeallocationOption::Requeue,
            formula_clock: FormulaClock::default(),
        };
        self.stamp(&mut record);
        self.pools().insert(&mut record)?;
        self.pool_event(&mut record, PoolEvent::Create)?;
        self.evaluate_when_due(&mut record)?;
        self.schedule_pool(record.row);
        Ok(record.version())
    }

    /// Changes a pool; what `update` leaves out stays as it is.
    pub(crate) fn update_pool(
        &mut self,
        id: &PoolId,
        update: BatchPoolUpdateOptions,
        conditions: &Conditions,
    ) -> Result<Version, Failure> {
        let mut record = self.changeable_pool(id, conditions)?;
        if needs_empty_pool(&update) && self.pools().census(record.row)?.total() > 0 {
            return Err(Failure::Refused(Refusal::new(ErrorCode::OPERATION_INVALID_FOR_CURRENT_STATE).with(
                "Reason",
                "these properties can only change while the pool has no nodes; resize it to 0 first",
            )));
        }
        self.check_references(&update.other)?;
        defaults::update_pool(&mut record.pool, update);
        self.stamp(&mut record);
        self.pools().save(&record)?;
        self.schedule_pool(record.row);
        Ok(record.version())
    }

    /// Replaces start task, metadata, application packages and certificates of a pool; nodes keep what they have until they boot anew.
    pub(crate) fn replace_pool_properties(
        &mut self,
        id: &PoolId,
        options: BatchPoolReplaceOptions,
    ) -> Result<Version, Failure> {
        let mut record = self.changeable_pool(id, &Conditions::default())?;
        self.check_references(&options.other)?;
        defaults::replace_pool_properties(&mut record.pool, options);
        self.stamp(&mut record);
        self.pools().save(&record)?;
        Ok(record.version())
    }

    /// Removes nodes by name.
    pub(crate) fn remove_nodes(
        &mut self,
        id: &PoolId,
        options: BatchNodeRemoveOptions,
        conditions: &Conditions,
    ) -> Result<Version, Failure> {
        let mut record = self.resizable_pool(id, conditions)?;
        let mut leaving: Vec<NodeRecord> = Vec::new();
        for node in &options.node_list {
            let node = self.nodes().find(record.row, node)?.ok_or(ErrorCode::NODE_NOT_FOUND)?;
            if leaving.iter().all(|known| known.row != node.row) {
                leaving.push(node);
            }
        }
        record.pool.resize_timeout = options.resize_timeout.or(record.pool.resize_timeout);
        // Those that are leaving already are not among the nodes that the pool is to have.
        let count = |is_dedicated| {
            let of_kind = leaving
                .iter()
                .filter(|node| !node.is_leaving())
                .filter(|node| node.node.is_dedicated.unwrap_or(true) == is_dedicated);
            i32::try_from(of_kind.count()).unwrap_or(i32::MAX)
        };
        let event = PoolEvent::RemoveNodes {
            dedicated: count(true),
            spot: count(false),
            nodes: self.pools().census(record.row)?,
            deallocation: options.node_deallocation_option.unwrap_or(BatchNodeDeallocationOption::Requeue),
        };
        self.stamp(&mut record);
        self.pool_event(&mut record, event)?;
        for node in leaving {
            self.release_node(node, &record.deallocation)?;
        }
        Ok(record.version())
    }

    /// Changes the number of nodes.
    pub(crate) fn resize_pool(
        &mut self,
        id: &PoolId,
        resize: BatchPoolResizeOptions,
        conditions: &Conditions,
    ) -> Result<Version, Failure> {
        let mut record = self.resizable_pool(id, conditions)?;
        if record.pool.enable_auto_scale == Some(true) {
            return Err(Failure::Refused(
                Refusal::new(ErrorCode::OPERATION_INVALID_FOR_CURRENT_STATE)
                    .with("Reason", "a formula sets the size of the pool; disable automatic scaling first"),
            ));
        }
        let targets = (record.pool.target_dedicated_nodes, record.pool.target_low_priority_nodes);
        record.pool.resize_timeout = resize.resize_timeout.or(record.pool.resize_timeout);
        let event = PoolEvent::Resize {
            dedicated: resize.target_dedicated_nodes.or(targets.0).unwrap_or_default(),
            spot: resize.target_low_priority_nodes.or(targets.1).unwrap_or_default(),
            deallocation: resize.node_deallocation_option.unwrap_or(BatchNodeDeallocationOption::Requeue),
        };
        self.stamp(&mut record);
        self.pool_event(&mut record, event)?;
        Ok(record.version())
    }

    /// Stops a resize. Fine if there is none.
    pub(crate) fn stop_pool_resize(
        &mut self,
        id: &PoolId,
        conditions: &Conditions,
    ) -> Result<Version, Failure> {
        let mut record = self.changeable_pool(id, conditions)?;
        self.stamp(&mut record);
        self.pool_event(&mut record, PoolEvent::StopResize)?;
        Ok(record.version())
    }

    /// Deletes a pool.
    pub(crate) fn delete_pool(&mut self, id: &PoolId, conditions: &Conditions) -> Result<(), Failure> {
        let mut record = self.changeable_pool(id, conditions)?;
        let nodes = self.pools().census(record.row)?;
        self.stamp(&mut record);
        self.pool_event(&mut record, PoolEvent::Delete { nodes })
    }

    pub(super) fn allocation_due(&mut self, pool: PoolRow, round: u64) -> Result<(), Failure> {
        let Some(mut record) = self.pools().get(pool)? else { return Ok(()) };
        let nodes = self.pools().census(pool)?;
        self.pool_event(&mut record, PoolEvent::AllocationDue { round, nodes })
    }

    pub(super) fn stop_resize_due(&mut self, pool: PoolRow, round: u64) -> Result<(), Failure> {
        let Some(mut record) = self.pools().get(pool)? else { return Ok(()) };
        self.pool_event(&mut record, PoolEvent::StopResizeDue { round })
    }

    pub(super) fn resize_timed_out(&mut self, pool: PoolRow, round: u64) -> Result<(), Failure> {
        let Some(mut record) = self.pools().get(pool)? else { return Ok(()) };
        let nodes = self.pools().census(pool)?;
        self.pool_event(&mut record, PoolEvent::ResizeTimedOut { round, nodes })
    }

    /// Waits until a resize has taken as long as it may, counted from its beginning.
    fn await_nodes(&mut self, record: &PoolRecord) {
        let limit = record.pool.resize_timeout.and_then(WireDuration::limit);
        let (Some(limit), Some(since)) = (limit, record.pool.allocation_state_transition_time) else {
            return;
        };
        let passed = Duration::try_from(since.0.duration_until(self.now.0)).unwrap_or_default();
        let then = Event::ResizeTimedOut { pool: record.row, round: record.round };
        self.emit(Effect::Wait { pause: limit.saturating_sub(passed), then });
    }

    /// Lets something happen to a pool, writes it back, and does what follows.
    pub(super) fn pool_event(&mut self, record: &mut PoolRecord, event: PoolEvent) -> Result<(), Failure> {
        let effects = record.step(event, self.now);
        self.pools().save(record)?;
        let (pool, round) = (record.row, record.round);
        for effect in effects {
            match effect {
                PoolEffect::Allocate => self.wait(Pause::Allocation, Event::AllocationDue { pool, round }),
                PoolEffect::Stop => self.wait(Pause::StopResize, Event::StopResizeDue { pool, round }),
                PoolEffect::AddNodes { dedicated, spot } => self.add_nodes(record, dedicated, spot)?,
                PoolEffect::ReleaseNodes { dedicated, spot } => {
                    self.release_nodes(record, dedicated, spot)?;
                }
                PoolEffect::AwaitNodes => self.await_nodes(record),
                PoolEffect::Remove => self.pools().delete(pool)?,
            }
        }
        Ok(())
    }

    /// The pool, if it may be changed by a request with these conditions.
    pub(super) fn changeable_pool(
        &self,
        id: &PoolId,
        conditions: &Conditions,
    ) -> Result<PoolRecord, Failure> {
        let record = self.pool(id)?;
        conditions::check_write(conditions, &record.version())?;
        if record.is_deleting() { Err(ErrorCode::POOL_BEING_DELETED.into()) } else { Ok(record) }
    }

    /// The pool, if the number of its nodes may be changed by a request with these conditions.
    pub(super) fn resizable_pool(&self, id: &PoolId, conditions: &Conditions) -> Result<PoolRecord, Failure> {
        let record = self.changeable_pool(id, conditions)?;
        if record.is_steady() { Ok(record) } else { Err(ErrorCode::POOL_BEING_RESIZED.into()) }
    }

    pub(super) fn stamp(&self, record: &mut PoolRecord) {
        record.pool.e_tag = Some(new_e_tag());
        record.pool.last_modified = Some(self.now);
    }
}

/// Whether the update touches what is baked into nodes: all but metadata, and what they read when they boot: the start task,
/// application packages and certificates.
fn needs_empty_pool(update: &BatchPoolUpdateOptions) -> bool {
    let BatchPoolUpdateOptions {
        display_name,
        vm_size,
        virtual_machine_configuration,
        task_slots_per_node,
        task_scheduling_policy,
        enable_inter_node_communication,
        start_task: _,
        metadata: _,
        application_package_references: _,
        network_configuration,
        user_accounts,
        mount_configuration,
        upgrade_policy,
        other,
    } = update;
    display_name.is_some()
        || vm_size.is_some()
        || virtual_machine_configuration.is_some()
        || task_slots_per_node.is_some()
        || task_scheduling_policy.is_some()
        || enable_inter_node_communication.is_some()
        || network_configuration.is_some()
        || user_accounts.as_ref().is_some_and(|list| !list.is_empty())
        || mount_configuration.as_ref().is_some_and(|list| !list.is_empty())
        || upgrade_policy.is_some()
        || other
            .iter()
            .filter(|(name, _)| *name != CERTIFICATE_REFERENCES)
            .any(|(_, value)| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()))
}
