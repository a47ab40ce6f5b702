//! Subtasks of multi-instance tasks.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::{BatchNodeInfo, BatchTaskContainerExecutionInfo, BatchTaskExecutionResult, BatchTaskFailureInfo};
use crate::batch::DateTime;
use crate::batch::wire_enum::wire_enum;

wire_enum!(
    /// The state of a subtask.
    BatchSubtaskState {
        /// Waiting for the job preparation task.
        Preparing = "preparing",
        /// On its node.
        Running = "running",
        /// Over.
        Completed = "completed",
    }
);

/// A subtask, as the service returns it.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchSubtask {
    /// Its number.
    pub id: Option<i32>,
    /// Where it runs.
    pub node_info: Option<BatchNodeInfo>,
    /// When it started.
    pub start_time: Option<DateTime>,
    /// When it ended.
    pub end_time: Option<DateTime>,
    /// The exit code of its program.
    pub exit_code: Option<i32>,
    /// What became of its container.
    pub container_info: Option<BatchTaskContainerExecutionInfo>,
    /// Why it failed.
    pub failure_info: Option<BatchTaskFailureInfo>,
    /// Its state.
    pub state: Option<BatchSubtaskState>,
    /// When it came into that state.
    pub state_transition_time: Option<DateTime>,
    /// The state before; absent in the first one.
    pub previous_state: Option<BatchSubtaskState>,
    /// When it came into the state before.
    pub previous_state_transition_time: Option<DateTime>,
    /// How it ended.
    pub result: Option<BatchTaskExecutionResult>,
}
