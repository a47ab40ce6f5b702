//! Pools.

use serde::{Deserialize, Serialize};
use serde_with::{DisplayFromStr, PickFirst, serde_as, skip_serializing_none};

use super::{
    BatchApplicationPackageReference, BatchMetadataItem, BatchTaskContainerSettings, EnvironmentSetting,
    MountConfiguration, NameValuePair, NetworkConfiguration, ResourceFile, UpgradePolicy, UserAccount,
    UserIdentity, VirtualMachineConfiguration,
};
use crate::batch::wire_enum::wire_enum;
use crate::batch::{DateTime, PoolId, WireDuration};

wire_enum!(
    /// The state of a pool.
    BatchPoolState {
        /// It can take jobs.
        Active = "active",
        /// It is going away.
        Deleting = "deleting",
    }
);

wire_enum!(
    /// Whether the number of nodes is changing.
    AllocationState {
        /// It is not.
        Steady = "steady",
        /// Nodes are being added or removed.
        Resizing = "resizing",
        /// A resize is being stopped.
        Stopping = "stopping",
    }
);

wire_enum!(
    /// How tasks spread over nodes.
    BatchNodeFillType {
        /// Evenly.
        Spread = "spread",
        /// As many as fit on one node before the next is used.
        Pack = "pack",
    }
);

wire_enum!(
    /// Which of two jobs of equal priority comes first.
    BatchJobDefaultOrder {
        /// Neither: their tasks take turns.
        None = "none",
        /// The one that was made first.
        CreationTime = "creationtime",
    }
);

wire_enum!(
    /// What happens to tasks on nodes that leave.
    BatchNodeDeallocationOption {
        /// Ended and put back in the queue.
        Requeue = "requeue",
        /// Ended for good.
        Terminate = "terminate",
        /// Waited for.
        TaskCompletion = "taskcompletion",
        /// Waited for until their retention time is over.
        RetainedData = "retaineddata",
    }
);

/// How tasks are placed on the nodes of a pool.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchTaskSchedulingPolicy {
    /// How tasks spread over nodes.
    pub node_fill_type: BatchNodeFillType,
    /// The order of jobs of equal priority.
    pub job_default_order: Option<BatchJobDefaultOrder>,
}

/// A task that runs on every node as it joins its pool.
#[serde_as]
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchStartTask {
    /// The command line; no shell reads it.
    pub command_line: String,
    /// The container to run in; absent means on the node itself.
    pub container_settings: Option<BatchTaskContainerSettings>,
    /// Environment variables.
    pub environment_settings: Option<Vec<EnvironmentSetting>>,
    /// Who it runs as.
    pub user_identity: Option<UserIdentity>,
    /// How often it may be run again after a failure; -1 means without limit.
    #[serde_as(as = "Option<PickFirst<(_, DisplayFromStr)>>")]
    #[serde(default)]
    pub max_task_retry_count: Option<i32>,
    /// Files to download before.
    pub resource_files: Option<Vec<ResourceFile>>,
    /// Whether the node takes tasks only after it succeeded; default true.
    pub wait_for_success: Option<bool>,
    /// Properties without a field of their own.
    #[serde(flatten)]
    pub other: serde_json::Map<String, serde_json::Value>,
}

/// The body of `POST /pools`.
#[serde_as]
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchPoolCreateOptions {
    /// The pool's id.
    pub id: PoolId,
    /// A name for people.
    pub display_name: Option<String>,
    /// The size of the virtual machines.
    pub vm_size: String,
    /// What the virtual machines are made from.
    pub virtual_machine_configuration: Option<VirtualMachineConfiguration>,
    /// How long the allocation of nodes may take; default 15 minutes.
    pub resize_timeout: Option<WireDuration>,
    /// How many dedicated nodes.
    #[serde_as(as = "Option<PickFirst<(_, DisplayFromStr)>>")]
    #[serde(default)]
    pub target_dedicated_nodes: Option<i32>,
    /// How many Spot nodes.
    #[serde_as(as = "Option<PickFirst<(_, DisplayFromStr)>>")]
    #[serde(default)]
    pub target_low_priority_nodes: Option<i32>,
    /// Whether a formula sets the number of nodes.
    pub enable_auto_scale: Option<bool>,
    /// The formula that sets the number of nodes.
    pub auto_scale_formula: Option<String>,
    /// How often the formula is evaluated; default 15 minutes.
    pub auto_scale_evaluation_interval: Option<WireDuration>,
    /// Whether nodes can talk to each other.
    pub enable_inter_node_communication: Option<bool>,
    /// A task that runs on every node as it joins.
    pub start_task: Option<BatchStartTask>,
    /// How many tasks a node runs at once; default 1.
    #[serde_as(as = "Option<PickFirst<(_, DisplayFromStr)>>")]
    #[serde(default)]
    pub task_slots_per_node: Option<i32>,
    /// How tasks are placed.
    pub task_scheduling_policy: Option<BatchTaskSchedulingPolicy>,
    /// Names and values for the user.
    pub metadata: Option<Vec<BatchMetadataItem>>,
    /// The network that the nodes join.
    pub network_configuration: Option<NetworkConfiguration>,
    /// Application packages that every node installs.
    pub application_package_references: Option<Vec<BatchApplicationPackageReference>>,
    /// User accounts on every node.
    pub user_accounts: Option<Vec<UserAccount>>,
    /// File systems that every node mounts.
    pub mount_configuration: Option<Vec<MountConfiguration>>,
    /// How the operating system is upgraded.
    pub upgrade_policy: Option<UpgradePolicy>,
    /// Properties without a field of their own.
    #[serde(flatten)]
    pub other: serde_json::Map<String, serde_json::Value>,
}

/// A pool, as the service returns it. With `$select` everything but the id may be absent.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchPool {
    /// The pool's id.
    pub id: PoolId,
    /// A name for people.
    pub display_name: Option<String>,
    /// The pool's URL.
    pub url: Option<String>,
    /// The version of the object.
    pub e_tag: Option<String>,
    /// When the object last changed.
    pub last_modified: Option<DateTime>,
    /// When it was created.
    pub creation_time: Option<DateTime>,
    /// Its state.
    pub state: Option<BatchPoolState>,
    /// When it came into that state.
    pub state_transition_time: Option<DateTime>,
    /// Whether the number of nodes is changing.
    pub allocation_state: Option<AllocationState>,
    /// When it came into that allocation state.
    pub allocation_state_transition_time: Option<DateTime>,
    /// The size of the virtual machines.
    pub vm_size: Option<String>,
    /// What the virtual machines are made from.
    pub virtual_machine_configuration: Option<VirtualMachineConfiguration>,
    /// How long an allocation may take.
    pub resize_timeout: Option<WireDuration>,
    /// What went wrong with the last resize.
    pub resize_errors: Option<Vec<ResizeError>>,
    /// How many dedicated nodes there are.
    pub current_dedicated_nodes: Option<i32>,
    /// How many Spot nodes there are.
    pub current_low_priority_nodes: Option<i32>,
    /// How many dedicated nodes there should be.
    pub target_dedicated_nodes: Option<i32>,
    /// How many Spot nodes there should be.
    pub target_low_priority_nodes: Option<i32>,
    /// Whether a formula sets the number of nodes.
    pub enable_auto_scale: Option<bool>,
    /// The formula that sets the number of nodes.
    pub auto_scale_formula: Option<String>,
    /// How often the formula is evaluated; default 15 minutes.
    pub auto_scale_evaluation_interval: Option<WireDuration>,
    /// Whether nodes can talk to each other.
    pub enable_inter_node_communication: Option<bool>,
    /// A task that runs on every node as it joins.
    pub start_task: Option<BatchStartTask>,
    /// How many tasks a node runs at once.
    pub task_slots_per_node: Option<i32>,
    /// How tasks are placed.
    pub task_scheduling_policy: Option<BatchTaskSchedulingPolicy>,
    /// Names and values of the user.
    pub metadata: Option<Vec<BatchMetadataItem>>,
    /// The network that the nodes join.
    pub network_configuration: Option<NetworkConfiguration>,
    /// Application packages that every node installs.
    pub application_package_references: Option<Vec<BatchApplicationPackageReference>>,
    /// User accounts on every node.
    pub user_accounts: Option<Vec<UserAccount>>,
    /// File systems that every node mounts.
    pub mount_configuration: Option<Vec<MountConfiguration>>,
    /// How the operating system is upgraded.
    pub upgrade_policy: Option<UpgradePolicy>,
    /// Properties without a field of their own.
    #[serde(flatten)]
    pub other: serde_json::Map<String, serde_json::Value>,
}

/// What went wrong with a resize.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResizeError {
    /// A code, for example `AllocationTimedout`.
    pub code: Option<String>,
    /// A message for people.
    pub message: Option<String>,
    /// Details.
    pub values: Option<Vec<NameValuePair>>,
}

/// The body of `PATCH /pools/{poolId}`: what is absent stays as it is.
#[serde_as]
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchPoolUpdateOptions {
    /// A name for people; only while the pool has no nodes.
    pub display_name: Option<String>,
    /// The size of the virtual machines; only while the pool has no nodes.
    pub vm_size: Option<String>,
    /// What the virtual machines are made from; only while the pool has no nodes.
    pub virtual_machine_configuration: Option<VirtualMachineConfiguration>,
    /// How many tasks a node runs at once; only while the pool has no nodes.
    #[serde_as(as = "Option<PickFirst<(_, DisplayFromStr)>>")]
    #[serde(default)]
    pub task_slots_per_node: Option<i32>,
    /// How tasks are placed; only while the pool has no nodes.
    pub task_scheduling_policy: Option<BatchTaskSchedulingPolicy>,
    /// Whether nodes can talk to each other; only while the pool has no nodes.
    pub enable_inter_node_communication: Option<bool>,
    /// A task that runs on every node as it joins; nodes keep the old one until they reboot.
    pub start_task: Option<BatchStartTask>,
    /// Names and values of the user; replaces all of them.
    pub metadata: Option<Vec<BatchMetadataItem>>,
    /// The network that the nodes join; only while the pool has no nodes.
    pub network_configuration: Option<NetworkConfiguration>,
    /// Application packages that every node installs; nodes keep what they have until they reboot.
    pub application_package_references: Option<Vec<BatchApplicationPackageReference>>,
    /// User accounts on every node; only while the pool has no nodes.
    pub user_accounts: Option<Vec<UserAccount>>,
    /// File systems that every node mounts; only while the pool has no nodes.
    pub mount_configuration: Option<Vec<MountConfiguration>>,
    /// How the operating system is upgraded; only while the pool has no nodes.
    pub upgrade_policy: Option<UpgradePolicy>,
    /// Properties without a field of their own.
    #[serde(flatten)]
    pub other: serde_json::Map<String, serde_json::Value>,
}

/// The body of `POST /pools/{poolId}/resize`.
#[serde_as]
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchPoolResizeOptions {
    /// How many dedicated nodes there should be.
    #[serde_as(as = "Option<PickFirst<(_, DisplayFromStr)>>")]
    #[serde(default)]
    pub target_dedicated_nodes: Option<i32>,
    /// How many Spot nodes there should be.
    #[serde_as(as = "Option<PickFirst<(_, DisplayFromStr)>>")]
    #[serde(default)]
    pub target_low_priority_nodes: Option<i32>,
    /// How long it may take; at least 5 minutes, default 15.
    pub resize_timeout: Option<WireDuration>,
    /// What happens to the tasks of nodes that leave; default `requeue`.
    pub node_deallocation_option: Option<BatchNodeDeallocationOption>,
}
