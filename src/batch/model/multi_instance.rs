//! Tasks that run on several nodes at once.

use serde::{Deserialize, Serialize};
use serde_with::{DisplayFromStr, PickFirst, serde_as, skip_serializing_none};

use super::ResourceFile;

/// How a task runs on several nodes at once.
#[serde_as]
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MultiInstanceSettings {
    /// On how many nodes; default 1.
    #[serde_as(as = "Option<PickFirst<(_, DisplayFromStr)>>")]
    #[serde(default)]
    pub number_of_instances: Option<i32>,
    /// What every node runs before the first one runs the task's command.
    pub coordination_command_line: String,
    /// Files that every node downloads before.
    pub common_resource_files: Option<Vec<ResourceFile>>,
}

/// A wish where to run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchAffinityInfo {
    /// The affinity id of a node, or of a task that ran before.
    pub affinity_id: String,
}
