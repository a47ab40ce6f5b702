//! Tasks.

use serde::{Deserialize, Serialize};
use serde_with::{DisplayFromStr, PickFirst, serde_as, skip_serializing_none};

use super::{
    BatchAffinityInfo, BatchApplicationPackageReference, BatchTaskContainerExecutionInfo,
    BatchTaskContainerSettings, EnvironmentSetting, ExitConditions, MultiInstanceSettings, NameValuePair,
    OutputFile, ResourceFile, UserIdentity,
};
use crate::batch::error::BatchErrorBody;
use crate::batch::wire_enum::wire_enum;
use crate::batch::{DateTime, NodeId, PoolId, TaskId, WireDuration};

wire_enum!(
    /// The state of a task.
    BatchTaskState {
        /// Waiting for its dependencies, or for a free slot.
        Active = "active",
        /// Assigned to a node that runs the job preparation task first.
        Preparing = "preparing",
        /// On a node; fetching its image counts as running.
        Running = "running",
        /// Over.
        Completed = "completed",
    }
);

wire_enum!(
    /// How a task ended.
    BatchTaskExecutionResult {
        /// Well.
        Success = "success",
        /// Badly; the failure info says why.
        Failure = "failure",
    }
);

wire_enum!(
    /// Whose fault an error is.
    BatchErrorSourceCategory {
        /// The user's.
        UserError = "usererror",
        /// The service's.
        ServerError = "servererror",
    }
);

wire_enum!(
    /// What became of one task of a collection.
    BatchTaskAddStatus {
        /// Added.
        Success = "success",
        /// Refused; sending it again will not help.
        ClientError = "clienterror",
        /// Not added; sending it again may help.
        ServerError = "servererror",
    }
);

/// How long and how often a task may run, and how long its directory is kept.
#[serde_as]
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchTaskConstraints {
    /// How long each run may take; absent means without limit.
    pub max_wall_clock_time: Option<WireDuration>,
    /// How long the task's directory is kept on its node; default 7 days.
    pub retention_time: Option<WireDuration>,
    /// How often it may be run again after a failure; -1 means without limit.
    #[serde_as(as = "Option<PickFirst<(_, DisplayFromStr)>>")]
    #[serde(default)]
    pub max_task_retry_count: Option<i32>,
}

/// The tasks that must succeed before a task can run.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchTaskDependencies {
    /// By id; all ids together have at most 64,000 characters.
    pub task_ids: Option<Vec<TaskId>>,
    /// By ranges of ids that are integers.
    pub task_id_ranges: Option<Vec<BatchTaskIdRange>>,
}

/// A range of task ids that are integers; both ends belong to it.
#[serde_as]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchTaskIdRange {
    /// The first.
    #[serde_as(as = "PickFirst<(_, DisplayFromStr)>")]
    pub start: i32,
    /// The last.
    #[serde_as(as = "PickFirst<(_, DisplayFromStr)>")]
    pub end: i32,
}

/// The body of `POST /jobs/{jobId}/tasks`, and a member of a collection.
#[serde_as]
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchTaskCreateOptions {
    /// The task's id.
    pub id: TaskId,
    /// A name for people.
    pub display_name: Option<String>,
    /// The command line; no shell reads it. Empty means the image's ENTRYPOINT.
    pub command_line: String,
    /// The container to run in; required on pools with a container configuration.
    pub container_settings: Option<BatchTaskContainerSettings>,
    /// Environment variables.
    pub environment_settings: Option<Vec<EnvironmentSetting>>,
    /// How long and how often it may run.
    pub constraints: Option<BatchTaskConstraints>,
    /// How many of a node's slots it takes; default 1.
    #[serde_as(as = "Option<PickFirst<(_, DisplayFromStr)>>")]
    #[serde(default)]
    pub required_slots: Option<i32>,
    /// Who it runs as.
    pub user_identity: Option<UserIdentity>,
    /// The tasks that must succeed first.
    pub depends_on: Option<BatchTaskDependencies>,
    /// Files to download before.
    pub resource_files: Option<Vec<ResourceFile>>,
    /// Files to upload afterwards.
    pub output_files: Option<Vec<OutputFile>>,
    /// Application packages to install before.
    pub application_package_references: Option<Vec<BatchApplicationPackageReference>>,
    /// What follows from how it ends.
    pub exit_conditions: Option<ExitConditions>,
    /// How it runs on several nodes at once.
    pub multi_instance_settings: Option<MultiInstanceSettings>,
    /// A wish where to run.
    pub affinity_info: Option<BatchAffinityInfo>,
    /// Properties without a field of their own.
    #[serde(flatten)]
    pub other: serde_json::Map<String, serde_json::Value>,
}

impl BatchTaskCreateOptions {
    /// A task that runs a command on the node itself, with nothing else set.
    pub fn new(id: TaskId, command_line: String) -> Self {
        Self {
            id,
            display_name: None,
            command_line,
            container_settings: None,
            environment_settings: None,
            constraints: None,
            required_slots: None,
            user_identity: None,
            depends_on: None,
            resource_files: None,
            output_files: None,
            application_package_references: None,
            exit_conditions: None,
            multi_instance_settings: None,
            affinity_info: None,
            other: serde_json::Map::new(),
        }
    }
}

/// A task, as the service returns it. With `$select` everything but the id may be absent.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchTask {
    /// The task's id.
    pub id: TaskId,
    /// A name for people.
    pub display_name: Option<String>,
    /// The task's URL.
    pub url: Option<String>,
    /// The version of the object; state changes leave it as it is.
    pub e_tag: Option<String>,
    /// When the object last changed.
    pub last_modified: Option<DateTime>,
    /// When it was added.
    pub creation_time: Option<DateTime>,
    /// Its state.
    pub state: Option<BatchTaskState>,
    /// When it came into that state.
    pub state_transition_time: Option<DateTime>,
    /// The state before; absent in the first one.
    pub previous_state: Option<BatchTaskState>,
    /// When it came into the state before.
    pub previous_state_transition_time: Option<DateTime>,
    /// The command line.
    pub command_line: Option<String>,
    /// The container to run in.
    pub container_settings: Option<BatchTaskContainerSettings>,
    /// Environment variables.
    pub environment_settings: Option<Vec<EnvironmentSetting>>,
    /// How long and how often it may run.
    pub constraints: Option<BatchTaskConstraints>,
    /// How many of a node's slots it takes.
    pub required_slots: Option<i32>,
    /// Who it runs as.
    pub user_identity: Option<UserIdentity>,
    /// How it has run so far.
    pub execution_info: Option<BatchTaskExecutionInfo>,
    /// Where it ran.
    pub node_info: Option<BatchNodeInfo>,
    /// The tasks that must succeed first.
    pub depends_on: Option<BatchTaskDependencies>,
    /// Files to download before.
    pub resource_files: Option<Vec<ResourceFile>>,
    /// Files to upload afterwards.
    pub output_files: Option<Vec<OutputFile>>,
    /// Application packages to install before.
    pub application_package_references: Option<Vec<BatchApplicationPackageReference>>,
    /// What follows from how it ends.
    pub exit_conditions: Option<ExitConditions>,
    /// How it runs on several nodes at once.
    pub multi_instance_settings: Option<MultiInstanceSettings>,
    /// A wish where to run.
    pub affinity_info: Option<BatchAffinityInfo>,
    /// Properties without a field of their own.
    #[serde(flatten)]
    pub other: serde_json::Map<String, serde_json::Value>,
}

/// How a task has run so far.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchTaskExecutionInfo {
    /// When the last run started; fetching the image belongs to it.
    pub start_time: Option<DateTime>,
    /// When it completed.
    pub end_time: Option<DateTime>,
    /// The exit code of its program; absent where no program ran.
    pub exit_code: Option<i32>,
    /// What became of its container.
    pub container_info: Option<BatchTaskContainerExecutionInfo>,
    /// Why it failed.
    pub failure_info: Option<BatchTaskFailureInfo>,
    /// How often it was run again after a failure.
    #[serde(default)]
    pub retry_count: i32,
    /// When it was last run again.
    pub last_retry_time: Option<DateTime>,
    /// How often it was put back in the queue at a user's request.
    #[serde(default)]
    pub requeue_count: i32,
    /// When it was last put back in the queue.
    pub last_requeue_time: Option<DateTime>,
    /// How it ended.
    pub result: Option<BatchTaskExecutionResult>,
}

/// Why a task failed.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BatchTaskFailureInfo {
    /// Whose fault it is.
    pub category: BatchErrorSourceCategory,
    /// A code, for example `FailureExitCode`.
    pub code: Option<String>,
    /// A message for people.
    pub message: Option<String>,
    /// Details.
    pub details: Option<Vec<NameValuePair>>,
}

/// Where a task ran.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchNodeInfo {
    /// A name for the node that tasks can ask for.
    pub affinity_id: Option<String>,
    /// The node's URL.
    pub node_url: Option<String>,
    /// The pool.
    pub pool_id: Option<PoolId>,
    /// The node.
    pub node_id: Option<NodeId>,
    /// The task's directory, relative to the node's root directory.
    pub task_root_directory: Option<String>,
    /// The URL of that directory.
    pub task_root_directory_url: Option<String>,
}

/// The body of `POST /jobs/{jobId}/addtaskcollection`: at most 100 tasks and 1 MB.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BatchTaskGroup {
    /// The tasks.
    pub value: Vec<BatchTaskCreateOptions>,
}

/// The answer to a collection: one result a task, in any order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BatchCreateTaskCollectionResult {
    /// The results.
    pub value: Vec<BatchTaskCreateResult>,
}

/// What became of one task of a collection.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchTaskCreateResult {
    /// Added or not.
    pub status: BatchTaskAddStatus,
    /// Which task.
    pub task_id: TaskId,
    /// Its version.
    pub e_tag: Option<String>,
    /// When it was added.
    pub last_modified: Option<DateTime>,
    /// Its URL.
    pub location: Option<String>,
    /// Why it was not added.
    pub error: Option<BatchErrorBody>,
}

/// The body of `PUT /jobs/{jobId}/tasks/{taskId}`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchTaskReplaceOptions {
    /// How long and how often the task may run, and how long its directory is kept; what is absent becomes the default.
    pub constraints: Option<BatchTaskConstraints>,
}
