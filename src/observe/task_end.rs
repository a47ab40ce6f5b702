//! How a task ended, with the end of what it printed.

use std::time::Duration;

use futures::TryStreamExt;
use serde::{Serialize, Serializer};

use crate::batch::model::{BatchTask, BatchTaskFailureInfo};
use crate::batch::operations::{GetTaskFile, GetTaskFileProperties};
use crate::batch::{JobId, NodeId, TaskId};
use crate::client::BatchClient;

/// A task that completed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskEnd {
    /// Its job.
    pub job: JobId,
    /// The task.
    pub task: TaskId,
    /// The exit code of its program.
    pub exit_code: Option<i32>,
    /// Why it failed, if it did.
    pub failure: Option<BatchTaskFailureInfo>,
    /// The node it ran on.
    pub node: Option<NodeId>,
    /// How long it ran.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub took: Option<Duration>,
    /// The end of its standard output, where it was fetched.
    pub stdout: Option<String>,
    /// The end of its standard error, where it was fetched.
    pub stderr: Option<String>,
}

fn seconds<S: Serializer>(took: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    took.map(|took| took.as_secs_f64()).serialize(serializer)
}

impl TaskEnd {
    /// The properties of a task that [`TaskEnd::without_output`] needs.
    pub const PROPERTIES: [&str; 4] = ["id", "state", "executionInfo", "nodeInfo"];

    /// How a task ended, as the service lists it.
    pub fn without_output(job: &JobId, task: &BatchTask) -> Self {
        let info = task.execution_info.clone().unwrap_or_default();
        let took = match (info.start_time, info.end_time) {
            (Some(start), Some(end)) => Some(end.0.duration_since(start.0).unsigned_abs()),
            _ => None,
        };
        Self {
            job: job.clone(),
            task: task.id.clone(),
            exit_code: info.exit_code,
            failure: info.failure_info,
            node: task.node_info.as_ref().and_then(|node| node.node_id.clone()),
            took,
            stdout: None,
            stderr: None,
        }
    }

    /// How a task ended, with up to `limit` bytes from the end of either stream. A task that never ran has none, and output that
    /// can't be read is no reason to say nothing of the task.
    pub async fn read(client: &BatchClient, job: &JobId, task: &BatchTask, limit: u64) -> Self {
        Self {
            stdout: tail(client, job, &task.id, "stdout.txt", limit).await,
            stderr: tail(client, job, &task.id, "stderr.txt", limit).await,
            ..Self::without_output(job, task)
        }
    }

    /// Whether the task did what it should.
    pub fn succeeded(&self) -> bool {
        self.failure.is_none()
    }
}

/// The end of a file of a task.
async fn tail(client: &BatchClient, job: &JobId, task: &TaskId, file: &str, limit: u64) -> Option<String> {
    let (job_id, task_id, file_path) = (job.clone(), task.clone(), file.to_owned());
    let properties = GetTaskFileProperties {
        job_id: job_id.clone(),
        task_id: task_id.clone(),
        file_path: file_path.clone(),
    };
    let length = client.file_info(&properties).await.ok()?.length;
    if length == 0 {
        return None;
    }
    let request = GetTaskFile { job_id, task_id, file_path, range: None };
    let content = client.read_file_range(&request, length.saturating_sub(limit)..length).await.ok()?;
    let bytes: Vec<bytes::Bytes> = content.bytes.try_collect().await.ok()?;
    Some(String::from_utf8_lossy(&bytes.concat()).into_owned())
}
