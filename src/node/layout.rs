//! The directories of a node.
//!
//! ```text
//! shared/                                  for all tasks
//! startup/{stdout.txt,stderr.txt,wd/}      the start task's
//! applications/  fsmounts/
//! volatile/                                the node's own notes
//! workitems/<job>/job-1/<task>/{stdout.txt,stderr.txt,wd/}
//! ```
//!
//! Names come from validated ids only, and those hold no `/` and no `.`: no path leaves the node's root.

use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::batch::{JobId, TaskId};

/// The directories of a node, below its root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeLayout {
    root: PathBuf,
}

impl NodeLayout {
    /// The layout below `root`, which is made absolute as containers mount it at the same path.
    pub fn new(root: PathBuf) -> Self {
        Self { root: std::path::absolute(&root).unwrap_or(root) }
    }

    /// The node's root, AZ_BATCH_NODE_ROOT_DIR.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What all tasks of the node share, AZ_BATCH_NODE_SHARED_DIR.
    pub fn shared(&self) -> PathBuf {
        self.root.join("shared")
    }

    /// The start task's directory, AZ_BATCH_NODE_STARTUP_DIR.
    pub fn startup(&self) -> TaskDirectory {
        TaskDirectory { path: self.root.join("startup") }
    }

    /// Where application packages are unpacked.
    pub fn applications(&self) -> PathBuf {
        self.root.join("applications")
    }

    /// Where file systems are mounted, AZ_BATCH_NODE_MOUNTS_DIR.
    pub fn mounts(&self) -> PathBuf {
        self.root.join("fsmounts")
    }

    /// What the node notes for itself.
    pub fn volatile(&self) -> PathBuf {
        self.root.join("volatile")
    }

    /// The directory of a job. Jobs of a schedule, `<schedule>:<job-n>`, lie below the schedule's name.
    pub fn job(&self, job: &JobId) -> PathBuf {
        self.workitem(job).0
    }

    /// The directory of the job preparation task, AZ_BATCH_JOB_PREP_DIR.
    pub fn job_preparation(&self, job: &JobId) -> PathBuf {
        self.workitem(job).1.join("jobpreparation")
    }

    /// The directory of a task, AZ_BATCH_TASK_DIR.
    pub fn task(&self, job: &JobId, task: &TaskId) -> TaskDirectory {
        TaskDirectory { path: self.workitem(job).1.join(task.as_str()) }
    }

    /// What a job owns, and where its tasks lie.
    fn workitem(&self, job: &JobId) -> (PathBuf, PathBuf) {
        let workitems = self.root.join("workitems");
        match job.as_str().split_once(':') {
            Some((schedule, run)) if !schedule.is_empty() && !run.is_empty() => {
                let run = workitems.join(schedule).join(run);
                (run.clone(), run)
            }
            _ => {
                let job = workitems.join(job.as_str());
                (job.clone(), job.join("job-1"))
            }
        }
    }

    /// Makes the directories that every node has. Fine if they are there.
    pub(super) fn create(&self) -> io::Result<()> {
        for path in [
            self.shared(),
            self.startup().working(),
            self.applications(),
            self.mounts(),
            self.volatile().join("startup"),
            self.root.join("workitems"),
        ] {
            std::fs::create_dir_all(path)?;
        }
        Ok(())
    }
}

/// The directory of one task, or of the start task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskDirectory {
    path: PathBuf,
}

impl TaskDirectory {
    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the task runs.
    pub fn working(&self) -> PathBuf {
        self.path.join("wd")
    }

    /// The task's standard output.
    pub fn stdout(&self) -> PathBuf {
        self.path.join("stdout.txt")
    }

    /// The task's standard error.
    pub fn stderr(&self) -> PathBuf {
        self.path.join("stderr.txt")
    }

    /// Makes the directory, or what of it is missing, with empty output files. What an earlier attempt left in the working
    /// directory stays, as it does on the service's nodes.
    pub(super) fn create(&self) -> io::Result<()> {
        std::fs::create_dir_all(self.working())?;
        self.create_output()
    }

    /// Makes the directory with empty output files, for a task that never works in it.
    pub(super) fn create_output(&self) -> io::Result<()> {
        std::fs::create_dir_all(&self.path)?;
        for output in [self.stdout(), self.stderr()] {
            let flags = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
            std::fs::File::options()
                .write(true)
                .create(true)
                .truncate(true)
                .custom_flags(flags)
                .open(output)?;
        }
        Ok(())
    }
}

/// Removes a directory with all that is in it. Fine if it is gone already.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout() -> NodeLayout {
        NodeLayout::new("/node".into())
    }

    fn job(id: &str) -> JobId {
        JobId::new(id).unwrap()
    }

    #[test]
    fn directories_are_where_the_service_has_them() {
        let task = layout().task(&job("train"), &TaskId::new("epoch-1").unwrap());
        assert_eq!(task.path(), Path::new("/node/workitems/train/job-1/epoch-1"));
        assert_eq!(task.working(), Path::new("/node/workitems/train/job-1/epoch-1/wd"));
        assert_eq!(task.stdout(), Path::new("/node/workitems/train/job-1/epoch-1/stdout.txt"));
        assert_eq!(layout().startup().working(), Path::new("/node/startup/wd"));
        assert_eq!(layout().job(&job("train")), Path::new("/node/workitems/train"));
    }

    #[test]
    fn jobs_of_a_schedule_lie_below_the_schedule() {
        let id = job("nightly:job-2");
        assert_eq!(layout().job(&id), Path::new("/node/workitems/nightly/job-2"));
        assert_eq!(
            layout().task(&id, &TaskId::new("t").unwrap()).path(),
            Path::new("/node/workitems/nightly/job-2/t")
        );
    }

    #[test]
    fn no_id_leaves_the_root() {
        for id in [":", "a:", ":b", "::", "a:b:c"] {
            let path = layout().job(&job(id));
            assert!(
                path.starts_with("/node/workitems") && path != Path::new("/node/workitems"),
                "{id}: {path:?}"
            );
        }
    }

    #[test]
    fn a_new_attempt_keeps_the_working_directory_and_empties_the_output() {
        let root = tempfile::tempdir().unwrap();
        let task = NodeLayout::new(root.path().to_owned()).task(&job("j"), &TaskId::new("t").unwrap());
        task.create().unwrap();
        std::fs::write(task.stdout(), "first attempt").unwrap();
        std::fs::write(task.working().join("checkpoint"), "1").unwrap();
        task.create().unwrap();
        assert_eq!(std::fs::read_to_string(task.stdout()).unwrap(), "");
        assert_eq!(std::fs::read_to_string(task.working().join("checkpoint")).unwrap(), "1");
        remove(task.path()).unwrap();
        remove(task.path()).unwrap();
        assert!(!task.path().exists());
    }
}
