//! Operations on the files of tasks.

use super::declare::operations;
use crate::batch::model::BatchNodeFile;
use crate::batch::odata::ListQuery;
use crate::batch::page::Page;
use crate::batch::{JobId, TaskId};

operations! {
    Tasks:

    /// Lists the files of a task.
    ListTaskFiles: GET "/jobs/{jobId}/tasks/{taskId}/files" => 200 Page<BatchNodeFile> {
        /// The job.
        path job_id: JobId,
        /// The task.
        path task_id: TaskId,
        /// Whether to list the content of folders too.
        flag recursive: bool,
        /// Filter and page size.
        query query: ListQuery,
    }

    /// Reads a file of a task. The answer is the bytes themselves.
    GetTaskFile: GET "/jobs/{jobId}/tasks/{taskId}/files/{filePath}" => 200 {
        /// The job.
        path job_id: JobId,
        /// The task.
        path task_id: TaskId,
        /// The file's path, relative to the task's directory: `stdout.txt`, `wd/out.bin`.
        path file_path: String,
        /// The bytes to return, for example `bytes=0-99`.
        range range: Option<String>,
    }

    /// Reads size and time of a task's file.
    GetTaskFileProperties: HEAD "/jobs/{jobId}/tasks/{taskId}/files/{filePath}" => 200 {
        /// The job.
        path job_id: JobId,
        /// The task.
        path task_id: TaskId,
        /// The file's path, relative to the task's directory: `stdout.txt`, `wd/out.bin`.
        path file_path: String,
    }

    /// Deletes a file or folder of a task.
    DeleteTaskFile: DELETE "/jobs/{jobId}/tasks/{taskId}/files/{filePath}" => 200 {
        /// The job.
        path job_id: JobId,
        /// The task.
        path task_id: TaskId,
        /// The file's path, relative to the task's directory: `stdout.txt`, `wd/out.bin`.
        path file_path: String,
        /// Whether to delete a folder with what is in it.
        flag recursive: bool,
    }
}
