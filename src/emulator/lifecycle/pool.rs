//! The life of a pool: its allocation (resizing → steady, stopping), and its end.

use crate::batch::DateTime;
use crate::batch::model::{AllocationState, BatchNodeDeallocationOption, BatchPoolState, ResizeError};
use crate::emulator::store::{Census, PoolRecord};

/// The most nodes that a pool of this service has: they are folders on one machine.
pub(crate) const MAX_NODES: i32 = 1_000;

/// Something that happens to a pool.
#[derive(Debug, Clone)]
pub(crate) enum PoolEvent {
    /// A user made it.
    Create,
    /// A user wants another number of nodes.
    Resize { dedicated: i32, spot: i32, deallocation: BatchNodeDeallocationOption },
    /// A user wants that many of its nodes, which are known by name, to leave.
    RemoveNodes { dedicated: i32, spot: i32, nodes: Census, deallocation: BatchNodeDeallocationOption },
    /// The time for an allocation is over.
    AllocationDue { round: u64, nodes: Census },
    /// A node is gone.
    NodeRemoved { nodes: Census },
    /// The time that a resize may take is over.
    ResizeTimedOut { round: u64, nodes: Census },
    /// A user stops a resize.
    StopResize,
    /// The time for stopping a resize is over.
    StopResizeDue { round: u64 },
    /// A user deletes it.
    Delete { nodes: Census },
}

/// What follows for others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PoolEffect {
    /// Tell it once the time for an allocation is over.
    Allocate,
    /// Tell it once the time for stopping a resize is over.
    Stop,
    /// That many nodes join.
    AddNodes { dedicated: i32, spot: i32 },
    /// That many more nodes leave; those that are leaving already go by this resize, too.
    ReleaseNodes { dedicated: i32, spot: i32 },
    /// Tell it once the time that the resize may take is over: nodes are leaving.
    AwaitNodes,
    /// It has no nodes any more and is gone.
    Remove,
}

impl PoolRecord {
    /// What becomes of the pool. An event that does not fit its state changes nothing.
    pub(crate) fn step(&mut self, event: PoolEvent, now: DateTime) -> Vec<PoolEffect> {
        match event {
            PoolEvent::Create => self.resize(now),
            PoolEvent::Resize { dedicated, spot, deallocation } => {
                self.pool.target_dedicated_nodes = Some(dedicated);
                self.pool.target_low_priority_nodes = Some(spot);
                self.deallocation = deallocation;
                self.resize(now)
            }
            PoolEvent::RemoveNodes { dedicated, spot, nodes, deallocation } => {
                self.pool.target_dedicated_nodes = Some(nodes.dedicated - dedicated);
                self.pool.target_low_priority_nodes = Some(nodes.spot - spot);
                self.deallocation = deallocation;
                self.round += 1;
                self.pool.resize_errors = None;
                self.enter(AllocationState::Resizing, now);
                vec![PoolEffect::AwaitNodes]
            }
            PoolEvent::AllocationDue { round, nodes }
                if round == self.round && self.is(AllocationState::Resizing) =>
            {
                self.allocate(nodes, now)
            }
            PoolEvent::NodeRemoved { nodes } => self.node_removed(nodes, now),
            PoolEvent::ResizeTimedOut { round, nodes }
                if round == self.round && self.is(AllocationState::Resizing) =>
            {
                self.time_out(nodes, now);
                vec![]
            }
            PoolEvent::StopResize if self.is(AllocationState::Resizing) => {
                self.round += 1;
                self.enter(AllocationState::Stopping, now);
                vec![PoolEffect::Stop]
            }
            PoolEvent::StopResizeDue { round }
                if round == self.round && self.is(AllocationState::Stopping) =>
            {
                self.pool.resize_errors =
                    Some(vec![resize_error("ResizeStopped", "The resize was stopped by a user.")]);
                self.enter(AllocationState::Steady, now);
                vec![]
            }
            PoolEvent::Delete { nodes } => self.delete(nodes, now),
            PoolEvent::AllocationDue { .. }
            | PoolEvent::ResizeTimedOut { .. }
            | PoolEvent::StopResize
            | PoolEvent::StopResizeDue { .. } => vec![],
        }
    }

    /// Whether the pool is going away.
    pub(crate) fn is_deleting(&self) -> bool {
        self.pool.state == Some(BatchPoolState::Deleting)
    }

    /// Whether the number of its nodes does not change.
    pub(crate) fn is_steady(&self) -> bool {
        self.is(AllocationState::Steady)
    }

    /// Whether its allocation is in that state.
    pub(crate) fn is(&self, state: AllocationState) -> bool {
        self.pool.allocation_state == Some(state)
    }

    fn resize(&mut self, now: DateTime) -> Vec<PoolEffect> {
        self.round += 1;
        self.pool.resize_errors = None;
        self.enter(AllocationState::Resizing, now);
        vec![PoolEffect::Allocate]
    }

    /// How many dedicated and Spot nodes the pool gets, and whether that is as many as it asks for.
    fn goal(&self) -> (i32, i32, bool) {
        let wanted = (
            self.pool.target_dedicated_nodes.unwrap_or_default(),
            self.pool.target_low_priority_nodes.unwrap_or_default(),
        );
        let dedicated = wanted.0.min(MAX_NODES);
        let spot = wanted.1.min(MAX_NODES - dedicated);
        (dedicated, spot, (dedicated, spot) == wanted)
    }

    fn allocate(&mut self, nodes: Census, now: DateTime) -> Vec<PoolEffect> {
        if self.is_deleting() {
            return self.node_removed(nodes, now);
        }
        let (dedicated, spot, enough) = self.goal();
        if !enough {
            let message = format!("The embedded Azure Batch gives a pool at most {MAX_NODES} nodes.");
            self.pool.resize_errors = Some(vec![resize_error("AccountCoreQuotaReached", &message)]);
        }
        let mut effects = Vec::new();
        let (more_dedicated, more_spot) = (dedicated - nodes.dedicated, spot - nodes.spot);
        if more_dedicated > 0 || more_spot > 0 {
            effects.push(PoolEffect::AddNodes { dedicated: more_dedicated.max(0), spot: more_spot.max(0) });
        }
        let shrinks = more_dedicated < 0 || more_spot < 0;
        // Nodes that an earlier resize had leave wait as long as that one said, unless this one takes nodes away, too.
        if shrinks || (nodes.leaving() > 0 && effects.is_empty()) {
            effects.push(PoolEffect::ReleaseNodes {
                dedicated: (-more_dedicated).max(0),
                spot: (-more_spot).max(0),
            });
        }
        if shrinks || nodes.leaving() > 0 {
            effects.push(PoolEffect::AwaitNodes);
        } else {
            self.enter(AllocationState::Steady, now);
        }
        effects
    }

    /// The resize is over although nodes are still leaving; they go on with that. A formula gives its pool no time limit (REST
    /// reference, `resizeTimeout`). Joining nodes need none: an allocation takes less than the shortest limit that there is.
    fn time_out(&mut self, nodes: Census, now: DateTime) {
        if self.pool.enable_auto_scale == Some(true) {
            return;
        }
        let message = format!(
            "The resize timeout was reached while tasks still ran on {} of the nodes that are to be removed. They leave once \
             those tasks have ended.",
            nodes.leaving()
        );
        let errors = self.pool.resize_errors.get_or_insert_default();
        errors.push(resize_error("RemoveNodesFailed", &message));
        self.enter(AllocationState::Steady, now);
    }

    fn node_removed(&mut self, nodes: Census, now: DateTime) -> Vec<PoolEffect> {
        if self.is_deleting() {
            return if nodes.total() == 0 { vec![PoolEffect::Remove] } else { vec![] };
        }
        let (dedicated, spot, _) = self.goal();
        let reached = nodes.leaving() == 0 && (nodes.dedicated, nodes.spot) == (dedicated, spot);
        if self.is(AllocationState::Resizing) && reached {
            self.enter(AllocationState::Steady, now);
        }
        vec![]
    }

    fn delete(&mut self, nodes: Census, now: DateTime) -> Vec<PoolEffect> {
        self.round += 1;
        self.pool.state = Some(BatchPoolState::Deleting);
        self.pool.state_transition_time = Some(now);
        self.pool.target_dedicated_nodes = Some(0);
        self.pool.target_low_priority_nodes = Some(0);
        self.deallocation = BatchNodeDeallocationOption::Requeue;
        self.enter(AllocationState::Resizing, now);
        if nodes.total() == 0 {
            // Not gone at once: whoever deletes a pool sees it `deleting` first, with nodes or without.
            return vec![PoolEffect::Allocate];
        }
        vec![PoolEffect::ReleaseNodes { dedicated: nodes.dedicated, spot: nodes.spot }]
    }

    fn enter(&mut self, state: AllocationState, now: DateTime) {
        if self.pool.allocation_state.as_ref() != Some(&state) {
            self.pool.allocation_state = Some(state);
            self.pool.allocation_state_transition_time = Some(now);
        }
    }
}

fn resize_error(code: &str, message: &str) -> ResizeError {
    ResizeError { code: Some(code.to_owned()), message: Some(message.to_owned()), values: None }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::emulator::store::{FormulaClock, PoolRow};

    fn at(second: i64) -> DateTime {
        DateTime(jiff::Timestamp::from_second(second).unwrap())
    }

    fn pool(dedicated: i32, spot: i32) -> PoolRecord {
        let pool = json!({"id": "p", "state": "active", "targetDedicatedNodes": dedicated, "targetLowPriorityNodes": spot});
        let mut pool = PoolRecord {
            row: PoolRow(1),
            pool: serde_json::from_value(pool).unwrap(),
            round: 0,
            deallocation: BatchNodeDeallocationOption::Requeue,
            formula_clock: FormulaClock::default(),
        };
        assert_eq!(pool.step(PoolEvent::Create, at(0)), [PoolEffect::Allocate]);
        assert!(pool.is(AllocationState::Resizing), "also with nothing to allocate");
        pool
    }

    fn nodes(dedicated: i32, spot: i32, leaving: i32) -> Census {
        Census { dedicated, spot, dedicated_leaving: leaving, spot_leaving: 0 }
    }

    fn due(pool: &mut PoolRecord, nodes: Census) -> Vec<PoolEffect> {
        let round = pool.round;
        pool.step(PoolEvent::AllocationDue { round, nodes }, at(1))
    }

    #[test]
    fn a_pool_grows_to_its_targets_and_is_steady() {
        let mut pool = pool(2, 1);
        assert_eq!(due(&mut pool, nodes(0, 0, 0)), [PoolEffect::AddNodes { dedicated: 2, spot: 1 }]);
        assert!(pool.is_steady());
        assert_eq!(pool.pool.allocation_state_transition_time, Some(at(1)));
    }

    #[test]
    fn a_pool_that_shrinks_is_steady_once_the_last_node_has_left() {
        let mut pool = pool(2, 0);
        due(&mut pool, nodes(0, 0, 0));
        let deallocation = BatchNodeDeallocationOption::Terminate;
        pool.step(PoolEvent::Resize { dedicated: 0, spot: 1, deallocation }, at(2));
        let effects = due(&mut pool, nodes(2, 0, 0));
        assert_eq!(
            effects,
            [
                PoolEffect::AddNodes { dedicated: 0, spot: 1 },
                PoolEffect::ReleaseNodes { dedicated: 2, spot: 0 },
                PoolEffect::AwaitNodes
            ]
        );
        pool.step(PoolEvent::NodeRemoved { nodes: nodes(0, 1, 1) }, at(3));
        assert!(!pool.is_steady());
        pool.step(PoolEvent::NodeRemoved { nodes: nodes(0, 1, 0) }, at(4));
        assert!(pool.is_steady());
    }

    #[test]
    fn a_stopped_resize_keeps_its_nodes_and_says_so() {
        let mut pool = pool(3, 0);
        let stale = pool.round;
        assert_eq!(pool.step(PoolEvent::StopResize, at(1)), [PoolEffect::Stop]);
        assert!(pool.is(AllocationState::Stopping));
        assert!(
            pool.step(PoolEvent::AllocationDue { round: stale, nodes: nodes(0, 0, 0) }, at(2)).is_empty()
        );
        let round = pool.round;
        pool.step(PoolEvent::StopResizeDue { round }, at(2));
        assert!(pool.is_steady());
        assert_eq!(pool.pool.resize_errors.unwrap()[0].code.as_deref(), Some("ResizeStopped"));
        assert_eq!(pool.pool.target_dedicated_nodes, Some(3));
    }

    #[test]
    fn a_resize_whose_time_is_over_says_what_is_missing_and_can_be_followed_by_another() {
        let mut pool = pool(2, 0);
        due(&mut pool, nodes(0, 0, 0));
        let shrink = |deallocation| PoolEvent::Resize { dedicated: 0, spot: 0, deallocation };
        pool.step(shrink(BatchNodeDeallocationOption::TaskCompletion), at(2));
        due(&mut pool, nodes(2, 0, 0));
        let (round, left) = (pool.round, nodes(0, 0, 2));
        assert!(pool.step(PoolEvent::ResizeTimedOut { round: round - 1, nodes: left }, at(3)).is_empty());
        assert!(!pool.is_steady(), "it was the time of an earlier resize");
        pool.step(PoolEvent::ResizeTimedOut { round, nodes: left }, at(4));
        assert!(pool.is_steady());
        let error = pool.pool.resize_errors.clone().unwrap().remove(0);
        assert_eq!(error.code.as_deref(), Some("RemoveNodesFailed"));
        assert!(error.message.unwrap().contains("2 of the nodes"));

        pool.step(shrink(BatchNodeDeallocationOption::Terminate), at(5));
        assert_eq!(pool.pool.resize_errors, None);
        let effects = due(&mut pool, left);
        assert_eq!(effects, [PoolEffect::ReleaseNodes { dedicated: 0, spot: 0 }, PoolEffect::AwaitNodes]);
        let deallocation = BatchNodeDeallocationOption::Requeue;
        pool.step(PoolEvent::Resize { dedicated: 1, spot: 0, deallocation }, at(5));
        let effects = due(&mut pool, left);
        assert_eq!(effects, [PoolEffect::AddNodes { dedicated: 1, spot: 0 }, PoolEffect::AwaitNodes]);
        pool.pool.enable_auto_scale = Some(true);
        pool.step(PoolEvent::ResizeTimedOut { round: pool.round, nodes: left }, at(6));
        assert!(!pool.is_steady(), "a formula has no time limit");
    }

    #[test]
    fn a_deleted_pool_is_removed_after_its_last_node() {
        let mut full = pool(2, 0);
        due(&mut full, nodes(0, 0, 0));
        let effects = full.step(PoolEvent::Delete { nodes: nodes(2, 0, 0) }, at(2));
        assert_eq!(effects, [PoolEffect::ReleaseNodes { dedicated: 2, spot: 0 }]);
        assert!(full.step(PoolEvent::NodeRemoved { nodes: nodes(0, 0, 1) }, at(3)).is_empty());
        assert_eq!(full.step(PoolEvent::NodeRemoved { nodes: nodes(0, 0, 0) }, at(3)), [PoolEffect::Remove]);

        let mut empty = pool(0, 0);
        assert_eq!(empty.step(PoolEvent::Delete { nodes: nodes(0, 0, 0) }, at(2)), [PoolEffect::Allocate]);
        assert_eq!(due(&mut empty, nodes(0, 0, 0)), [PoolEffect::Remove]);
    }

    #[test]
    fn nobody_gets_more_nodes_than_there_can_be() {
        let mut pool = pool(MAX_NODES + 5, 3);
        assert_eq!(due(&mut pool, nodes(0, 0, 0)), [PoolEffect::AddNodes { dedicated: MAX_NODES, spot: 0 }]);
        assert!(pool.is_steady());
        assert_eq!(
            pool.pool.resize_errors.clone().unwrap()[0].code.as_deref(),
            Some("AccountCoreQuotaReached")
        );
        let deallocation = BatchNodeDeallocationOption::Requeue;
        pool.step(PoolEvent::Resize { dedicated: MAX_NODES + 1, spot: 0, deallocation }, at(2));
        let effects = due(&mut pool, nodes(MAX_NODES, 2, 0));
        assert_eq!(effects, [PoolEffect::ReleaseNodes { dedicated: 0, spot: 2 }, PoolEffect::AwaitNodes]);
        pool.step(PoolEvent::NodeRemoved { nodes: nodes(MAX_NODES, 0, 0) }, at(3));
        assert!(pool.is_steady(), "it has all that it can have");
    }
}
