//! Operations on the files of tasks and nodes. The answers to reads are the bytes themselves.

use http::Method;

use crate::batch::model::BatchNodeFile;
use crate::batch::odata::ListQuery;
use crate::batch::operation::{Nothing, Operation, OperationSpec, Query};
use crate::batch::page::Page;
use crate::batch::{JobId, NodeId, PoolId, TaskId};

/// Lists the files of a task.
#[derive(Debug, Clone)]
pub struct ListTaskFiles {
    /// The job.
    pub job_id: JobId,
    /// The task.
    pub task_id: TaskId,
    /// Whether to list the content of folders too.
    pub recursive: bool,
    /// Filter and page size.
    pub query: ListQuery,
}

impl Operation for ListTaskFiles {
    const SPEC: OperationSpec = OperationSpec {
        name: "Tasks_ListTaskFiles",
        method: Method::GET,
        path: "/jobs/{jobId}/tasks/{taskId}/files",
        success: 200,
    };
    type Output = Page<BatchNodeFile>;

    fn path_parameters(&self) -> Vec<&str> {
        vec![self.job_id.as_str(), self.task_id.as_str()]
    }

    fn query(&self) -> Query {
        let mut query = self.query.parameters();
        query.push(("recursive", self.recursive.to_string()));
        query
    }
}

/// Reads a file of a task.
#[derive(Debug, Clone)]
pub struct GetTaskFile {
    /// The job.
    pub job_id: JobId,
    /// The task.
    pub task_id: TaskId,
    /// The file's path, relative to the task's directory: `stdout.txt`, `wd/out.bin`.
    pub file_path: String,
    /// The bytes to return, for example `bytes=0-99`.
    pub range: Option<String>,
}

impl Operation for GetTaskFile {
    const SPEC: OperationSpec = OperationSpec {
        name: "Tasks_GetTaskFile",
        method: Method::GET,
        path: "/jobs/{jobId}/tasks/{taskId}/files/{filePath}",
        success: 200,
    };
    type Output = Nothing;

    fn path_parameters(&self) -> Vec<&str> {
        vec![self.job_id.as_str(), self.task_id.as_str(), &self.file_path]
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        self.range.iter().map(|range| ("ocp-range", range.clone())).collect()
    }
}

/// Reads size and time of a task's file.
#[derive(Debug, Clone)]
pub struct GetTaskFileProperties {
    /// The job.
    pub job_id: JobId,
    /// The task.
    pub task_id: TaskId,
    /// The file's path, relative to the task's directory: `stdout.txt`, `wd/out.bin`.
    pub file_path: String,
}

impl Operation for GetTaskFileProperties {
    const SPEC: OperationSpec = OperationSpec {
        name: "Tasks_GetTaskFileProperties",
        method: Method::HEAD,
        path: "/jobs/{jobId}/tasks/{taskId}/files/{filePath}",
        success: 200,
    };
    type Output = Nothing;

    fn path_parameters(&self) -> Vec<&str> {
        vec![self.job_id.as_str(), self.task_id.as_str(), &self.file_path]
    }
}

/// Lists the files of a node.
#[derive(Debug, Clone)]
pub struct ListNodeFiles {
    /// The pool.
    pub pool_id: PoolId,
    /// The node.
    pub node_id: NodeId,
    /// Whether to list the content of folders too.
    pub recursive: bool,
    /// Filter and page size.
    pub query: ListQuery,
}

impl Operation for ListNodeFiles {
    const SPEC: OperationSpec = OperationSpec {
        name: "Nodes_ListNodeFiles",
        method: Method::GET,
        path: "/pools/{poolId}/nodes/{nodeId}/files",
        success: 200,
    };
    type Output = Page<BatchNodeFile>;

    fn path_parameters(&self) -> Vec<&str> {
        vec![self.pool_id.as_str(), self.node_id.as_str()]
    }

    fn query(&self) -> Query {
        let mut query = self.query.parameters();
        query.push(("recursive", self.recursive.to_string()));
        query
    }
}

/// Reads a file of a node.
#[derive(Debug, Clone)]
pub struct GetNodeFile {
    /// The pool.
    pub pool_id: PoolId,
    /// The node.
    pub node_id: NodeId,
    /// The file's path, relative to the node's root directory.
    pub file_path: String,
    /// The bytes to return, for example `bytes=0-99`.
    pub range: Option<String>,
}

impl Operation for GetNodeFile {
    const SPEC: OperationSpec = OperationSpec {
        name: "Nodes_GetNodeFile",
        method: Method::GET,
        path: "/pools/{poolId}/nodes/{nodeId}/files/{filePath}",
        success: 200,
    };
    type Output = Nothing;

    fn path_parameters(&self) -> Vec<&str> {
        vec![self.pool_id.as_str(), self.node_id.as_str(), &self.file_path]
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        self.range.iter().map(|range| ("ocp-range", range.clone())).collect()
    }
}

/// Reads size and time of a node's file.
#[derive(Debug, Clone)]
pub struct GetNodeFileProperties {
    /// The pool.
    pub pool_id: PoolId,
    /// The node.
    pub node_id: NodeId,
    /// The file's path, relative to the node's root directory.
    pub file_path: String,
}

impl Operation for GetNodeFileProperties {
    const SPEC: OperationSpec = OperationSpec {
        name: "Nodes_GetNodeFileProperties",
        method: Method::HEAD,
        path: "/pools/{poolId}/nodes/{nodeId}/files/{filePath}",
        success: 200,
    };
    type Output = Nothing;

    fn path_parameters(&self) -> Vec<&str> {
        vec![self.pool_id.as_str(), self.node_id.as_str(), &self.file_path]
    }
}
