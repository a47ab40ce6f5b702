//! What the node and the first process of an instance's container tell each other, in files of a folder that both see.
//!
//! ```text
//! coordination.json   how the coordination command ended, or why it could not be run
//! go                  all instances are ready: the task's command may run
//! command.json        why the task's command could not be run
//! ```
//!
//! The container's user may write here, and so must be able to deceive nobody but its own task: the node follows no link, opens
//! nothing but small regular files, and takes what it reads for what this one instance says of itself.

use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use crate::node::plain_path;

/// Where the container sees the folder.
pub(super) const TARGET: &str = "/.batchyard/control";
pub(super) const COORDINATION: &str = "coordination.json";
pub(super) const COMMAND: &str = "command.json";
pub(super) const GO: &str = "go";

/// How often the files are looked at.
pub(super) const GLANCE: Duration = Duration::from_millis(25);

/// Longer than anything that is said here.
const LONGEST: u64 = 64 * 1024;

/// How a command went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    /// It ran, and ended with this exit code.
    Exited(i32),
    /// It could not be run.
    NotStarted {
        /// Why.
        reason: String,
        /// Whether there is no such program, rather than one that can't be executed.
        is_missing: bool,
    },
}

impl Step {
    /// Writes it down, for whoever looks to see all of it or nothing.
    pub(super) fn write(&self, folder: &Path, name: &str) -> io::Result<()> {
        let draft = folder.join(format!("{name}.draft"));
        fs::write(&draft, serde_json::to_vec(self)?)?;
        fs::rename(draft, folder.join(name))
    }
}

/// The folder of an instance, as its node sees it.
#[derive(Debug, Clone)]
pub(in crate::node) struct Control(PathBuf);

impl Control {
    /// The control folder at `path`.
    pub(in crate::node) fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// The folder for the container's user, whoever that is, below one that only this program's user may enter.
    pub(super) fn folder(&self) -> PathBuf {
        self.0.join("shared")
    }

    /// Makes the folder, empty.
    pub(super) fn create(&self) -> io::Result<()> {
        plain_path::remove(&self.0)?;
        DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
        fs::create_dir(self.folder())?;
        // Exactly this mode, whatever is masked.
        fs::set_permissions(self.folder(), Permissions::from_mode(0o777))
    }

    /// How the coordination command went, if it has ended.
    pub(super) fn coordination(&self) -> Option<Step> {
        self.read(COORDINATION)
    }

    /// Why the task's command could not be run, if so.
    pub(super) fn command(&self) -> Option<Step> {
        self.read(COMMAND)
    }

    /// Lets the task's command run.
    pub(super) fn go(&self) -> io::Result<()> {
        plain_path::open_to_write(&self.folder().join(GO), OFlags::APPEND).map(drop)
    }

    fn read(&self, name: &str) -> Option<Step> {
        let file = plain_path::open_to_read(&self.folder().join(name)).ok()??;
        let mut content = Vec::new();
        file.take(LONGEST).read_to_end(&mut content).ok()?;
        serde_json::from_slice(&content).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_one_side_writes_the_other_reads_and_links_lead_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let control = Control::at(plain_path::plain(folder.path()).unwrap().join("task.instance"));
        control.create().unwrap();
        assert_eq!(control.coordination(), None);
        Step::Exited(3).write(&control.folder(), COORDINATION).unwrap();
        assert_eq!(control.coordination(), Some(Step::Exited(3)));
        let secret = folder.path().join("secret");
        let not_started = Step::NotStarted { reason: "secret".to_owned(), is_missing: true };
        not_started.write(folder.path(), "secret").unwrap();
        symlink(&secret, control.folder().join(COMMAND)).unwrap();
        assert_eq!(control.command(), None);
        symlink(folder.path().join("made"), control.folder().join(GO)).unwrap();
        assert!(control.go().is_err());
        assert!(!folder.path().join("made").exists());

        control.create().unwrap();
        assert_eq!(control.coordination(), None, "a new instance begins with an empty folder");
        control.go().unwrap();
        control.go().unwrap();
        assert!(control.folder().join(GO).exists());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&control.0), mode(&control.folder())), (0o700, 0o777));
    }
}
