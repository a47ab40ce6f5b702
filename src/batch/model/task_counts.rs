//! How many tasks of a job are in which state.

use serde::{Deserialize, Serialize};

/// The answer to `GET /jobs/{jobId}/taskcounts`. Eventually consistent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchTaskCountsResult {
    /// Tasks by state.
    pub task_counts: BatchTaskCounts,
    /// Slots by state of their task.
    pub task_slot_counts: BatchTaskSlotCounts,
}

/// Tasks by state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchTaskCounts {
    /// Waiting.
    pub active: u32,
    /// Running or preparing.
    pub running: u32,
    /// Over.
    pub completed: u32,
    /// Of the completed, those that succeeded.
    pub succeeded: u32,
    /// Of the completed, those that failed.
    pub failed: u32,
}

/// Slots by state of their task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchTaskSlotCounts {
    /// Waiting.
    pub active: u32,
    /// Running or preparing.
    pub running: u32,
    /// Over.
    pub completed: u32,
    /// Of the completed, those of tasks that succeeded.
    pub succeeded: u32,
    /// Of the completed, those of tasks that failed.
    pub failed: u32,
}
