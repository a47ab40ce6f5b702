//! The files of a node: listed and read without ever leaving the node's root, whatever links tasks have made.
//!
//! Every path is resolved by the kernel below an open directory (`openat2` with `RESOLVE_BENEATH`), so that no link and no race
//! with a running task leads outside.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::{Component, Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags, Stat, fstat, open, openat, openat2, unlinkat,
};
use rustix::io::Errno;

use crate::batch::DateTime;
use crate::batch::model::{BatchNodeFile, FileProperties};

/// Slashes stay, as in the URLs that the service lists.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// How deep a listing goes.
const MAX_DEPTH: usize = 64;

/// Files of a node: all of them, or those of one task.
#[derive(Debug, Clone)]
pub(crate) struct NodeFiles {
    root: PathBuf,
    below: PathBuf,
    url: String,
}

/// A file or folder that was found.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) is_directory: bool,
    pub(crate) properties: FileProperties,
}

/// Why a file can't be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// There is no such file, or none that may be read from outside.
    #[error("there is no such file")]
    NotFound,
    /// The machine failed.
    #[error("the file can't be read")]
    Io(#[from] io::Error),
}

impl From<Errno> for ReadError {
    fn from(error: Errno) -> Self {
        match error {
            Errno::NOENT
            | Errno::NOTDIR
            | Errno::XDEV
            | Errno::LOOP
            | Errno::NAMETOOLONG
            | Errno::INVAL
            | Errno::NXIO => Self::NotFound,
            _ => Self::Io(error.into()),
        }
    }
}

/// Why a file can't be removed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RemoveError {
    /// It can't even be reached.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It is a folder with something in it.
    #[error("the folder is not empty")]
    NotEmpty,
}

impl From<Errno> for RemoveError {
    fn from(error: Errno) -> Self {
        match error {
            Errno::NOTEMPTY | Errno::EXIST => Self::NotEmpty,
            other => Self::Read(other.into()),
        }
    }
}

impl NodeFiles {
    /// The files below `root`/`below`, which clients know by `url`.
    pub(crate) fn new(root: PathBuf, below: PathBuf, url: String) -> Self {
        Self { root, below, url }
    }

    /// The URL that the files are below.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Finds a file or folder. It need not be readable for that.
    pub(crate) fn find(&self, path: &str) -> Result<Found, ReadError> {
        let handle = self.resolve(path, OFlags::PATH)?;
        Found::of(path, &fstat(handle)?)
    }

    /// Opens a file.
    pub(crate) fn open(&self, path: &str) -> Result<(Found, File), ReadError> {
        let handle = self.resolve(path, OFlags::PATH)?;
        let found = Found::of(path, &fstat(&handle)?)?;
        // Looked at first, then opened by its handle: merely opening a device or a pipe that a task has made may do something.
        let itself = format!("/proc/self/fd/{}", handle.as_raw_fd());
        Ok((found, open(itself, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?.into()))
    }

    /// Removes a file, or a folder: an empty one, or with what is in it. Links are removed, not followed.
    pub(crate) fn delete(&self, path: &str, recursive: bool) -> Result<(), RemoveError> {
        let (above, name) = path.trim_end_matches('/').rsplit_once('/').unwrap_or(("", path));
        if matches!(name, "" | "." | "..") {
            return Err(ReadError::NotFound.into());
        }
        let above = self.resolve(above, OFlags::RDONLY | OFlags::DIRECTORY)?;
        match unlinkat(&above, name, AtFlags::empty()) {
            Err(Errno::ISDIR) if recursive => remove_folder(&above, name, MAX_DEPTH),
            Err(Errno::ISDIR) => Ok(unlinkat(&above, name, AtFlags::REMOVEDIR)?),
            result => Ok(result?),
        }
    }

    /// Lists the files: those at the top, or all. A task without a folder yet has none.
    pub(crate) fn list(&self, recursive: bool) -> Result<Vec<BatchNodeFile>, ReadError> {
        let mut files = Vec::new();
        match self.walk("", if recursive { MAX_DEPTH } else { 1 }, &mut files) {
            Ok(()) | Err(ReadError::NotFound) => Ok(files),
            Err(error) => Err(error),
        }
    }

    fn walk(&self, above: &str, depth: usize, files: &mut Vec<BatchNodeFile>) -> Result<(), ReadError> {
        let directory = self.resolve(above, OFlags::RDONLY | OFlags::DIRECTORY)?;
        for entry in Dir::read_from(&directory)? {
            let entry = entry?;
            let Ok(entry_name) = entry.file_name().to_str() else { continue };
            if matches!(entry_name, "." | "..") {
                continue;
            }
            let name = if above.is_empty() { entry_name.to_owned() } else { format!("{above}/{entry_name}") };
            let found = match self.find(&name) {
                Ok(found) => found,
                // Gone meanwhile, a link that leads outside, a socket: nothing to show.
                Err(ReadError::NotFound) => continue,
                Err(error) => return Err(error),
            };
            files.push(BatchNodeFile {
                url: Some(format!("{}/{}", self.url, utf8_percent_encode(&name, PATH))),
                is_directory: Some(found.is_directory),
                properties: (!found.is_directory).then_some(found.properties),
                name: name.clone(),
            });
            // Links are listed, not followed: they may lead in circles.
            if found.is_directory && entry.file_type() != FileType::Symlink && depth > 1 {
                match self.walk(&name, depth - 1, files) {
                    Ok(()) | Err(ReadError::NotFound) => {}
                    Err(ReadError::Io(error)) if error.kind() == io::ErrorKind::PermissionDenied => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    fn resolve(&self, path: &str, flags: OFlags) -> Result<OwnedFd, ReadError> {
        // Nobody needs these in a URL, and below a task's directory they would lead to other tasks.
        if Path::new(path).components().any(|part| matches!(part, Component::ParentDir | Component::RootDir))
        {
            return Err(ReadError::NotFound);
        }
        let root = open(&self.root, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let wanted = self.below.join(path);
        let wanted = if wanted.as_os_str().is_empty() { Path::new(".") } else { &wanted };
        let confined = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        Ok(openat2(root, wanted, flags | OFlags::CLOEXEC, Mode::empty(), confined)?)
    }
}

fn remove_folder(above: &OwnedFd, name: &str, depth: usize) -> Result<(), RemoveError> {
    if depth == 0 {
        return Err(RemoveError::NotEmpty);
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = openat(above, name, flags, Mode::empty())?;
    for entry in Dir::read_from(&folder)? {
        let entry = entry?;
        let Ok(child) = entry.file_name().to_str() else { continue };
        if matches!(child, "." | "..") {
            continue;
        }
        match unlinkat(&folder, child, AtFlags::empty()) {
            Err(Errno::ISDIR) => remove_folder(&folder, child, depth - 1)?,
            result => result?,
        }
    }
    Ok(unlinkat(above, name, AtFlags::REMOVEDIR)?)
}

impl Found {
    fn of(path: &str, status: &Stat) -> Result<Self, ReadError> {
        match FileType::from_raw_mode(status.st_mode) {
            kind @ (FileType::RegularFile | FileType::Directory) => {
                Ok(Self { is_directory: kind == FileType::Directory, properties: properties(path, status) })
            }
            _ => Err(ReadError::NotFound),
        }
    }
}

fn properties(path: &str, status: &Stat) -> FileProperties {
    let nanos = i32::try_from(status.st_mtime_nsec).unwrap_or_default();
    let modified = jiff::Timestamp::new(status.st_mtime, nanos).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let content_type = match Path::new(path).extension().and_then(|extension| extension.to_str()) {
        Some("txt" | "log") => "text/plain",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    };
    FileProperties {
        creation_time: None,
        last_modified: DateTime(modified),
        content_length: u64::try_from(status.st_size).unwrap_or_default(),
        content_type: Some(content_type.to_owned()),
        file_mode: Some(format!("0o{:o}", status.st_mode)),
    }
}

/// Reads `bytes=0-99`, `bytes=100-` or `bytes=-10` for a file of `length` bytes, as start and count. `None` if the range is none,
/// or lies outside.
pub(crate) fn parse_range(text: &str, length: u64) -> Option<(u64, u64)> {
    let (first, last) = text.trim().strip_prefix("bytes=")?.split_once('-')?;
    let (start, end) = match (first.trim(), last.trim()) {
        ("", suffix) => (length.saturating_sub(suffix.parse().ok()?), length),
        (first, "") => (first.parse().ok()?, length),
        (first, last) => (first.parse().ok()?, last.parse::<u64>().ok()?.checked_add(1)?.min(length)),
    };
    (start < end).then(|| (start, end - start))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn names(files: &NodeFiles, recursive: bool) -> Vec<String> {
        let mut names: Vec<_> = files.list(recursive).unwrap().into_iter().map(|file| file.name).collect();
        names.sort();
        names
    }

    #[test]
    fn ranges_are_those_of_http() {
        assert_eq!(parse_range("bytes=0-99", 1_000), Some((0, 100)));
        assert_eq!(parse_range("bytes=990-2000", 1_000), Some((990, 10)));
        assert_eq!(parse_range("bytes=10-", 1_000), Some((10, 990)));
        assert_eq!(parse_range("bytes=-10", 1_000), Some((990, 10)));
        for outside in ["bytes=1000-", "bytes=5-4", "bytes=", "bytes=a-b", "0-1", "bytes=-0"] {
            assert_eq!(parse_range(outside, 1_000), None, "{outside}");
        }
        assert_eq!(parse_range("bytes=0-", 0), None);
    }

    #[test]
    fn a_task_sees_its_own_files_and_nobody_leaves_the_node() {
        let folder = tempfile::tempdir().unwrap();
        let (root, outside) = (folder.path().join("node"), folder.path().join("secret.txt"));
        std::fs::write(&outside, "secret").unwrap();
        std::fs::create_dir_all(root.join("work/t/wd/deep")).unwrap();
        std::fs::create_dir_all(root.join("shared")).unwrap();
        for (path, text) in
            [("work/t/stdout.txt", "out"), ("work/t/wd/deep/a b.bin", "x"), ("shared/s.txt", "s")]
        {
            std::fs::write(root.join(path), text).unwrap();
        }
        symlink(&outside, root.join("work/t/wd/escape")).unwrap();
        symlink("../../../../secret.txt", root.join("work/t/wd/climb")).unwrap();
        symlink("../../../shared/s.txt", root.join("work/t/wd/shared.txt")).unwrap();
        symlink("..", root.join("work/t/wd/circle")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, root.join("work/t/wd/pipe"), FileType::Fifo, Mode::RWXU, 0)
            .unwrap();

        let files = NodeFiles::new(root.clone(), "work/t".into(), "http://h/files".to_owned());
        assert_eq!(names(&files, false), ["stdout.txt", "wd"]);
        assert_eq!(
            names(&files, true),
            ["stdout.txt", "wd", "wd/circle", "wd/deep", "wd/deep/a b.bin", "wd/shared.txt"]
        );
        for path in
            ["wd/escape", "wd/climb", "../../../secret.txt", "/etc/passwd", "wd/pipe", "none", "stdout.txt/x"]
        {
            assert!(matches!(files.find(path), Err(ReadError::NotFound)), "{path}");
            assert!(matches!(files.open(path), Err(ReadError::NotFound)), "{path}");
        }
        let (_, shared) = files.open("wd/shared.txt").unwrap();
        assert_eq!(io::read_to_string(shared).unwrap(), "s");
        let listed = files.list(true).unwrap();
        let file = listed.iter().find(|file| file.name == "wd/deep/a b.bin").unwrap();
        assert_eq!(file.url.as_deref(), Some("http://h/files/wd/deep/a%20b.bin"));
        let properties = file.properties.as_ref().unwrap();
        assert_eq!(properties.content_length, 1);
        assert!(properties.file_mode.as_deref().unwrap().starts_with("0o100"));
        for path in ["wd/escape", "wd/circle", "wd/pipe"] {
            files.delete(path, true).unwrap();
        }
        assert!(outside.exists() && root.join("work/t/stdout.txt").exists(), "links are not followed");
        assert!(matches!(files.delete("wd", false), Err(RemoveError::NotEmpty)));
        for path in ["", "..", "wd/..", "../../../secret.txt", "/etc/passwd", "none"] {
            let refused = files.delete(path, true);
            assert!(matches!(refused, Err(RemoveError::Read(ReadError::NotFound))), "{path}: {refused:?}");
        }
        files.delete("wd", true).unwrap();
        assert_eq!(names(&files, true), ["stdout.txt"]);
        assert!(root.join("shared/s.txt").exists());
        let none = NodeFiles::new(root, "work/none".into(), String::new());
        assert!(names(&none, true).is_empty());
    }
}
