//! Pools that the service makes for jobs.

use serde::{Deserialize, Serialize};
use serde_with::{DisplayFromStr, PickFirst, serde_as, skip_serializing_none};

use super::{
    BatchApplicationPackageReference, BatchMetadataItem, BatchPoolCreateOptions, BatchStartTask,
    BatchTaskSchedulingPolicy, MountConfiguration, NetworkConfiguration, UpgradePolicy, UserAccount,
    VirtualMachineConfiguration,
};
use crate::batch::wire_enum::wire_enum;
use crate::batch::{PoolId, WireDuration};

wire_enum!(
    /// How long an auto pool lives.
    BatchPoolLifetimeOption {
        /// As long as its job: every job has a pool of its own.
        Job = "job",
        /// As long as its job schedule: all jobs of the schedule share one.
        JobSchedule = "jobschedule",
    }
);

/// A pool that the service makes when a job starts, and deletes afterwards.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchAutoPoolSpecification {
    /// What the pool's id begins with; at most 20 characters.
    pub auto_pool_id_prefix: Option<String>,
    /// How long it lives.
    pub pool_lifetime_option: BatchPoolLifetimeOption,
    /// Whether it stays when its time is over; default false.
    pub keep_alive: Option<bool>,
    /// The pool.
    pub pool: Option<BatchPoolSpecification>,
}

/// A pool without its id.
#[serde_as]
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchPoolSpecification {
    /// A name for people.
    pub display_name: Option<String>,
    /// The size of the virtual machines.
    pub vm_size: String,
    /// What the virtual machines are made from.
    pub virtual_machine_configuration: Option<VirtualMachineConfiguration>,
    /// How many tasks a node runs at once; default 1.
    #[serde_as(as = "Option<PickFirst<(_, DisplayFromStr)>>")]
    #[serde(default)]
    pub task_slots_per_node: Option<i32>,
    /// How tasks are placed.
    pub task_scheduling_policy: Option<BatchTaskSchedulingPolicy>,
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
    /// The formula.
    pub auto_scale_formula: Option<String>,
    /// How often it is evaluated; default 15 minutes.
    pub auto_scale_evaluation_interval: Option<WireDuration>,
    /// Whether nodes can talk to each other.
    pub enable_inter_node_communication: Option<bool>,
    /// The network.
    pub network_configuration: Option<NetworkConfiguration>,
    /// A task that runs on every node as it joins.
    pub start_task: Option<BatchStartTask>,
    /// Application packages to install.
    pub application_package_references: Option<Vec<BatchApplicationPackageReference>>,
    /// User accounts.
    pub user_accounts: Option<Vec<UserAccount>>,
    /// Names and values of the user.
    pub metadata: Option<Vec<BatchMetadataItem>>,
    /// File systems to mount.
    pub mount_configuration: Option<Vec<MountConfiguration>>,
    /// How the operating system is upgraded.
    pub upgrade_policy: Option<UpgradePolicy>,
    /// Properties without a field of their own.
    #[serde(flatten)]
    pub other: serde_json::Map<String, serde_json::Value>,
}

impl BatchPoolSpecification {
    /// The request that makes such a pool.
    pub fn into_pool(self, id: PoolId) -> BatchPoolCreateOptions {
        BatchPoolCreateOptions {
            id,
            display_name: self.display_name,
            vm_size: self.vm_size,
            virtual_machine_configuration: self.virtual_machine_configuration,
            resize_timeout: self.resize_timeout,
            target_dedicated_nodes: self.target_dedicated_nodes,
            target_low_priority_nodes: self.target_low_priority_nodes,
            enable_auto_scale: self.enable_auto_scale,
            auto_scale_formula: self.auto_scale_formula,
            auto_scale_evaluation_interval: self.auto_scale_evaluation_interval,
            enable_inter_node_communication: self.enable_inter_node_communication,
            start_task: self.start_task,
            task_slots_per_node: self.task_slots_per_node,
            task_scheduling_policy: self.task_scheduling_policy,
            metadata: self.metadata,
            network_configuration: self.network_configuration,
            application_package_references: self.application_package_references,
            user_accounts: self.user_accounts,
            mount_configuration: self.mount_configuration,
            upgrade_policy: self.upgrade_policy,
            other: self.other,
        }
    }
}
