//! Tasks that run on several nodes at once, and wishes where to run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::{Command, Field, ResourceFile};

/// Makes a task run on several nodes at once, for MPI and the like. The pool needs `inter_node_communication`.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["MultiInstanceSettings"]))]
pub struct MultiInstance {
    /// On how many nodes.
    #[schemars(range(min = 1), extend("default" = 1))]
    pub number_of_instances: Option<Field<i32>>,
    /// What every node runs before the first of them runs the task's command; no shell reads it.
    #[serde(rename(serialize = "coordinationCommandLine"))]
    pub coordination_command: Field<Command>,
    /// Files that every node downloads before.
    pub common_resource_files: Option<Field<Vec<Field<ResourceFile>>>>,
}

/// A wish where to run. Batch fulfils it if it can.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["BatchAffinityInfo"]))]
pub struct Affinity {
    /// The affinity id of a node, or of a task that ran before.
    #[schemars(length(min = 1))]
    pub affinity_id: Field<String>,
}
