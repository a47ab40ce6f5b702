//! What a node writes down about the run of a task, so that a restart of this program finds the run again.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::batch::{DateTime, JobId, TaskId};
use crate::node::failure::TaskOutcome;
use crate::node::layout::NodeLayout;
use crate::node::plain_path;
use crate::node::runtime::ContainerId;

/// The run of a task: what runs it, and once it is over its outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct RunRecord {
    /// Which run of the task this is; a record of another one says nothing about this one.
    pub(super) attempt: u32,
    /// When it began.
    pub(super) started: DateTime,
    /// What runs it.
    pub(super) program: Program,
    /// How its program ended, while its files are still being uploaded.
    #[serde(default)]
    pub(super) exited: Option<TaskOutcome>,
    /// How it ended.
    pub(super) outcome: Option<TaskOutcome>,
}

/// What runs a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Program {
    /// A container.
    Container {
        /// Its id in the runtime.
        id: String,
        /// Whether it goes once the outcome is written down.
        remove: bool,
        /// How many milliseconds it has to end in when it is asked to.
        grace: u64,
    },
    /// A process of the node, with all that it started in its group.
    Process {
        /// Its id, and its group's.
        pid: i32,
        /// When the kernel started it, in ticks since the boot; ids are given out again, this with one is not.
        started: u64,
    },
}

impl Program {
    pub(super) fn container(&self) -> Option<ContainerId> {
        match self {
            Self::Container { id, .. } => Some(ContainerId(id.clone())),
            Self::Process { .. } => None,
        }
    }
}

/// Where the record of a task is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RecordFile(PathBuf);

impl RecordFile {
    pub(super) fn of_task(layout: &NodeLayout, job: &JobId, task: &TaskId) -> Self {
        Self(job_records(layout, job).join(format!("{task}.json")))
    }

    pub(super) fn of_start_task(layout: &NodeLayout) -> Self {
        Self(layout.notes().join("start-task.json"))
    }

    /// The records of a job's tasks.
    pub(super) fn of_job(layout: &NodeLayout, job: &JobId) -> Vec<Self> {
        json_files(&job_records(layout, job))
    }

    /// Every record of the node.
    pub(super) fn all(layout: &NodeLayout) -> Vec<Self> {
        let jobs = entries(&layout.notes().join("tasks"));
        let tasks = jobs.iter().flat_map(|job| json_files(job));
        tasks.chain([Self::of_start_task(layout)]).collect()
    }

    /// The record; `None` if there is none, or one that was never finished.
    pub(super) fn read(&self) -> Option<RunRecord> {
        serde_json::from_slice(&std::fs::read(&self.0).ok()?).ok()
    }

    /// Writes the record in one step: whoever reads it sees the old one or the new one.
    pub(super) fn write(&self, record: &RunRecord) -> io::Result<()> {
        if let Some(folder) = self.0.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let draft = self.0.with_extension("draft");
        std::fs::write(&draft, serde_json::to_vec(record)?)?;
        std::fs::rename(draft, &self.0)
    }

    /// The folder beside the record in which the node talks with an instance of the task.
    pub(super) fn control(&self) -> PathBuf {
        self.0.with_extension("instance")
    }

    /// Removes the record. Fine if there is none.
    pub(super) fn remove(&self) -> io::Result<()> {
        plain_path::remove(&self.control())?;
        match std::fs::remove_file(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// The folder of a job's records. Ids hold no dots and no slashes, so no two jobs share one.
fn job_records(layout: &NodeLayout, job: &JobId) -> PathBuf {
    layout.notes().join("tasks").join(job.as_str())
}

fn json_files(folder: &Path) -> Vec<RecordFile> {
    let is_json = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "json");
    entries(folder).into_iter().filter(is_json).map(RecordFile).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.filter_map(Result::ok).map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_found_again() {
        let root = tempfile::tempdir().unwrap();
        let layout = NodeLayout::new(root.path().to_owned());
        let (job, task) = (JobId::new("s:job-1").unwrap(), TaskId::new("t").unwrap());
        let file = RecordFile::of_task(&layout, &job, &task);
        assert_eq!(file.read(), None);
        let record = RunRecord {
            attempt: 2,
            started: "2026-01-01T00:00:00Z".parse().unwrap(),
            program: Program::Container { id: "abc".to_owned(), remove: true, grace: 1 },
            exited: Some(TaskOutcome::exited(3, None)),
            outcome: Some(TaskOutcome::exited(3, None)),
        };
        file.write(&record).unwrap();
        assert_eq!(file.read(), Some(record));
        assert_eq!(RecordFile::of_job(&layout, &job), std::slice::from_ref(&file));
        assert!(RecordFile::all(&layout).contains(&file));
        file.remove().unwrap();
        file.remove().unwrap();
        assert_eq!(file.read(), None);
    }
}
