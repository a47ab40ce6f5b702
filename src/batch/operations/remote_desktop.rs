//! The file that opens a desktop of a node, which is gone from the present version with the nodes of Cloud Services.

use super::declare::operations;
use crate::batch::{NodeId, PoolId};

operations! {
    ComputeNode until V2024_07_01:

    /// Reads the file that opens a desktop of a node. The answer is the bytes themselves.
    GetNodeRemoteDesktop as "ComputeNode_GetRemoteDesktop": GET "/pools/{poolId}/nodes/{nodeId}/rdp" => 200 {
        /// The pool.
        path pool_id: PoolId,
        /// The node.
        path node_id: NodeId,
    }
}
