//! Pools.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Command, Environment, Field, ImageChoice, TaskContainer};

/// A pool: virtual machines that run tasks.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
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
    #[schemars(length(min = 1), example = &"Standard_D2s_v3", example = &"Standard_NC6s_v3")]
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
    /// How many tasks a node runs at once.
    #[schemars(range(min = 1, max = 256), extend("default" = 1))]
    pub slots_per_node: Option<Field<i32>>,
    /// A task that runs on every node as it joins the pool, before any other.
    pub start_task: Option<Field<StartTask>>,
    /// What a change of an immutable property may do to the pool.
    #[schemars(extend("default" = "stop"))]
    pub on_change: Option<Field<OnChange>>,
}

/// What the nodes of a pool prepare so that tasks can run in containers.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
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
}

/// A task that runs on every node as it joins the pool.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartTask {
    /// The command; no shell reads it.
    pub command: Field<Command>,
    /// The container to run in; without it the task runs on the node itself.
    pub container: Option<Field<TaskContainer>>,
    /// What the task may do.
    #[schemars(extend("default" = "non_admin"))]
    pub elevation: Option<Field<Elevation>>,
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

/// What a task may do on its node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Elevation {
    /// What root may.
    Admin,
    /// What an ordinary user may.
    NonAdmin,
}

/// What a change of an immutable property may do to a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnChange {
    /// Nothing: stop and say which property asks for what.
    Stop,
    /// Resize to zero nodes, change, and resize back.
    Drain,
    /// Delete the pool and make it anew.
    Recreate,
}
