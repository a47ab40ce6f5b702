//! The data folder: who holds it, and where its holder serves it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::secret::Secret;

const LOCK: &str = "lock";
const ENDPOINT: &str = "endpoint.json";

/// Where the holder of a data folder serves it, and what it takes to talk to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The URL.
    pub endpoint: String,
    /// The account's name.
    pub account: String,
    /// The account's key.
    pub key: Secret,
    /// The process that serves it.
    pub pid: u32,
    /// The certificate that it shows, in PEM, if it is served over TLS.
    pub certificate: Option<String>,
}

/// An [`Endpoint`] in its file, which only its owner can read.
#[derive(Serialize, Deserialize)]
struct EndpointFile {
    endpoint: String,
    account: String,
    key: String,
    pid: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificate: Option<String>,
}

impl Endpoint {
    /// The endpoint that the holder of a data folder has noted there.
    pub fn read(folder: &Path) -> Option<Self> {
        let file: EndpointFile = serde_json::from_slice(&std::fs::read(folder.join(ENDPOINT)).ok()?).ok()?;
        Some(Self {
            endpoint: file.endpoint,
            account: file.account,
            key: Secret::new(file.key),
            pid: file.pid,
            certificate: file.certificate,
        })
    }
}

/// How a data folder stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FolderState {
    /// There is none.
    Absent,
    /// Nobody holds it.
    Free,
    /// A process holds it, and may say where it serves it.
    Held(Option<Endpoint>),
}

impl FolderState {
    /// Looks at a data folder. Makes nothing, and holds it for no longer than a moment, together with all who only look.
    ///
    /// # Errors
    /// Why nobody could use it: it is no folder, or others may write to it.
    pub fn look(path: &Path) -> std::io::Result<Self> {
        let not_found = |error: &std::io::Error| error.kind() == std::io::ErrorKind::NotFound;
        match std::fs::metadata(path) {
            Ok(metadata) if !metadata.is_dir() => return Err(std::io::ErrorKind::NotADirectory.into()),
            Ok(_) => refuse_unless_private(path)?,
            Err(error) if not_found(&error) => return Ok(Self::Absent),
            Err(error) => return Err(error),
        }
        let lock = match File::open(path.join(LOCK)) {
            Ok(lock) => lock,
            Err(error) if not_found(&error) => return Ok(Self::Free),
            Err(error) => return Err(error),
        };
        match lock.try_lock_shared() {
            Ok(()) => Ok(Self::Free),
            Err(TryLockError::WouldBlock) => Ok(Self::Held(Endpoint::read(path))),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// A data folder that is ours for as long as this value lives.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
    _lock: File,
}

/// Why a data folder is not ours.
#[derive(Debug)]
pub(crate) enum NotOurs {
    /// Another process holds it.
    Locked,
    /// The folder or its lock can't be made.
    Io(std::io::Error),
}

impl From<std::io::Error> for NotOurs {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl DataFolder {
    /// Takes hold of a folder; makes it if there is none, for its owner only. One of root's lets others through to what they may reach by its
    /// name: tasks on the nodes themselves are ordinary users.
    pub(crate) fn take(path: &Path) -> Result<Self, NotOurs> {
        let mode = if rustix::process::geteuid().is_root() { 0o711 } else { 0o700 };
        DirBuilder::new().recursive(true).mode(mode).create(path)?;
        let path = path.canonicalize()?;
        refuse_unless_private(&path)?;
        let lock = private_file(&path.join(LOCK))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(NotOurs::Locked),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let folder = Self { path, _lock: lock };
        // Whoever does not know a node's name has no business there either.
        DirBuilder::new().recursive(true).mode(mode).create(folder.nodes())?;
        // Left by a process that was killed.
        folder.forget_endpoint();
        Ok(folder)
    }

    /// The file of the store.
    pub(crate) fn store(&self) -> PathBuf {
        self.path.join("store.db")
    }

    /// The folder of the nodes' root directories.
    /// Where folders stand in for the file systems that pools mount, unless they are elsewhere.
    pub(crate) fn stand_ins(&self) -> PathBuf {
        self.path.join("mounts")
    }

    pub(crate) fn nodes(&self) -> PathBuf {
        self.path.join("nodes")
    }

    /// The folder of the application packages, if none is named.
    pub(crate) fn applications(&self) -> PathBuf {
        self.path.join("applications")
    }

    /// The folder of the way in for containers.
    pub(crate) fn door(&self) -> PathBuf {
        self.path.join("door")
    }

    /// Notes where this folder is served.
    pub(crate) fn note_endpoint(&self, endpoint: &Endpoint) -> std::io::Result<()> {
        let Endpoint { endpoint, account, key, pid, certificate } = endpoint.clone();
        let content = EndpointFile { endpoint, account, key: key.expose().to_owned(), pid, certificate };
        // Whole or not at all: another process may read it at any time.
        let draft = self.path.join(format!("{ENDPOINT}.new"));
        let mut file = private_file(&draft)?;
        file.set_len(0)?;
        file.write_all(&serde_json::to_vec_pretty(&content)?)?;
        file.sync_all()?;
        std::fs::rename(draft, self.path.join(ENDPOINT))
    }

    /// Takes the note back.
    pub(crate) fn forget_endpoint(&self) {
        let _ = std::fs::remove_file(self.path.join(ENDPOINT));
    }
}

/// Whoever else can write to the folder could name a server of their own in it, and be sent the passwords of registries.
fn refuse_unless_private(path: &Path) -> std::io::Result<()> {
    let metadata = std::fs::metadata(path)?;
    let mine = metadata.uid() == rustix::process::geteuid().as_raw();
    if mine && metadata.mode() & 0o022 == 0 {
        return Ok(());
    }
    let reason = if mine {
        "others may write to the folder; take that away with `chmod go-w`"
    } else {
        "the folder belongs to another user; use one of your own"
    };
    Err(std::io::Error::new(std::io::ErrorKind::PermissionDenied, reason))
}

fn private_file(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_folder_has_one_holder_who_says_where_it_is_served() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("data");
        let ours = DataFolder::take(&path).unwrap();
        assert!(matches!(DataFolder::take(&path), Err(NotOurs::Locked)));
        assert_eq!(FolderState::look(&path).unwrap(), FolderState::Held(None));
        let endpoint = Endpoint {
            endpoint: "http://127.0.0.1:1".to_owned(),
            account: "a".to_owned(),
            key: Secret::new("k"),
            pid: 1,
            certificate: Some("c".to_owned()),
        };
        ours.note_endpoint(&endpoint).unwrap();
        assert_eq!(Endpoint::read(&path), Some(endpoint.clone()));
        assert_eq!(FolderState::look(&path).unwrap(), FolderState::Held(Some(endpoint)));
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let expected = if rustix::process::geteuid().is_root() { 0o711 } else { 0o700 };
        assert_eq!((mode(&path), mode(&path.join(ENDPOINT))), (expected, 0o600));
        assert_eq!(mode(&ours.nodes()), expected);
        drop(ours);
        let next = DataFolder::take(&path).unwrap();
        assert_eq!(Endpoint::read(&path), None, "what a dead holder noted is not true any more");
        drop(next);
        assert_eq!(FolderState::look(&path).unwrap(), FolderState::Free);
        assert_eq!(FolderState::look(&parent.path().join("other")).unwrap(), FolderState::Absent);
    }

    #[test]
    fn a_folder_that_others_can_write_to_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let open = parent.path().join("open");
        std::fs::create_dir(&open).unwrap();
        std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o777)).unwrap();
        assert!(FolderState::look(&open).unwrap_err().to_string().contains("chmod"));
        assert!(
            matches!(DataFolder::take(&open), Err(NotOurs::Io(error)) if error.to_string().contains("chmod"))
        );
    }
}
