//! Nodes, counted by state.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use crate::batch::PoolId;

/// The nodes of a pool, counted.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchPoolNodeCounts {
    /// The pool.
    pub pool_id: PoolId,
    /// Its dedicated nodes.
    pub dedicated: Option<BatchNodeCounts>,
    /// Its Spot nodes.
    pub low_priority: Option<BatchNodeCounts>,
}

/// Nodes by state. What is no number is not counted by the version of the API that answered.
#[skip_serializing_none]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BatchNodeCounts {
    /// In the state `creating`.
    pub creating: u32,
    /// In the state `idle`.
    pub idle: u32,
    /// In the state `offline`.
    pub offline: u32,
    /// In the state `preempted`.
    pub preempted: u32,
    /// In the state `rebooting`.
    pub rebooting: u32,
    /// In the state `reimaging`.
    pub reimaging: u32,
    /// In the state `running`.
    pub running: u32,
    /// In the state `starting`.
    pub starting: u32,
    /// In the state `starttaskfailed`.
    pub start_task_failed: u32,
    /// In the state `leavingpool`.
    pub leaving_pool: u32,
    /// In the state `unknown`.
    pub unknown: u32,
    /// In the state `unusable`.
    pub unusable: u32,
    /// In the state `waitingforstarttask`.
    pub waiting_for_start_task: u32,
    /// In the state `deallocated`.
    pub deallocated: Option<u32>,
    /// In the state `deallocating`.
    pub deallocating: Option<u32>,
    /// In the state `upgradingos`.
    #[serde(rename = "upgradingOS")]
    pub upgrading_os: Option<u32>,
    /// All of them.
    pub total: u32,
}
