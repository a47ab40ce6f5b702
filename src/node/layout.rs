//! The directories of a node.
//!
//! ```text
//! shared/                                  for all tasks
//! startup/{stdout.txt,stderr.txt,wd/}      the start task's
//! applications/  fsmounts/
//! volatile/                                empty here: what the node notes for itself is out of its tasks' reach
//! workitems/<job>/job-1/<task>/{stdout.txt,stderr.txt,wd/}, and fileupload{out,err}.txt once files were uploaded
//! ```
//!
//! Names come from validated ids only, and those hold no `/` and no `.`: no path leaves the node's root.

use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::plain_path;
use crate::batch::{JobId, TaskId};

/// AZ_BATCH_NODE_ROOT_DIR of nodes in Azure.
const ROOT_IN_AZURE: &str = "/mnt/batch/tasks";

/// The directories of a node, below its root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeLayout {
    root: PathBuf,
}

impl NodeLayout {
    /// The layout below `root`, which is made absolute and free of links, as containers mount it at the same path.
    pub fn new(root: PathBuf) -> Self {
        Self { root: plain_path::plain(&root).unwrap_or(root) }
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

    /// Where the node notes for itself what it runs. Beside its root, not below: containers see all that is below, and those of
    /// root could forge an outcome, or name a process of the machine as one of theirs to be ended.
    pub(super) fn notes(&self) -> PathBuf {
        let mut name = self.root.file_name().unwrap_or_default().to_owned();
        name.push(".notes");
        self.root.with_file_name(name)
    }

    /// The directory of a job. Jobs of a schedule, `<schedule>:<job-n>`, lie below the schedule's name.
    pub fn job(&self, job: &JobId) -> PathBuf {
        self.workitem(job).0
    }

    /// The directory of a task, AZ_BATCH_TASK_DIR; that of the job's preparation task is AZ_BATCH_JOB_PREP_DIR for the others.
    pub fn task(&self, job: &JobId, task: &TaskId) -> TaskDirectory {
        TaskDirectory { path: self.workitem(job).1.join(task.as_str()) }
    }

    /// The directory of one instance of a task that runs on several nodes at once: the task's own for the primary, number 0, and
    /// below that for the others.
    pub fn instance(&self, job: &JobId, task: &TaskId, number: usize) -> TaskDirectory {
        let task = self.task(job, task);
        if number == 0 { task } else { TaskDirectory { path: task.path.join(number.to_string()) } }
    }

    /// What the instances of a task see at the same path on every node, each its own node's: AZ_BATCH_TASK_SHARED_DIR. That is the
    /// task's directory, where nodes in Azure have it.
    pub(super) fn task_shared(&self, job: &JobId, task: &TaskId) -> PathBuf {
        let task = self.task(job, task);
        let below = task.path.strip_prefix(&self.root).unwrap_or(&task.path);
        Path::new(ROOT_IN_AZURE).join(below)
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

    /// Removes all of the node. Fine if it is gone already.
    ///
    /// # Errors
    /// When something can't be removed.
    pub fn remove(&self) -> io::Result<()> {
        remove(&self.root).and(remove(&self.notes()))
    }

    /// Makes the directories that every node has. Fine if they are there.
    pub(super) fn create(&self) -> io::Result<()> {
        for path in [
            self.shared(),
            self.startup().working(),
            self.applications(),
            self.mounts(),
            self.root.join("volatile").join("startup"),
            self.root.join("workitems"),
        ] {
            plain_path::make_folders(&path)?;
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

    /// Where it finds certificates, AZ_BATCH_CERTIFICATES_DIR.
    pub fn certificates(&self) -> PathBuf {
        self.path.join("certs")
    }

    /// The task's standard output.
    pub fn stdout(&self) -> PathBuf {
        self.path.join("stdout.txt")
    }

    /// The task's standard error.
    pub fn stderr(&self) -> PathBuf {
        self.path.join("stderr.txt")
    }

    /// What was done to keep its files.
    pub(super) fn upload_output(&self) -> PathBuf {
        self.path.join("fileuploadout.txt")
    }

    /// Which of its files could not be kept.
    pub(super) fn upload_errors(&self) -> PathBuf {
        self.path.join("fileuploaderr.txt")
    }

    /// Makes the directory, or what of it is missing, with empty output files. What an earlier attempt left in the working
    /// directory stays, as it does on the service's nodes.
    pub(super) fn create(&self) -> io::Result<()> {
        plain_path::make_folders(&self.working())?;
        self.create_output()
    }

    /// Makes the directory with empty output files, for a task that never works in it.
    pub(super) fn create_output(&self) -> io::Result<()> {
        plain_path::make_folders(&self.path)?;
        for output in [self.stdout(), self.stderr()] {
            plain_path::open_to_write(&output, OFlags::TRUNC)?;
        }
        Ok(())
    }
}

/// Removes a directory with all that is in it. Fine if it is gone already.
///
/// # Errors
/// When something can't be removed, or the way there leads through a link.
pub fn remove(path: &Path) -> io::Result<()> {
    plain_path::remove(path)
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
        for id in [":", "a:", ":b", "::", "a:b:c", ".", "..", "a/b", "a:..", "a:b/c"] {
            assert!(JobId::new(id).is_err(), "{id}");
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
