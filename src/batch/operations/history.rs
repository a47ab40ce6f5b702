//! Which versions of the API have which operations.

use http::Method;

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

/// An operation that the present version does not have any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetiredOperation {
    /// The fixed facts.
    pub spec: OperationSpec,
    /// The last version that has it.
    pub until: ApiVersion,
}

macro_rules! retired {
    ($($name:literal: $method:ident $path:literal => $success:literal until $until:ident;)+) => {
        &[$(RetiredOperation {
            spec: OperationSpec { name: $name, method: Method::$method, path: $path, success: $success },
            until: V::$until,
        }),+]
    };
}

/// What versions since 2017-09-01.6.0 had and 2025-06-01 has not, under the names of their time.
pub const RETIRED: &[RetiredOperation] = retired! {
    "Pool_UpgradeOS": POST "/pools/{poolId}/upgradeos" => 202 until V2018_08_01;
    "Account_ListNodeAgentSkus": GET "/nodeagentskus" => 200 until V2018_12_01;
    "Pool_GetAllLifetimeStatistics": GET "/lifetimepoolstats" => 200 until V2022_10_01;
    "Job_GetAllLifetimeStatistics": GET "/lifetimejobstats" => 200 until V2022_10_01;
    "ComputeNode_GetRemoteDesktop": GET "/pools/{poolId}/nodes/{nodeId}/rdp" => 200 until V2024_07_01;
    "Certificate_Add": POST "/certificates" => 201 until V2024_07_01;
    "Certificate_List": GET "/certificates" => 200 until V2024_07_01;
    "Certificate_Get": GET "/certificates({certificate})" => 200 until V2024_07_01;
    "Certificate_Delete": DELETE "/certificates({certificate})" => 202 until V2024_07_01;
    "Certificate_CancelDeletion": POST "/certificates({certificate})/canceldelete" => 204 until V2024_07_01;
};

/// The first version with this operation; at the earliest the one that brought containers, the oldest that we speak.
pub fn since(operation: &OperationSpec) -> ApiVersion {
    let younger = YOUNGER.iter().find(|(name, _)| *name == operation.name);
    younger.map_or(V::V2017_09_01, |(_, version)| *version)
}

#[cfg(test)]
mod tests {
    use super::super::every_operation;
    use super::*;

    #[test]
    fn the_history_is_that_of_operations_that_there_are() {
        for (name, _) in YOUNGER {
            assert!(every_operation().any(|spec| spec.name == *name), "{name}");
        }
        for retired in RETIRED {
            let again = every_operation()
                .any(|spec| spec.method == retired.spec.method && spec.path == retired.spec.path);
            assert!(!again, "{} is still there", retired.spec.name);
        }
    }
}
