//! Which of a task's two streams are shown.

use crate::batch::operations::{GetTaskFile, GetTaskFileProperties};
use crate::batch::{JobId, TaskId};
use crate::cli::args::LogsArgs;

/// A stream of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stream {
    Stdout,
    Stderr,
}

impl Stream {
    /// The streams that the user asks for: standard output, unless said otherwise; both, where only failures are shown, because
    /// that is where their reasons are.
    pub(super) fn chosen(args: &LogsArgs) -> Vec<Self> {
        match (args.stdout, args.stderr, args.both || args.failed) {
            (true, false, _) => vec![Self::Stdout],
            (false, true, _) => vec![Self::Stderr],
            (false, false, false) => vec![Self::Stdout],
            _ => vec![Self::Stdout, Self::Stderr],
        }
    }

    /// The other one.
    pub(super) fn other(self) -> Self {
        match self {
            Self::Stdout => Self::Stderr,
            Self::Stderr => Self::Stdout,
        }
    }

    /// How people and the command line call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }

    /// The file that holds it.
    pub(super) fn file(self, job: &JobId, task: &TaskId) -> GetTaskFile {
        let (job_id, task_id) = (job.clone(), task.clone());
        GetTaskFile { job_id, task_id, file_path: format!("{}.txt", self.name()), range: None }
    }

    /// What is asked about that file before it is read.
    pub(super) fn properties(self, job: &JobId, task: &TaskId) -> GetTaskFileProperties {
        let (job_id, task_id) = (job.clone(), task.clone());
        GetTaskFileProperties { job_id, task_id, file_path: format!("{}.txt", self.name()) }
    }
}
