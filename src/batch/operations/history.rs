//! Which versions of the API have which operations.

use crate::batch::operation::OperationSpec;
use crate::batch::{ApiVersion, ApiVersion as V};

/// The operations of the present version that are younger than containers, by name.
const YOUNGER: &[(&str, ApiVersion)] = &[
    ("Pools_ListPoolNodeCounts", V::V2018_03_01),
    ("Nodes_UploadNodeLogs", V::V2018_03_01),
    ("Pools_ListSupportedImages", V::V2019_06_01),
    ("Nodes_ListNodeExtensions", V::V2021_06_01),
    ("Nodes_GetNodeExtension", V::V2021_06_01),
    ("Nodes_StartNode", V::V2024_07_01),
    ("Nodes_DeallocateNode", V::V2024_07_01),
];

impl OperationSpec {
    /// Whether `version` has it.
    pub fn is_in(&self, version: ApiVersion) -> bool {
        since(self) <= version && self.until.is_none_or(|last| version <= last)
    }
}

/// The first version with this operation; at the earliest the one that brought containers, the oldest that we speak.
fn since(operation: &OperationSpec) -> ApiVersion {
    let younger = YOUNGER.iter().find(|(name, _)| *name == operation.name);
    younger.map_or(V::V2017_09_01, |(_, version)| *version)
}

#[cfg(test)]
mod tests {
    use super::super::{every_operation, retired_operations};
    use super::*;

    #[test]
    fn the_history_is_that_of_operations_that_there_are() {
        for (name, _) in YOUNGER {
            assert!(every_operation().any(|spec| spec.name == *name), "{name}");
        }
        assert!(every_operation().all(|spec| spec.is_in(V::CURRENT)));
        assert!(retired_operations().all(|spec| !spec.is_in(V::CURRENT) && spec.is_in(V::V2017_09_01)));
    }

    #[test]
    fn each_version_has_the_operations_of_its_time() {
        let count = |version| {
            every_operation().chain(retired_operations()).filter(|spec| spec.is_in(version)).count()
        };
        // As the official documents count.
        for (version, operations) in [
            (V::V2017_09_01, 75),
            (V::V2018_12_01, 76),
            (V::V2022_10_01, 78),
            (V::V2024_02_01, 76),
            (V::CURRENT, 72),
        ] {
            assert_eq!(count(version), operations, "{version}");
        }
    }
}
