//! Operations on compute nodes.

use super::declare::operations;
use crate::batch::model::{
    BatchNode, BatchNodeDeallocateOptions, BatchNodeDisableSchedulingOptions, BatchNodeRebootOptions,
    BatchNodeReimageOptions, BatchNodeRemoteLoginSettings, BatchNodeUserCreateOptions,
    BatchNodeUserReplaceOptions, BatchNodeVMExtension, UploadBatchServiceLogsOptions,
    UploadBatchServiceLogsResult,
};
use crate::batch::odata::{ListQuery, Select};
use crate::batch::page::Page;
use crate::batch::{NodeId, PoolId};

operations! {
    Nodes:

    /// Lists the nodes of a pool.
    ListNodes: GET "/pools/{poolId}/nodes" => 200 Page<BatchNode> {
        /// The pool.
        path pool_id: PoolId,
        /// Filter, selection and page size.
        query query: ListQuery,
    }

    /// Reads a node.
    GetNode: GET "/pools/{poolId}/nodes/{nodeId}" => 200 BatchNode {
        /// The pool.
        path pool_id: PoolId,
        /// The node.
        path node_id: NodeId,
        /// The properties to return; empty means all.
        query select: Select,
    }

    /// Boots a node anew.
    RebootNode: POST "/pools/{poolId}/nodes/{nodeId}/reboot" => 202 {
        /// The pool.
        path pool_id: PoolId,
        /// The node.
        path node_id: NodeId,
        /// What happens to its tasks.
        body reboot: BatchNodeRebootOptions,
    }

    /// Starts a node that was deallocated.
    StartNode: POST "/pools/{poolId}/nodes/{nodeId}/start" => 202 {
        /// The pool.
        path pool_id: PoolId,
        /// The node.
        path node_id: NodeId,
    }

    /// Makes a node anew from its image.
    ReimageNode: POST "/pools/{poolId}/nodes/{nodeId}/reimage" => 202 {
        /// The pool.
        path pool_id: PoolId,
        /// The node.
        path node_id: NodeId,
        /// What happens to its tasks.
        body reimage: BatchNodeReimageOptions,
    }

    /// Stops a node and gives its machine back; its place in the pool stays.
    DeallocateNode: POST "/pools/{poolId}/nodes/{nodeId}/deallocate" => 202 {
        /// The pool.
        path pool_id: PoolId,
        /// The node.
        path node_id: NodeId,
        /// What happens to its tasks.
        body deallocate: BatchNodeDeallocateOptions,
    }

    /// Keeps new tasks from a node.
    DisableNodeScheduling: POST "/pools/{poolId}/nodes/{nodeId}/disablescheduling" => 200 {
        /// The pool.
        path pool_id: PoolId,
        /// The node.
        path node_id: NodeId,
        /// What happens to its tasks.
        body disable: BatchNodeDisableSchedulingOptions,
    }

    /// Lets a node take tasks again.
    EnableNodeScheduling: POST "/pools/{poolId}/nodes/{nodeId}/enablescheduling" => 200 {
        /// The pool.
        path pool_id: PoolId,
        /// The node.
        path node_id: NodeId,
    }

    /// Tells how to log in to a node.
    GetNodeRemoteLoginSettings: GET "/pools/{poolId}/nodes/{nodeId}/remoteloginsettings" => 200 BatchNodeRemoteLoginSettings {
        /// The pool.
        path pool_id: PoolId,
        /// The node.
        path node_id: NodeId,
    }

    /// Uploads the logs of a node's agent to a container of Azure Storage.
    UploadNodeLogs: POST "/pools/{poolId}/nodes/{nodeId}/uploadbatchservicelogs" => 200 UploadBatchServiceLogsResult {
        /// The pool.
        path pool_id: PoolId,
        /// The node.
        path node_id: NodeId,
        /// Where to, and which.
        body upload: UploadBatchServiceLogsOptions,
    }

    /// Lists the extensions of a node.
    ListNodeExtensions: GET "/pools/{poolId}/nodes/{nodeId}/extensions" => 200 Page<BatchNodeVMExtension> {
        /// The pool.
        path pool_id: PoolId,
        /// The node.
        path node_id: NodeId,
        /// Filter, selection and page size.
        query query: ListQuery,
    }

    /// Reads an extension of a node.
    GetNodeExtension: GET "/pools/{poolId}/nodes/{nodeId}/extensions/{extensionName}" => 200 BatchNodeVMExtension {
        /// The pool.
        path pool_id: PoolId,
        /// The node.
        path node_id: NodeId,
        /// The extension's name.
        path extension_name: String,
        /// The properties to return; empty means all.
        query select: Select,
    }

    /// Adds a user to a node.
    CreateNodeUser: POST "/pools/{poolId}/nodes/{nodeId}/users" => 201 {
        /// The pool.
        path pool_id: PoolId,
        /// The node.
        path node_id: NodeId,
        /// The user.
        body user: BatchNodeUserCreateOptions,
    }

    /// Replaces password, key and expiry of a user of a node; what the body leaves out is removed.
    ReplaceNodeUser: PUT "/pools/{poolId}/nodes/{nodeId}/users/{userName}" => 200 {
        /// The pool.
        path pool_id: PoolId,
        /// The node.
        path node_id: NodeId,
        /// The user's name.
        path user_name: String,
        /// What the user has from now on.
        body user: BatchNodeUserReplaceOptions,
    }

    /// Removes a user from a node.
    DeleteNodeUser: DELETE "/pools/{poolId}/nodes/{nodeId}/users/{userName}" => 200 {
        /// The pool.
        path pool_id: PoolId,
        /// The node.
        path node_id: NodeId,
        /// The user's name.
        path user_name: String,
    }
}
