//! How a pool is doing, and whether its nodes can work.

use std::collections::BTreeMap;

use futures::{TryStreamExt, pin_mut};
use serde::Serialize;

use crate::batch::model::{AllocationState, BatchNodeState, BatchPool, BatchPoolState};
use crate::batch::odata::{ListQuery, Select};
use crate::batch::operations::{GetPool, ListNodes};
use crate::batch::{NodeId, PoolId};
use crate::client::{BatchClient, ClientError};

use super::hold::{Hold, Problem};
use super::node_trouble::{self, NodeTrouble};

/// How a pool is doing.
#[derive(Debug, Clone, Serialize)]
pub struct PoolStatus {
    /// The pool.
    pub id: PoolId,
    /// Its state.
    pub state: BatchPoolState,
    /// Whether its nodes are changing.
    pub allocation_state: AllocationState,
    /// Whether a formula decides about its size.
    pub autoscale: bool,
    /// How many nodes it should have.
    pub target_nodes: i32,
    /// How many tasks a node runs at once.
    pub slots_per_node: i32,
    /// How many nodes are in which state.
    pub nodes: BTreeMap<String, usize>,
    /// Why it does not have as many nodes as it should.
    pub resize_errors: Vec<Problem>,
    /// Nodes that can't work.
    pub node_troubles: Vec<NodeTrouble>,
    /// Whether its nodes communicate.
    #[serde(skip)]
    pub communicates: bool,
    /// Nodes that run tasks, or could.
    #[serde(skip)]
    pub able: Vec<NodeId>,
    /// Nodes that may yet become able.
    #[serde(skip)]
    pub coming: usize,
}

/// Reads how a pool is doing; `None` if it doesn't exist.
///
/// # Errors
/// When the account can't be read.
pub async fn pool_status(client: &BatchClient, pool: &PoolId) -> Result<Option<PoolStatus>, ClientError> {
    let request = GetPool { pool_id: pool.clone(), select: Select::default() };
    let Some(answer) = client.find(&request).await? else { return Ok(None) };
    let mut status = PoolStatus::without_nodes(&answer.value);
    let query = ListQuery::select(&["id", "state", "errors", "startTaskInfo"]);
    let nodes = client.list(ListNodes { pool_id: pool.clone(), query });
    pin_mut!(nodes);
    loop {
        let node = match nodes.try_next().await {
            Ok(Some(node)) => node,
            Ok(None) => return Ok(Some(status)),
            // The pool went in between.
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error),
        };
        if let Some(state) = &node.state {
            status.count(&node.id, state);
            status.node_troubles.extend(node_trouble::troubles(pool, &node));
        }
    }
}

impl PoolStatus {
    fn without_nodes(pool: &BatchPool) -> Self {
        let problem = |error: &crate::batch::model::ResizeError| Problem {
            code: error.code.clone().unwrap_or_default(),
            message: error.message.clone().unwrap_or_default(),
            details: node_trouble::named_values(error.values.as_deref().unwrap_or_default()),
        };
        Self {
            id: pool.id.clone(),
            state: pool.state.clone().unwrap_or(BatchPoolState::Active),
            allocation_state: pool.allocation_state.clone().unwrap_or(AllocationState::Steady),
            autoscale: pool.enable_auto_scale.unwrap_or(false),
            target_nodes: pool.target_dedicated_nodes.unwrap_or(0)
                + pool.target_low_priority_nodes.unwrap_or(0),
            slots_per_node: pool.task_slots_per_node.unwrap_or(1),
            nodes: BTreeMap::new(),
            resize_errors: pool.resize_errors.iter().flatten().map(problem).collect(),
            node_troubles: Vec::new(),
            communicates: pool.enable_inter_node_communication.unwrap_or(false),
            able: Vec::new(),
            coming: 0,
        }
    }

    fn count(&mut self, node: &NodeId, state: &BatchNodeState) {
        *self.nodes.entry(state.to_string()).or_default() += 1;
        match state {
            BatchNodeState::Idle | BatchNodeState::Running => self.able.push(node.clone()),
            BatchNodeState::Unusable
            | BatchNodeState::StartTaskFailed
            | BatchNodeState::Offline
            | BatchNodeState::Deallocated
            | BatchNodeState::LeavingPool => {}
            _ => self.coming += 1,
        }
    }

    /// How many nodes are in which state, for people: `1 starting, 2 idle`.
    pub fn states(&self) -> String {
        let states: Vec<_> = self.nodes.iter().map(|(state, count)| format!("{count} {state}")).collect();
        if states.is_empty() { "none".to_owned() } else { states.join(", ") }
    }

    /// Whether its nodes have become what they will be: able to work, or not.
    pub fn is_settled(&self) -> bool {
        self.coming == 0 && self.allocation_state == AllocationState::Steady
    }

    /// Whether something is wrong with it or its nodes.
    pub fn is_troubled(&self) -> bool {
        !self.node_troubles.is_empty() || !self.resize_errors.is_empty()
    }

    /// Why none of its nodes can run a task; `None` if one can.
    pub fn hold(&self) -> Option<Hold> {
        let pool = self.id.clone();
        let nodes = self.states();
        if self.state == BatchPoolState::Deleting {
            return Some(Hold::PoolDeleting { pool });
        }
        if !self.able.is_empty() {
            return None;
        }
        if self.coming > 0 {
            return Some(Hold::NodesStarting { pool, nodes });
        }
        let (wanted, is_steady) = (self.target_nodes, self.allocation_state == AllocationState::Steady);
        if is_steady && !self.nodes.is_empty() {
            return Some(Hold::NodesUnable { pool, nodes });
        }
        if is_steady && !self.resize_errors.is_empty() {
            return Some(Hold::NotAllocated { pool, wanted, problems: self.resize_errors.clone() });
        }
        if is_steady && wanted == 0 {
            return Some(Hold::NoNodes { pool, autoscale: self.autoscale });
        }
        Some(Hold::Allocating { pool, wanted, allocation_state: self.allocation_state.to_string() })
    }
}
