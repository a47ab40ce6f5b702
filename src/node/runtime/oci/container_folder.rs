//! What is on disk of a container, and what that tells about it.
//!
//! ```text
//! container.json   what the supervisor needs to know, see `Record`
//! config.json      the container, as the OCI runtime specification writes it
//! hosts, hostname, resolv.conf
//! lower            link to the image's root file system
//! upper/ work/     what the container has changed
//! binds/           what of the machine the container sees, in the supervisor's mount namespace only
//! rootfs/          where both are mounted over each other, in the supervisor's mount namespace only
//! supervisor       its process id, once it has taken over; it holds a lock on this file as long as it lives
//! init             the process id of the container's first process
//! exit.json        how the container ended
//! log              what went wrong, for people
//! run/             libcontainer's own records
//! ```
//!
//! Nothing here depends on the process that made the container being alive: after a restart, the files and the lock tell the
//! same story to its successor.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;
use rustix::process::{Pid, PidfdFlags};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::network::Place;
use super::store::write_whole;
use crate::node::runtime::{ContainerState, ExitStatus, RuntimeError};

/// The code of a container that ended without anyone seeing how.
const UNKNOWN_EXIT: i32 = 255;

/// What the supervisor needs to know beyond the OCI configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// A name for the control group, unique on this machine.
    pub(super) id: String,
    /// Whose container it is.
    pub(super) owner: String,
    /// More about it.
    pub(super) labels: BTreeMap<String, String>,
    /// The image's name.
    pub(super) image: String,
    /// The image's root file system.
    pub(super) image_root: PathBuf,
    /// The signal that asks the program to end.
    pub(super) stop_signal: i32,
    /// Where standard output goes.
    pub(super) stdout: PathBuf,
    /// Where standard error goes.
    pub(super) stderr: PathBuf,
    /// Who the program runs as, and so who must be able to open `/dev/stdout`.
    pub(super) owner_of_streams: (u32, u32),
    /// A working directory that must be made before the start: a folder of the host that plays the root, and the path in it.
    pub(super) working_directory: Option<(PathBuf, PathBuf)>,
    /// What of the machine the container sees. Each is mounted on `binds/<number>` first, in the supervisor's mount namespace.
    #[serde(default)]
    pub(super) binds: Vec<PathBuf>,
    /// Folders of the image that the container can write to whatever else is read-only: paths without links in its root file system.
    /// Each is mounted beside the binds, with the numbers that follow.
    #[serde(default)]
    pub(super) volumes: Vec<String>,
    /// Whether the container gets a network of its own, with nothing but loopback.
    pub(super) isolated_network: bool,
    /// Its place in a private network, if it has one.
    #[serde(default)]
    pub(super) place: Option<Place>,
    /// Whether the program is looked after by a first process of our own.
    #[serde(default)]
    pub(super) init: bool,
    /// Whether device nodes in the root file system work.
    pub(super) devices_in_root: bool,
    /// Whether it is an ordinary user's: its supervisor is root in a user namespace.
    #[serde(default)]
    pub(super) rootless: bool,
    /// Whether the container has a control group of its own. An ordinary user may have none to give.
    #[serde(default = "yes")]
    pub(super) has_group: bool,
}

/// Those of earlier versions of this program all have one.
fn yes() -> bool {
    true
}

/// How the container ended, as it is written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Exit {
    pub(super) code: i32,
    pub(super) out_of_memory: bool,
    pub(super) error: Option<String>,
    /// Whose fault it is that the container did not start, if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) not_started: Option<Fault>,
}

/// What kept a container from starting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Fault {
    /// The program can't be found or executed.
    Program,
    /// The settings ask for what can't be.
    Settings,
    /// The machine.
    Machine,
}

impl Fault {
    /// What to say of a container that did not start for that reason.
    pub(super) fn error(self, reason: String) -> RuntimeError {
        match self {
            Self::Program => RuntimeError::StartFailed { reason },
            Self::Settings => RuntimeError::InvalidSettings { reason },
            Self::Machine => RuntimeError::Failed { action: "start container".to_owned(), reason },
        }
    }
}

impl From<Exit> for ExitStatus {
    fn from(exit: Exit) -> Self {
        Self { code: exit.code, out_of_memory: Some(exit.out_of_memory), error: exit.error }
    }
}

/// A container's folder.
#[derive(Debug, Clone)]
pub(super) struct ContainerFolder {
    pub(super) path: PathBuf,
}

/// A supervisor that is alive.
#[derive(Debug)]
pub(super) struct Supervisor {
    pub(super) pid: Pid,
    /// Readable once it is gone.
    pub(super) process: OwnedFd,
}

/// What the files and the lock say.
#[derive(Debug)]
pub(super) enum Standing {
    /// Made, not started.
    Created,
    /// A supervisor looks after it. If the container has ended, it is cleaning up.
    Supervised(Supervisor),
    /// Over, and nobody looks after it any more.
    Over(ExitStatus),
}

impl ContainerFolder {
    /// The folder of a container.
    pub(super) fn new(containers: &Path, name: &str) -> Option<Self> {
        let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let fine = !name.is_empty() && name.len() <= 200 && !name.starts_with('.') && name.chars().all(safe);
        fine.then(|| Self { path: containers.join(name) })
    }

    /// Where the bind source of that number is mounted.
    pub(super) fn bind(folder: &Path, number: usize) -> PathBuf {
        folder.join("binds").join(number.to_string())
    }

    /// A file of the container.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Whether there is such a container.
    pub(super) fn exists(&self) -> bool {
        self.path.exists()
    }

    /// What the supervisor was told.
    pub(super) fn record(&self) -> io::Result<Record> {
        read_json(&self.file("container.json"))?.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// How the container ended, if it has.
    pub(super) fn exit(&self) -> io::Result<Option<ExitStatus>> {
        Ok(read_json::<Exit>(&self.file("exit.json"))?.map(ExitStatus::from))
    }

    /// Why the container did not start, if that is how it ended.
    pub(super) fn start_error(&self) -> io::Result<Option<RuntimeError>> {
        let exit = read_json::<Exit>(&self.file("exit.json"))?;
        Ok(exit.and_then(|exit| Some(exit.not_started?.error(exit.error.unwrap_or_default()))))
    }

    /// Writes down how the container ended. The first word stands.
    pub(super) fn set_exit(&self, exit: &Exit) -> io::Result<()> {
        let path = self.file("exit.json");
        if path.exists() {
            return Ok(());
        }
        write_whole(&path, &serde_json::to_vec(exit)?)
    }

    /// The process id in a file, if one was written there.
    fn pid(&self, name: &str) -> io::Result<Option<Pid>> {
        match fs::read_to_string(self.file(name)) {
            Ok(text) => Ok(text.trim().parse().ok().and_then(Pid::from_raw)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// How the container stands. `None` if there is no such container.
    pub(super) fn standing(&self) -> io::Result<Option<Standing>> {
        let supervisor = match File::open(self.file("supervisor")) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let pid = self.pid("supervisor")?;
        // Opened before the lock is looked at: if it is still held then, the number can't have gone to another process.
        let process =
            pid.and_then(|pid| Some((pid, rustix::process::pidfd_open(pid, PidfdFlags::empty()).ok()?)));
        if is_locked(&supervisor)? {
            return match process {
                Some((pid, process)) => Ok(Some(Standing::Supervised(Supervisor { pid, process }))),
                // It has taken the lock and is about to write its number, or to go.
                None => Ok(Some(Standing::Created)),
            };
        }
        // Read after the lock was seen free: what was to be written has been written.
        if let Some(status) = self.exit()? {
            return Ok(Some(Standing::Over(status)));
        }
        match self.pid("supervisor")? {
            None => Ok(Some(Standing::Created)),
            Some(_) => Ok(Some(Standing::Over(ExitStatus {
                code: UNKNOWN_EXIT,
                out_of_memory: Some(false),
                error: Some(
                    "its supervising process was killed, or the machine restarted: the container is gone and its exit \
                     code unknown"
                        .to_owned(),
                ),
            }))),
        }
    }

    /// How the container is doing, in the words of the trait.
    pub(super) fn state(&self) -> io::Result<Option<ContainerState>> {
        Ok(match self.standing()? {
            None => None,
            Some(Standing::Created) => Some(ContainerState::Created),
            Some(Standing::Over(status)) => Some(ContainerState::Exited(status)),
            Some(Standing::Supervised(_)) => {
                Some(self.exit()?.map_or(ContainerState::Running, ContainerState::Exited))
            }
        })
    }

    /// The container's first process, if it runs and is still a child of its supervisor.
    pub(super) fn init(&self, supervisor: &Supervisor) -> io::Result<Option<OwnedFd>> {
        let Some(pid) = self.pid("init")? else { return Ok(None) };
        let process = match rustix::process::pidfd_open(pid, PidfdFlags::empty()) {
            Ok(process) => process,
            Err(rustix::io::Errno::SRCH) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        // Opened first, then checked: whoever is checked is who was opened.
        Ok((parent(pid) == Some(supervisor.pid.as_raw_pid())).then_some(process))
    }
}

/// The parent of a process, from the fields after its name in `/proc/<pid>/stat`.
fn parent(pid: Pid) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_pid())).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(1)?.parse().ok()
}

/// Takes the supervisor's lock. It is the process's own, not shared with its children, and ends with it.
pub(super) fn lock(file: &File) -> rustix::io::Result<()> {
    rustix::fs::fcntl_lock(file, FlockOperation::NonBlockingLockExclusive)
}

/// Whether another process holds the supervisor's lock.
fn is_locked(file: &File) -> io::Result<bool> {
    match rustix::fs::fcntl_lock(file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => {
            rustix::fs::fcntl_lock(file, FlockOperation::Unlock)?;
            Ok(false)
        }
        Err(rustix::io::Errno::AGAIN | rustix::io::Errno::ACCESS) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

fn read_json<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    match fs::read(path) {
        Ok(content) => Ok(Some(serde_json::from_slice(&content)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, ContainerFolder) {
        let containers = tempfile::tempdir().unwrap();
        let folder = ContainerFolder::new(containers.path(), "task-1").unwrap();
        fs::create_dir(&folder.path).unwrap();
        fs::write(folder.file("supervisor"), "").unwrap();
        (containers, folder)
    }

    #[test]
    fn names_that_are_no_file_names_are_refused() {
        for bad in ["", ".", "..", "a/b", "a\0", ".hidden", &"x".repeat(201)] {
            assert!(ContainerFolder::new(Path::new("/"), bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn a_container_goes_from_created_to_exited() {
        let (_containers, folder) = folder();
        assert_eq!(folder.state().unwrap(), Some(ContainerState::Created));
        let exit = Exit { code: 3, out_of_memory: false, error: None, not_started: None };
        fs::write(folder.file("supervisor"), "4194305").unwrap();
        folder.set_exit(&exit).unwrap();
        assert_eq!(folder.state().unwrap(), Some(ContainerState::Exited(exit.into())));
    }

    #[test]
    fn a_vanished_supervisor_is_told_honestly() {
        let (_containers, folder) = folder();
        fs::write(folder.file("supervisor"), "4194305").unwrap();
        let Some(ContainerState::Exited(status)) = folder.state().unwrap() else { panic!("not over") };
        assert_eq!(status.code, 255);
        assert!(status.error.unwrap().contains("exit code unknown"));
    }

    #[test]
    fn the_first_word_about_the_end_stands() {
        let (_containers, folder) = folder();
        let exit = |code| Exit { code, out_of_memory: false, error: None, not_started: None };
        folder.set_exit(&exit(1)).unwrap();
        folder.set_exit(&exit(2)).unwrap();
        assert_eq!(folder.exit().unwrap().unwrap().code, 1);
    }

    #[test]
    fn why_a_container_did_not_start_is_still_known_later() {
        let (_containers, folder) = folder();
        let error = |not_started| {
            let exit = Exit { code: 127, out_of_memory: false, error: Some("why".to_owned()), not_started };
            fs::write(folder.file("exit.json"), serde_json::to_vec(&exit).unwrap()).unwrap();
            folder.start_error().unwrap()
        };
        assert!(error(None).is_none());
        let missing = error(Some(Fault::Program));
        assert!(matches!(missing, Some(RuntimeError::StartFailed { reason }) if reason == "why"));
        assert!(matches!(error(Some(Fault::Settings)), Some(RuntimeError::InvalidSettings { .. })));
        assert!(matches!(error(Some(Fault::Machine)), Some(RuntimeError::Failed { .. })));
        // As an earlier version of this program wrote it.
        fs::write(folder.file("exit.json"), r#"{"code":127,"out_of_memory":false,"error":"why"}"#).unwrap();
        assert!(folder.start_error().unwrap().is_none());
    }

    #[test]
    fn what_is_not_there_is_none() {
        let containers = tempfile::tempdir().unwrap();
        let folder = ContainerFolder::new(containers.path(), "none").unwrap();
        assert_eq!(folder.state().unwrap(), None);
    }
}
