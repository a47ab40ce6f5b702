//! Where resource files go: below the task's working directory, or that which its instances share, as its user's own.
//!
//! An earlier attempt of the task, or another task of its user, may have put links there, also in the moment in which a file
//! comes. So nothing here follows one, and what is written to is always a new file.

use std::fs::File;
use std::io;
use std::path::{Component, Path, PathBuf};

use bytes::Bytes;
use rustix::fs::StatVfs;
use tokio::io::AsyncWriteExt as _;

use super::failure::FetchError;
use crate::node::account::Account;
use crate::node::context::in_background;
use crate::node::free_space::{KEPT_FREE, room_on};
use crate::node::plain_path;

/// After how many bytes the disk's room is looked at again.
const LOOKS: u64 = 16 * MEBIBYTE;
/// How much is gathered before it is written, in bytes.
const GATHERED: usize = 256 * 1024;
const MEBIBYTE: u64 = 1024 * 1024;

/// What the service itself has in a task's directory, beside the directories of subtasks, which are numbers.
const OWN: &[&str] = &["wd", "certs", "stdout.txt", "stderr.txt"];

/// A task's working directory, or the directory that its instances share.
#[derive(Debug, Clone)]
pub(super) struct TaskFolder {
    pub(super) path: PathBuf,
    /// Whether instances share it: then it is the task's directory, in which the service has files of its own.
    pub(super) is_shared: bool,
    /// Who its files are given to; nobody where this program can't give anything away.
    pub(super) owner: Option<Account>,
}

/// A file that is being written.
pub(super) struct NewFile {
    /// Relative to the working directory, for errors.
    name: String,
    path: PathBuf,
    file: tokio::io::BufWriter<tokio::fs::File>,
    written: u64,
    look_at: u64,
}

impl TaskFolder {
    /// Makes a file, in the place of what is there.
    pub(super) async fn begin(&self, relative: &Path, length: Option<u64>) -> Result<NewFile, FetchError> {
        let name = relative.to_string_lossy().into_owned();
        if self.is_shared && is_the_services(relative) {
            let error =
                io::Error::new(io::ErrorKind::AlreadyExists, "the service has something of that name there");
            return Err(FetchError::File { file: name, error });
        }
        let path = self.path.join(relative);
        room_for(rustix::fs::statvfs(&self.path), length.unwrap_or(0), &name)?;
        let folder = self.clone();
        let place = path.clone();
        let made = in_background(move || Ok(folder.make(&place))).await;
        let file = made.unwrap_or_else(|error| Err(Step::File(error))).map_err(|step| match step {
            Step::Folder(error) => {
                let folder = relative.parent().unwrap_or(Path::new(""));
                FetchError::Folder { folder: folder.to_string_lossy().into_owned(), error }
            }
            Step::File(error) => FetchError::File { file: name.clone(), error },
        })?;
        let file = tokio::io::BufWriter::with_capacity(GATHERED, tokio::fs::File::from_std(file));
        Ok(NewFile { name, path, file, written: 0, look_at: LOOKS })
    }

    /// Gives the file, which is whole now, to the task.
    pub(super) async fn finish(&self, mut new: NewFile, mode: u32) -> Result<(), FetchError> {
        let fail = |error, name: &str| write_error(error, name);
        new.file.flush().await.map_err(|error| fail(error, &new.name))?;
        let (file, name) = (new.file.into_inner().into_std().await, new.name);
        let owner = self.owner;
        let given = in_background(move || {
            if let Some(owner) = owner {
                plain_path::give_file(&file, owner.uid, owner.gid)?;
            }
            plain_path::set_mode(&file, mode)
        });
        given.await.map_err(|error| fail(error, &name))
    }

    /// Makes a file and the folders that it is in.
    fn make(&self, path: &Path) -> Result<File, Step> {
        let folder = path.parent().unwrap_or(&self.path);
        self.make_folders(folder).map_err(Step::Folder)?;
        plain_path::replace_file(path).map_err(Step::File)
    }

    fn make_folders(&self, folder: &Path) -> io::Result<()> {
        if folder == self.path {
            return Ok(());
        }
        match plain_path::find(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            // If it is no folder, making the file fails.
            found => return found.map(drop),
        }
        self.make_folders(folder.parent().unwrap_or(&self.path))?;
        plain_path::make_folders(folder)?;
        match self.owner {
            Some(owner) => plain_path::give(folder, owner.uid, owner.gid),
            None => Ok(()),
        }
    }
}

/// Whether the service has something of its own in a task's directory where this path begins.
fn is_the_services(relative: &Path) -> bool {
    let mut steps = relative.components().filter(|step| *step != Component::CurDir);
    let first = steps.next().map(|step| step.as_os_str().to_string_lossy()).unwrap_or_default();
    OWN.contains(&&*first) || first.bytes().all(|byte| byte.is_ascii_digit())
}

enum Step {
    Folder(io::Error),
    File(io::Error),
}

impl NewFile {
    /// Writes what comes next.
    pub(super) async fn write(&mut self, piece: &Bytes) -> Result<(), FetchError> {
        self.written += piece.len() as u64;
        if self.written >= self.look_at {
            self.look_at = self.written + LOOKS;
            room_for(rustix::fs::fstatvfs(self.file.get_ref()), 0, &self.name)?;
        }
        self.file.write_all(piece).await.map_err(|error| write_error(error, &self.name))
    }

    /// Removes the file: what is there is not all of it.
    pub(super) async fn discard(self) {
        let path = self.path;
        drop(self.file);
        if let Err(error) = in_background(move || plain_path::remove(&path)).await {
            tracing::debug!(file = self.name, %error, "a part of a resource file could not be removed");
        }
    }
}

fn write_error(error: io::Error, name: &str) -> FetchError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            FetchError::Full { file: name.to_owned(), left: 0, kept: KEPT_FREE / MEBIBYTE }
        }
        _ => FetchError::Write { file: name.to_owned(), error },
    }
}

/// Whether a disk has room for that many bytes more. One that does not say is taken to have it.
fn room_for(disk: rustix::io::Result<StatVfs>, more: u64, name: &str) -> Result<(), FetchError> {
    let room = room_on(disk);
    if room > 0 && room >= more {
        return Ok(());
    }
    let left = room.saturating_add(KEPT_FREE) / MEBIBYTE;
    Err(FetchError::Full { file: name.to_owned(), left, kept: KEPT_FREE / MEBIBYTE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_service_has_in_the_shared_directory_is_left_alone() {
        for path in ["stdout.txt", "./stderr.txt", "wd/a", "certs/x", "1", "12/stdout.txt"] {
            assert!(is_the_services(Path::new(path)), "{path}");
        }
        for path in ["data", "data/stdout.txt", "1a", "wd2", "./x/wd"] {
            assert!(!is_the_services(Path::new(path)), "{path}");
        }
    }
}
