//! Compute nodes.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::{
    BatchStartTask, BatchTaskContainerExecutionInfo, BatchTaskExecutionResult, BatchTaskFailureInfo,
    BatchTaskState, NameValuePair,
};
use crate::batch::wire_enum::wire_enum;
use crate::batch::{DateTime, JobId, NodeId, TaskId};

wire_enum!(
    /// The state of a compute node.
    BatchNodeState {
        /// Ready, with nothing to do.
        Idle = "idle",
        /// Rebooting.
        Rebooting = "rebooting",
        /// Being made anew from its image.
        Reimaging = "reimaging",
        /// Running tasks.
        Running = "running",
        /// Broken; `errors` says why.
        Unusable = "unusable",
        /// Being allocated.
        Creating = "creating",
        /// Booting, and fetching container images.
        Starting = "starting",
        /// Running its start task, and waiting for it.
        WaitingForStartTask = "waitingforstarttask",
        /// Its start task failed.
        StartTaskFailed = "starttaskfailed",
        /// Out of contact.
        Unknown = "unknown",
        /// Leaving its pool.
        LeavingPool = "leavingpool",
        /// Taking no tasks, at a user's request.
        Offline = "offline",
        /// A Spot node that was taken away.
        Preempted = "preempted",
        /// Its operating system is being upgraded.
        UpgradingOS = "upgradingos",
        /// Stopped; its machine is kept.
        Deallocated = "deallocated",
        /// Being stopped.
        Deallocating = "deallocating",
    }
);

wire_enum!(
    /// Whether a node takes tasks.
    SchedulingState {
        /// It does.
        Enabled = "enabled",
        /// It does not.
        Disabled = "disabled",
    }
);

wire_enum!(
    /// The state of a start task on a node.
    BatchStartTaskState {
        /// Running.
        Running = "running",
        /// Over.
        Completed = "completed",
    }
);

/// A compute node, as the service returns it. With `$select` everything but the id may be absent.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchNode {
    /// The node's id.
    pub id: NodeId,
    /// The node's URL.
    pub url: Option<String>,
    /// Its state.
    pub state: Option<BatchNodeState>,
    /// Whether it takes tasks.
    pub scheduling_state: Option<SchedulingState>,
    /// When it came into its state.
    pub state_transition_time: Option<DateTime>,
    /// When it last booted; absent before the first boot.
    pub last_boot_time: Option<DateTime>,
    /// When it was allocated.
    pub allocation_time: Option<DateTime>,
    /// Its address inside the pool.
    pub ip_address: Option<String>,
    /// A name that tasks can ask for.
    pub affinity_id: Option<String>,
    /// The size of its virtual machine.
    pub vm_size: Option<String>,
    /// How many task runs have ended on it.
    pub total_tasks_run: Option<i32>,
    /// How many tasks are running on it.
    pub running_tasks_count: Option<i32>,
    /// How many of its slots are taken.
    pub running_task_slots_count: Option<i32>,
    /// How many tasks succeeded on it.
    pub total_tasks_succeeded: Option<i32>,
    /// Tasks whose state changed lately.
    pub recent_tasks: Option<Vec<BatchTaskInfo>>,
    /// The start task that it ran.
    pub start_task: Option<BatchStartTask>,
    /// How the start task has run.
    pub start_task_info: Option<BatchStartTaskInfo>,
    /// What is wrong with it.
    pub errors: Option<Vec<BatchNodeError>>,
    /// Dedicated, or Spot.
    pub is_dedicated: Option<bool>,
    /// The node agent; absent before the first boot.
    pub node_agent_info: Option<BatchNodeAgentInfo>,
    /// Properties without a field of their own.
    #[serde(flatten)]
    pub other: serde_json::Map<String, serde_json::Value>,
}

/// A task whose state changed lately.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchTaskInfo {
    /// The task's URL.
    pub task_url: Option<String>,
    /// Its job.
    pub job_id: Option<JobId>,
    /// Its id.
    pub task_id: Option<TaskId>,
    /// Its state.
    pub task_state: BatchTaskState,
}

/// How a start task has run on a node.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchStartTaskInfo {
    /// Its state.
    pub state: BatchStartTaskState,
    /// When it started.
    pub start_time: DateTime,
    /// When it ended.
    pub end_time: Option<DateTime>,
    /// The exit code of its program.
    pub exit_code: Option<i32>,
    /// What became of its container.
    pub container_info: Option<BatchTaskContainerExecutionInfo>,
    /// Why it failed.
    pub failure_info: Option<BatchTaskFailureInfo>,
    /// How often it was run again.
    #[serde(default)]
    pub retry_count: i32,
    /// When it was last run again.
    pub last_retry_time: Option<DateTime>,
    /// How it ended.
    pub result: Option<BatchTaskExecutionResult>,
}

/// What is wrong with a node.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchNodeError {
    /// A code, for example `ContainerInvalidImage`.
    pub code: Option<String>,
    /// A message for people.
    pub message: Option<String>,
    /// Details.
    pub error_details: Option<Vec<NameValuePair>>,
}

/// The agent on a node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchNodeAgentInfo {
    /// Its version.
    pub version: String,
    /// When that version came onto the node.
    pub last_update_time: DateTime,
}
