//! How the preparation and release tasks of a job have run.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::{BatchTaskContainerExecutionInfo, BatchTaskExecutionResult, BatchTaskFailureInfo};
use crate::batch::wire_enum::wire_enum;
use crate::batch::{DateTime, NodeId, PoolId};

wire_enum!(
    /// The state of a job preparation task on a node.
    BatchJobPreparationTaskState {
        /// Running.
        Running = "running",
        /// Over.
        Completed = "completed",
    }
);

wire_enum!(
    /// The state of a job release task on a node.
    BatchJobReleaseTaskState {
        /// Running.
        Running = "running",
        /// Over.
        Completed = "completed",
    }
);

/// How the preparation and release tasks of a job have run on a node.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchJobPreparationAndReleaseTaskStatus {
    /// The node's pool.
    pub pool_id: Option<PoolId>,
    /// The node.
    pub node_id: Option<NodeId>,
    /// The node's URL.
    pub node_url: Option<String>,
    /// How the preparation task has run.
    pub job_preparation_task_execution_info: Option<BatchJobPreparationTaskExecutionInfo>,
    /// How the release task has run.
    pub job_release_task_execution_info: Option<BatchJobReleaseTaskExecutionInfo>,
}

/// How a preparation task has run on a node.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchJobPreparationTaskExecutionInfo {
    /// When it started.
    pub start_time: DateTime,
    /// When it ended.
    pub end_time: Option<DateTime>,
    /// Its state.
    pub state: BatchJobPreparationTaskState,
    /// Its directory, relative to the node's root directory.
    pub task_root_directory: Option<String>,
    /// The URL of its directory.
    pub task_root_directory_url: Option<String>,
    /// The exit code of its program.
    pub exit_code: Option<i32>,
    /// What became of its container.
    pub container_info: Option<BatchTaskContainerExecutionInfo>,
    /// Why it failed.
    pub failure_info: Option<BatchTaskFailureInfo>,
    /// How often it was run again.
    pub retry_count: i32,
    /// When it was last run again.
    pub last_retry_time: Option<DateTime>,
    /// How it ended.
    pub result: Option<BatchTaskExecutionResult>,
}

/// How a release task has run on a node.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchJobReleaseTaskExecutionInfo {
    /// When it started.
    pub start_time: DateTime,
    /// When it ended.
    pub end_time: Option<DateTime>,
    /// Its state.
    pub state: BatchJobReleaseTaskState,
    /// Its directory, relative to the node's root directory.
    pub task_root_directory: Option<String>,
    /// The URL of its directory.
    pub task_root_directory_url: Option<String>,
    /// The exit code of its program.
    pub exit_code: Option<i32>,
    /// What became of its container.
    pub container_info: Option<BatchTaskContainerExecutionInfo>,
    /// Why it failed.
    pub failure_info: Option<BatchTaskFailureInfo>,
    /// How it ended.
    pub result: Option<BatchTaskExecutionResult>,
}
