//! Operations on tasks.

use http::Method;

use crate::batch::model::{
    BatchCreateTaskCollectionResult, BatchTask, BatchTaskCreateOptions, BatchTaskGroup,
};
use crate::batch::odata::{ListQuery, Select};
use crate::batch::operation::{Nothing, Operation, OperationSpec, Query};
use crate::batch::page::Page;
use crate::batch::{Conditions, JobId, TaskId};

/// Adds a task.
#[derive(Debug, Clone)]
pub struct CreateTask {
    /// The job.
    pub job_id: JobId,
    /// The task.
    pub task: BatchTaskCreateOptions,
}

impl Operation for CreateTask {
    const SPEC: OperationSpec = OperationSpec {
        name: "Tasks_CreateTask",
        method: Method::POST,
        path: "/jobs/{jobId}/tasks",
        success: 201,
    };
    type Output = Nothing;

    fn path_parameters(&self) -> Vec<&str> {
        vec![self.job_id.as_str()]
    }

    fn body(&self) -> Result<Option<Vec<u8>>, serde_json::Error> {
        serde_json::to_vec(&self.task).map(Some)
    }
}

/// Adds up to 100 tasks; each has a result of its own.
#[derive(Debug, Clone)]
pub struct CreateTaskCollection {
    /// The job.
    pub job_id: JobId,
    /// The tasks.
    pub tasks: BatchTaskGroup,
}

impl Operation for CreateTaskCollection {
    const SPEC: OperationSpec = OperationSpec {
        name: "Tasks_CreateTaskCollection",
        method: Method::POST,
        path: "/jobs/{jobId}/addtaskcollection",
        success: 200,
    };
    type Output = BatchCreateTaskCollectionResult;

    fn path_parameters(&self) -> Vec<&str> {
        vec![self.job_id.as_str()]
    }

    fn body(&self) -> Result<Option<Vec<u8>>, serde_json::Error> {
        serde_json::to_vec(&self.tasks).map(Some)
    }
}

/// Lists the tasks of a job.
#[derive(Debug, Clone)]
pub struct ListTasks {
    /// The job.
    pub job_id: JobId,
    /// Filter, selection and page size.
    pub query: ListQuery,
}

impl Operation for ListTasks {
    const SPEC: OperationSpec = OperationSpec {
        name: "Tasks_ListTasks",
        method: Method::GET,
        path: "/jobs/{jobId}/tasks",
        success: 200,
    };
    type Output = Page<BatchTask>;

    fn path_parameters(&self) -> Vec<&str> {
        vec![self.job_id.as_str()]
    }

    fn query(&self) -> Query {
        self.query.parameters()
    }
}

/// Reads a task.
#[derive(Debug, Clone)]
pub struct GetTask {
    /// The job.
    pub job_id: JobId,
    /// The task.
    pub task_id: TaskId,
    /// The properties to return; empty means all.
    pub select: Select,
}

impl Operation for GetTask {
    const SPEC: OperationSpec = OperationSpec {
        name: "Tasks_GetTask",
        method: Method::GET,
        path: "/jobs/{jobId}/tasks/{taskId}",
        success: 200,
    };
    type Output = BatchTask;

    fn path_parameters(&self) -> Vec<&str> {
        vec![self.job_id.as_str(), self.task_id.as_str()]
    }

    fn query(&self) -> Query {
        self.select.parameters()
    }
}

/// Deletes a task with its files.
#[derive(Debug, Clone)]
pub struct DeleteTask {
    /// The job.
    pub job_id: JobId,
    /// The task.
    pub task_id: TaskId,
    /// What must hold for the request to be carried out.
    pub conditions: Conditions,
}

impl Operation for DeleteTask {
    const SPEC: OperationSpec = OperationSpec {
        name: "Tasks_DeleteTask",
        method: Method::DELETE,
        path: "/jobs/{jobId}/tasks/{taskId}",
        success: 200,
    };
    type Output = Nothing;

    fn path_parameters(&self) -> Vec<&str> {
        vec![self.job_id.as_str(), self.task_id.as_str()]
    }

    fn conditions(&self) -> Conditions {
        self.conditions.clone()
    }
}

/// Ends a task: it is `completed`, with the failure `TaskEnded`.
#[derive(Debug, Clone)]
pub struct TerminateTask {
    /// The job.
    pub job_id: JobId,
    /// The task.
    pub task_id: TaskId,
    /// What must hold for the request to be carried out.
    pub conditions: Conditions,
}

impl Operation for TerminateTask {
    const SPEC: OperationSpec = OperationSpec {
        name: "Tasks_TerminateTask",
        method: Method::POST,
        path: "/jobs/{jobId}/tasks/{taskId}/terminate",
        success: 204,
    };
    type Output = Nothing;

    fn path_parameters(&self) -> Vec<&str> {
        vec![self.job_id.as_str(), self.task_id.as_str()]
    }

    fn conditions(&self) -> Conditions {
        self.conditions.clone()
    }
}

/// Runs a failed task again.
#[derive(Debug, Clone)]
pub struct ReactivateTask {
    /// The job.
    pub job_id: JobId,
    /// The task.
    pub task_id: TaskId,
    /// What must hold for the request to be carried out.
    pub conditions: Conditions,
}

impl Operation for ReactivateTask {
    const SPEC: OperationSpec = OperationSpec {
        name: "Tasks_ReactivateTask",
        method: Method::POST,
        path: "/jobs/{jobId}/tasks/{taskId}/reactivate",
        success: 204,
    };
    type Output = Nothing;

    fn path_parameters(&self) -> Vec<&str> {
        vec![self.job_id.as_str(), self.task_id.as_str()]
    }

    fn conditions(&self) -> Conditions {
        self.conditions.clone()
    }
}
