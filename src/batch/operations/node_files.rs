//! Operations on the files of nodes.

use super::declare::operations;
use crate::batch::model::BatchNodeFile;
use crate::batch::odata::ListQuery;
use crate::batch::page::Page;
use crate::batch::{NodeId, PoolId};

operations! {
    Nodes:

    /// Lists the files of a node.
    ListNodeFiles: GET "/pools/{poolId}/nodes/{nodeId}/files" => 200 Page<BatchNodeFile> {
        /// The pool.
        path pool_id: PoolId,
        /// The node.
        path node_id: NodeId,
        /// Whether to list the content of folders too.
        flag recursive: bool,
        /// Filter and page size.
        query query: ListQuery,
    }

    /// Reads a file of a node. The answer is the bytes themselves.
    GetNodeFile: GET "/pools/{poolId}/nodes/{nodeId}/files/{filePath}" => 200 {
        /// The pool.
        path pool_id: PoolId,
        /// The node.
        path node_id: NodeId,
        /// The file's path, relative to the node's root directory.
        path file_path: String,
        /// The bytes to return, for example `bytes=0-99`.
        range range: Option<String>,
    }

    /// Reads size and time of a node's file.
    GetNodeFileProperties: HEAD "/pools/{poolId}/nodes/{nodeId}/files/{filePath}" => 200 {
        /// The pool.
        path pool_id: PoolId,
        /// The node.
        path node_id: NodeId,
        /// The file's path, relative to the node's root directory.
        path file_path: String,
    }

    /// Deletes a file or folder of a node.
    DeleteNodeFile: DELETE "/pools/{poolId}/nodes/{nodeId}/files/{filePath}" => 200 {
        /// The pool.
        path pool_id: PoolId,
        /// The node.
        path node_id: NodeId,
        /// The file's path, relative to the node's root directory.
        path file_path: String,
        /// Whether to delete a folder with what is in it.
        flag recursive: bool,
    }
}
