//! Pools.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::{
    ApplicationPackage, Command, DataDisk, DiskEncryption, DurationText, Entries, Environment, Extension,
    Field, FileSystems, ImageChoice, Input, Network, NodePlacement, OsDisk, PoolProperty, ResourceFile,
    SecurityProfile, ServiceArtifact, TaskContainer, Text, Upgrade, UserAccount, Windows, Word,
};
use crate::batch::model::{AutoUserScope, BatchJobDefaultOrder, BatchNodeFillType, ElevationLevel};

/// A pool: virtual machines that run tasks.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-rest" = ["BatchPoolCreateOptions", "BatchPoolSpecification", "VirtualMachineConfiguration"]))]
pub struct Pool {
    /// Id of the pool in the Batch account; the pool's key in the recipe if absent.
    #[schemars(
        regex(pattern = r"^[A-Za-z0-9_-]{1,64}$"),
        extend("patternErrorMessage" = "an id has 1 to 64 letters, digits, hyphens and underscores")
    )]
    pub id: Option<Field<String>>,
    /// A name for people.
    #[schemars(length(max = 1024))]
    pub display_name: Option<Field<String>>,
    /// Size of the virtual machines.
    #[schemars(length(min = 1), example = &"Standard_D2s_v3", example = &"Standard_NC4as_T4_v3")]
    pub vm_size: Field<String>,
    /// Image of the virtual machines.
    pub image: Field<ImageChoice>,
    /// The Batch node agent that fits the image; known for images with a short name.
    #[schemars(length(min = 1), example = &"batch.node.ubuntu 22.04")]
    pub node_agent_sku: Option<Field<String>>,
    /// What the nodes prepare for containers. Without it the pool runs no container tasks; an empty map is enough.
    pub container: Option<Field<PoolContainer>>,
    /// How many nodes the pool has.
    pub nodes: Field<NodeCounts>,
    /// How long the allocation of nodes may take, at least 5 minutes; 15 minutes if absent.
    #[schemars(extend("default" = "15m"))]
    pub resize_timeout: Option<Field<DurationText>>,
    /// How many tasks a node runs at once; at most four times its number of cores.
    #[schemars(range(min = 1, max = 256), extend("default" = 1))]
    pub slots_per_node: Option<Field<i32>>,
    /// How tasks are placed on the nodes.
    pub scheduling_policy: Option<Field<SchedulingPolicy>>,
    /// A task that runs on every node as it joins the pool, before any other.
    pub start_task: Option<Field<StartTask>>,
    /// Application packages that every node installs; at most 10.
    #[schemars(extend("maxItems" = 10))]
    pub application_packages: Option<Field<Vec<Field<ApplicationPackage>>>>,
    /// Whether nodes can talk to each other. It limits how many nodes a pool can have.
    #[schemars(extend("default" = false))]
    pub inter_node_communication: Option<Field<bool>>,
    /// The network that the nodes join, and how they can be reached.
    pub network: Option<Field<Network>>,
    /// File systems that every node mounts, by the folder inside AZ_BATCH_NODE_MOUNTS_DIR; at most 10.
    #[schemars(
        extend("maxProperties" = 10, "propertyNames" = {
            "pattern": "^(?!.*(?:^|/)[.][.]?(?:/|$))[^/\\\\:]+(?:/[^/\\\\:]+)*$",
            "patternErrorMessage": "a folder's name is a relative path that stays inside AZ_BATCH_NODE_MOUNTS_DIR",
        })
    )]
    pub mounts: Option<Field<FileSystems>>,
    /// User accounts on every node, by name.
    #[schemars(extend("propertyNames" = {
        "minLength": 1,
        "maxLength": 20,
        "pattern": "^[^\\s/\\\\]{1,20}$",
        "patternErrorMessage": "the name of a user has 1 to 20 characters, without blanks and slashes",
    }))]
    pub user_accounts: Option<Field<Entries<UserAccount>>>,
    /// The disk of the operating system.
    pub os_disk: Option<Field<OsDisk>>,
    /// Empty disks that every node gets.
    pub data_disks: Option<Field<Vec<Field<DataDisk>>>>,
    /// Which disks are encrypted.
    pub disk_encryption: Option<Field<DiskEncryption>>,
    /// Where the nodes are placed.
    pub node_placement: Option<Field<NodePlacement>>,
    /// How the nodes are protected.
    pub security_profile: Option<Field<SecurityProfile>>,
    /// Extensions that every node installs, by name.
    #[schemars(extend("propertyNames" = { "minLength": 1, "maxLength": 80 }))]
    pub extensions: Option<Field<Entries<Extension>>>,
    /// Settings of Windows.
    pub windows: Option<Field<Windows>>,
    /// The licence that you hold for the nodes' Windows.
    #[schemars(extend("enum" = ["Windows_Server", "Windows_Client", null]))]
    pub license_type: Option<Field<String>>,
    /// A service artifact: which version of the image `latest` stands for.
    pub service_artifact: Option<Field<ServiceArtifact>>,
    /// How the operating system of the nodes is upgraded.
    pub upgrade_policy: Option<Field<Upgrade>>,
    /// Names and values that Batch keeps and does not look into.
    #[schemars(extend("propertyNames" = super::job::metadata_names()))]
    pub metadata: Option<Field<Entries<Text>>>,
    /// What a change of an immutable property may do to the pool.
    #[schemars(extend("default" = "stop"))]
    pub on_change: Option<Field<OnChange>>,
    /// What others may change: once the pool is there, a plan does not compare these properties.
    pub ignore_changes: Option<Field<Vec<Field<PoolProperty>>>>,
}

/// What the nodes of a pool prepare so that tasks can run in containers.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-rest" = ["BatchContainerConfiguration"]))]
pub struct PoolContainer {
    /// The container technology.
    #[serde(rename = "type")]
    #[schemars(extend("default" = "docker"))]
    pub kind: Option<Field<ContainerKind>>,
    /// Images fetched to every node before it takes tasks.
    #[schemars(inner(length(min = 1)))]
    pub prefetch: Option<Field<Vec<Field<String>>>>,
    /// Registries, by their keys under `registries`, that the nodes log in to.
    pub registries: Option<Field<Vec<Field<String>>>>,
}

/// A container technology.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContainerKind {
    /// A Docker-compatible engine.
    Docker,
    /// A runtime behind the container runtime interface.
    Cri,
}

/// How many nodes a pool has.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1))]
pub struct NodeCounts {
    /// Dedicated nodes.
    #[schemars(range(min = 0), extend("default" = 0))]
    pub dedicated: Option<Field<i32>>,
    /// Spot nodes: cheaper, and may be taken away at any time.
    #[schemars(range(min = 0), extend("default" = 0))]
    pub spot: Option<Field<i32>>,
    /// A formula that sets the number of nodes, instead of `dedicated` and `spot`.
    pub autoscale: Option<Field<Autoscale>>,
}

/// A formula that sets the number of nodes of a pool.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Autoscale {
    /// The formula, which assigns `$TargetDedicatedNodes`, `$TargetLowPriorityNodes` or both.
    #[schemars(
        length(min = 1, max = 8192),
        example = &"$TargetDedicatedNodes = min(10, $PendingTasks.GetSample(1));\n$NodeDeallocationOption = taskcompletion;"
    )]
    pub formula: Field<String>,
    /// How often it is evaluated: 5 minutes to 7 days; 15 minutes if absent.
    #[schemars(extend("default" = "15m"))]
    pub evaluation_interval: Option<Field<DurationText>>,
}

/// How tasks are placed on the nodes of a pool.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["BatchTaskSchedulingPolicy"]))]
pub struct SchedulingPolicy {
    /// How tasks spread over nodes.
    pub node_fill_type: Field<Word<BatchNodeFillType>>,
    /// Which of two jobs of equal priority comes first.
    #[schemars(extend("default" = "none"))]
    pub job_default_order: Option<Field<Word<BatchJobDefaultOrder>>>,
}

/// A task that runs on every node as it joins the pool.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-rest" = ["BatchStartTask", "UserIdentity", "AutoUserSpecification"]))]
pub struct StartTask {
    /// The command; no shell reads it.
    pub command: Field<Command>,
    /// The container to run in; without it the task runs on the node itself.
    pub container: Option<Field<TaskContainer>>,
    /// Local files and folders, and files of the web, that the task finds in its working directory.
    pub inputs: Option<Field<Vec<Field<Input>>>>,
    /// Files to download before the command is run.
    pub resource_files: Option<Field<Vec<Field<ResourceFile>>>>,
    /// The user account of the pool that the task runs as; a user that Batch makes if absent.
    #[schemars(length(min = 1))]
    pub user: Option<Field<String>>,
    /// Whether the user that Batch makes is the task's own or shared by the tasks of a node. Not with `user`.
    pub user_scope: Option<Field<Word<AutoUserScope>>>,
    /// What the user that Batch makes may do. Not with `user`.
    #[schemars(extend("default" = "non_admin"))]
    pub elevation: Option<Field<Word<ElevationLevel>>>,
    /// Whether the node takes tasks only after the start task has succeeded.
    #[schemars(extend("default" = true))]
    pub wait: Option<Field<bool>>,
    /// How often the start task is run again after a failure; -1 means without limit.
    #[schemars(range(min = -1), extend("default" = 0))]
    pub retries: Option<Field<i32>>,
    /// Environment variables.
    #[schemars(extend("propertyNames" = super::environment::names()))]
    pub environment: Option<Field<Environment>>,
}

/// What a change may do to a pool and to what runs on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnChange {
    /// Nothing: stop and say which property asks for what.
    Stop,
    /// Reboot nodes, some at a time, where they go by a change only then.
    Reboot,
    /// Make another pool, move the jobs there once its nodes can work, delete the old one; and what `reboot` does.
    BlueGreen,
    /// Resize to zero nodes, change, and resize back; and what `reboot` does.
    Drain,
    /// Delete the pool and make it anew; and what `reboot` does.
    Recreate,
}
