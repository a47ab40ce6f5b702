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
    /// The end of its standard output, where it was fetched: whole lines, if they are not too long.
    pub stdout: Option<String>,
    /// How many bytes of its standard output stand before that.
    pub stdout_left_out: u64,
    /// The end of its standard error, likewise.
    pub stderr: Option<String>,
    /// How many bytes of its standard error stand before that.
    pub stderr_left_out: u64,
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
            stdout_left_out: 0,
            stderr: None,
            stderr_left_out: 0,
        }
    }

    /// How a task ended, with up to `limit` bytes from the end of either stream. A task that never ran has none, and output that
    /// can't be read is no reason to say nothing of the task.
    pub async fn read(client: &BatchClient, job: &JobId, task: &BatchTask, limit: u64) -> Self {
        let (stdout, stdout_left_out) = tail(client, job, &task.id, "stdout.txt", limit).await.unzip();
        let (stderr, stderr_left_out) = tail(client, job, &task.id, "stderr.txt", limit).await.unzip();
        Self {
            stdout,
            stdout_left_out: stdout_left_out.unwrap_or(0),
            stderr,
            stderr_left_out: stderr_left_out.unwrap_or(0),
            ..Self::without_output(job, task)
        }
    }

    /// Whether the task did what it should.
    pub fn succeeded(&self) -> bool {
        self.failure.is_none()
    }
}

/// The end of a file of a task, and how many bytes stand before it.
async fn tail(
    client: &BatchClient,
    job: &JobId,
    task: &TaskId,
    file: &str,
    limit: u64,
) -> Option<(String, u64)> {
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
    let from = length.saturating_sub(limit);
    let content = client.read_file_range(&request, from..length).await.ok()?;
    let bytes: Vec<bytes::Bytes> = content.bytes.try_collect().await.ok()?;
    let bytes = bytes.concat();
    let cut = if from == 0 { 0 } else { start_of_text(&bytes) };
    let text = String::from_utf8_lossy(bytes.get(cut..).unwrap_or_default()).into_owned();
    Some((text, from + cut as u64))
}

/// Where text that begins anywhere can be read from: after its first line break; where its last line is longer than all of it,
/// from its first whole character.
fn start_of_text(bytes: &[u8]) -> usize {
    let is_inside_a_character = |byte: &&u8| **byte & 0b1100_0000 == 0b1000_0000;
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(end) if end + 1 < bytes.len() => end + 1,
        _ => bytes.iter().take(3).take_while(is_inside_a_character).count(),
    }
}

#[cfg(test)]
mod tests {
    use super::start_of_text;

    #[test]
    fn output_is_cut_between_lines_and_never_inside_a_character() {
        assert_eq!(start_of_text(b"half a line\nwhole\n"), 12);
        assert_eq!(start_of_text(b"one endless line\n"), 0);
        assert_eq!(start_of_text(&"≈ endless".as_bytes()[1..]), 2);
        assert_eq!(start_of_text(b""), 0);
    }
}
