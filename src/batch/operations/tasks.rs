//! Operations on tasks.

use super::declare::operations;
use crate::batch::model::{
    BatchCreateTaskCollectionResult, BatchSubtask, BatchTask, BatchTaskCreateOptions, BatchTaskGroup,
    BatchTaskReplaceOptions,
};
use crate::batch::odata::{ListQuery, Select};
use crate::batch::page::Page;
use crate::batch::{Conditions, JobId, TaskId};

operations! {
    Tasks:

    /// Adds a task.
    CreateTask: POST "/jobs/{jobId}/tasks" => 201 {
        /// The job.
        path job_id: JobId,
        /// The task.
        body task: BatchTaskCreateOptions,
    }

    /// Adds up to 100 tasks; each has a result of its own.
    CreateTaskCollection: POST "/jobs/{jobId}/addtaskcollection" => 200 BatchCreateTaskCollectionResult {
        /// The job.
        path job_id: JobId,
        /// The tasks.
        body tasks: BatchTaskGroup,
    }

    /// Lists the tasks of a job.
    ListTasks: GET "/jobs/{jobId}/tasks" => 200 Page<BatchTask> {
        /// The job.
        path job_id: JobId,
        /// Filter, selection and page size.
        query query: ListQuery,
    }

    /// Lists the subtasks of a multi-instance task. Not paged.
    ListSubTasks: GET "/jobs/{jobId}/tasks/{taskId}/subtasksinfo" => 200 Page<BatchSubtask> {
        /// The job.
        path job_id: JobId,
        /// The task.
        path task_id: TaskId,
        /// The properties to return; empty means all.
        query select: Select,
    }

    /// Reads a task.
    GetTask: GET "/jobs/{jobId}/tasks/{taskId}" => 200 BatchTask {
        /// The job.
        path job_id: JobId,
        /// The task.
        path task_id: TaskId,
        /// The properties to return; empty means all.
        query select: Select,
    }

    /// Replaces the constraints of a task; what the body leaves out becomes the default.
    ReplaceTask: PUT "/jobs/{jobId}/tasks/{taskId}" => 200 {
        /// The job.
        path job_id: JobId,
        /// The task.
        path task_id: TaskId,
        /// What it has from now on.
        body properties: BatchTaskReplaceOptions,
        /// What must hold for the request to be carried out.
        conditions conditions: Conditions,
    }

    /// Deletes a task with its files.
    DeleteTask: DELETE "/jobs/{jobId}/tasks/{taskId}" => 200 {
        /// The job.
        path job_id: JobId,
        /// The task.
        path task_id: TaskId,
        /// What must hold for the request to be carried out.
        conditions conditions: Conditions,
    }

    /// Ends a task: it is `completed`, with the failure `TaskEnded`.
    TerminateTask: POST "/jobs/{jobId}/tasks/{taskId}/terminate" => 204 {
        /// The job.
        path job_id: JobId,
        /// The task.
        path task_id: TaskId,
        /// What must hold for the request to be carried out.
        conditions conditions: Conditions,
    }

    /// Runs a failed task again.
    ReactivateTask: POST "/jobs/{jobId}/tasks/{taskId}/reactivate" => 204 {
        /// The job.
        path job_id: JobId,
        /// The task.
        path task_id: TaskId,
        /// What must hold for the request to be carried out.
        conditions conditions: Conditions,
    }
}
