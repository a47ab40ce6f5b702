//! Paths of the node that hold no symbolic link.
//!
//! Tasks write below the node's root, some as root: whatever lies there may have become a link to anywhere, also folders in the
//! middle of a path, and a file may have become a device. This program, which may be root on the machine itself, must not be led
//! along. So the kernel resolves such paths with `openat2(RESOLVE_NO_SYMLINKS)`, and what was checked is what is used: a descriptor,
//! not a path.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Gid, Mode, OFlags, ResolveFlags, Stat, Uid};

use super::root_folder::{make_child, remove_tree};

/// How often a lookup is tried again that the kernel gave up because something was renamed meanwhile.
const LOOKUPS: usize = 16;

/// Opens what is at `path`, an absolute path.
fn open(path: &Path, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
    let resolve = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    for _ in 1..LOOKUPS {
        match rustix::fs::openat2(CWD, path, flags | OFlags::CLOEXEC, mode, resolve) {
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
            result => return Ok(result?),
        }
    }
    Err(io::ErrorKind::WouldBlock.into())
}

/// Takes hold of what is at `path`, whatever it is, without opening it.
pub(in crate::node) fn find(path: &Path) -> io::Result<OwnedFd> {
    open(path, OFlags::PATH, Mode::empty())
}

/// The folder at `path`.
fn folder(path: &Path) -> io::Result<OwnedFd> {
    open(path, OFlags::PATH | OFlags::DIRECTORY, Mode::empty())
}

/// The folder at `path`; it and its parents are made where they are missing.
pub(in crate::node) fn make_folders(path: &Path) -> io::Result<OwnedFd> {
    match (folder(path), path.parent(), path.file_name()) {
        (Err(error), Some(parent), Some(name)) if error.kind() == io::ErrorKind::NotFound => {
            make_child(make_folders(parent)?, name)
        }
        (result, ..) => result,
    }
}

/// Gives the folder at `path` to a user.
pub(in crate::node) fn give(path: &Path, user: u32, group: u32) -> io::Result<()> {
    let folder = open(path, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?;
    Ok(rustix::fs::fchown(folder, Some(Uid::from_raw(user)), Some(Gid::from_raw(group)))?)
}

/// Lets nobody but its owner into the folder at `path`.
pub(in crate::node) fn close_to_others(path: &Path) -> io::Result<()> {
    let folder = open(path, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?;
    Ok(rustix::fs::fchmod(folder, Mode::RWXU)?)
}

/// Lets everybody add to the folder at `path`, and nobody replace what others have put there.
pub(in crate::node) fn share(path: &Path) -> io::Result<()> {
    let folder = open(path, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?;
    Ok(rustix::fs::fchmod(folder, Mode::from_raw_mode(0o1777))?)
}

/// Opens the regular file at `path` to write to it, and makes it if there is none. `how` says whether to append or to empty it.
pub(in crate::node) fn open_to_write(path: &Path, how: OFlags) -> io::Result<File> {
    for _ in 1..LOOKUPS {
        let found = match find(path) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let new = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | how;
                match open(path, new, Mode::from_raw_mode(0o644)) {
                    Ok(file) => return Ok(file.into()),
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                    Err(error) => return Err(error),
                }
            }
            Err(error) => return Err(error),
        };
        if !is_regular(&rustix::fs::fstat(&found)?) {
            let reason = format!("`{}` is not a regular file any more", path.display());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        }
        // By the descriptor, so that it is the very file that was looked at.
        let itself =
            rustix::fs::open(by_descriptor(&found), OFlags::WRONLY | OFlags::CLOEXEC | how, Mode::empty());
        return Ok(itself?.into());
    }
    Err(io::ErrorKind::WouldBlock.into())
}

/// Opens the regular file at `path` to read it; `None` if it is something else.
pub(in crate::node) fn open_to_read(path: &Path) -> io::Result<Option<File>> {
    let found = find(path)?;
    if !is_regular(&rustix::fs::fstat(&found)?) {
        return Ok(None);
    }
    let itself = rustix::fs::open(by_descriptor(&found), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
    Ok(Some(itself?.into()))
}

/// Where the link at `path` leads to; `None` if what is there is none.
pub(in crate::node) fn read_link(path: &Path) -> io::Result<Option<PathBuf>> {
    let found = open(path, OFlags::PATH | OFlags::NOFOLLOW, Mode::empty())?;
    if FileType::from_raw_mode(rustix::fs::fstat(&found)?.st_mode) != FileType::Symlink {
        return Ok(None);
    }
    let target = rustix::fs::readlinkat(found, "", Vec::new())?;
    Ok(Some(OsString::from_vec(target.into_bytes()).into()))
}

/// Makes a new file at `path`, in the place of the file or the link that is there.
pub(in crate::node) fn replace_file(path: &Path) -> io::Result<File> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let parent = folder(parent)?;
    match rustix::fs::unlinkat(&parent, name, AtFlags::empty()) {
        Ok(()) | Err(rustix::io::Errno::NOENT) => {}
        Err(error) => return Err(error.into()),
    }
    let new = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(parent, name, new, Mode::from_raw_mode(0o600))?.into())
}

/// Gives an open file to a user.
pub(in crate::node) fn give_file(file: &File, user: u32, group: u32) -> io::Result<()> {
    Ok(rustix::fs::fchown(file, Some(Uid::from_raw(user)), Some(Gid::from_raw(group)))?)
}

/// Says who may do what with an open file.
pub(in crate::node) fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    Ok(rustix::fs::fchmod(file, Mode::from_raw_mode(mode))?)
}

/// The length of the regular file at `path`; 0 if there is none.
pub(in crate::node) fn length(path: &Path) -> u64 {
    let status = find(path).and_then(|found| Ok(rustix::fs::fstat(found)?)).ok();
    status.filter(is_regular).and_then(|status| u64::try_from(status.st_size).ok()).unwrap_or(0)
}

/// Removes what is at `path` with all that is in it, however deep. Fine if there is nothing.
pub(in crate::node) fn remove(path: &Path) -> io::Result<()> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    match folder(parent) {
        Ok(parent) => remove_tree(parent, name),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// `path` without links and dots, as far as it is there: what is below that is not made yet.
pub(in crate::node) fn plain(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        result => return result,
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => Ok(plain(parent)?.join(name)),
        _ => Ok(path),
    }
}

/// A path by which this process reaches what a descriptor stands for.
pub(in crate::node) fn by_descriptor(descriptor: &impl AsFd) -> String {
    format!("/proc/self/fd/{}", descriptor.as_fd().as_raw_fd())
}

fn is_regular(status: &Stat) -> bool {
    FileType::from_raw_mode(status.st_mode) == FileType::RegularFile
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::fs::symlink;

    use super::*;

    struct Place {
        folder: tempfile::TempDir,
    }

    impl Place {
        fn new() -> Self {
            Self { folder: tempfile::tempdir().unwrap() }
        }

        fn path(&self, below: &str) -> PathBuf {
            plain(self.folder.path()).unwrap().join(below)
        }
    }

    #[test]
    fn nothing_is_reached_through_a_link_wherever_in_the_path_it_is() {
        let place = Place::new();
        make_folders(&place.path("outside/deep")).unwrap();
        std::fs::write(place.path("outside/deep/stdout.txt"), "precious").unwrap();
        symlink(place.path("outside"), place.path("job")).unwrap();
        for path in ["job/deep/stdout.txt", "job/deep", "job"] {
            assert!(find(&place.path(path)).is_err() || path == "job", "{path}");
            assert!(open_to_write(&place.path(path), OFlags::TRUNC).is_err(), "{path}");
        }
        assert!(make_folders(&place.path("job/new/folder")).is_err());
        assert!(remove(&place.path("job/deep")).is_err());
        assert_eq!(length(&place.path("job/deep/stdout.txt")), 0);
        assert!(give(&place.path("job/deep"), 1, 1).is_err());
        assert_eq!(std::fs::read_to_string(place.path("outside/deep/stdout.txt")).unwrap(), "precious");
        assert!(!place.path("outside/new").exists());
        // A link itself can be removed, and what it leads to stays.
        remove(&place.path("job")).unwrap();
        assert!(place.path("outside/deep").is_dir());
    }

    #[test]
    fn only_regular_files_are_written_to() {
        let place = Place::new();
        let pipe = place.path("pipe");
        rustix::fs::mknodat(CWD, &pipe, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        let error = open_to_write(&pipe, OFlags::APPEND).unwrap_err();
        assert!(error.to_string().contains("not a regular file"), "{error}");
        assert!(open_to_write(&place.path(""), OFlags::APPEND).is_err());

        let file = place.path("a/file");
        make_folders(file.parent().unwrap()).unwrap();
        write!(open_to_write(&file, OFlags::APPEND).unwrap(), "one").unwrap();
        write!(open_to_write(&file, OFlags::APPEND).unwrap(), "two").unwrap();
        assert_eq!((std::fs::read_to_string(&file).unwrap().as_str(), length(&file)), ("onetwo", 6));
        open_to_write(&file, OFlags::TRUNC).unwrap();
        assert_eq!(length(&file), 0);
        remove(&place.path("a")).unwrap();
        remove(&place.path("a")).unwrap();
        assert!(!place.path("a").exists());
    }

    #[test]
    fn a_file_is_replaced_and_what_a_link_leads_to_is_not() {
        let place = Place::new();
        std::fs::write(place.path("precious"), "old").unwrap();
        symlink(place.path("precious"), place.path("link")).unwrap();
        std::fs::hard_link(place.path("precious"), place.path("other")).unwrap();
        for name in ["link", "other", "new"] {
            write!(replace_file(&place.path(name)).unwrap(), "new").unwrap();
            assert_eq!(std::fs::read_to_string(place.path(name)).unwrap(), "new");
        }
        assert_eq!(std::fs::read_to_string(place.path("precious")).unwrap(), "old");
        make_folders(&place.path("folder")).unwrap();
        assert!(replace_file(&place.path("folder")).is_err() && place.path("folder").is_dir());
        symlink(place.path("folder"), place.path("way")).unwrap();
        assert!(replace_file(&place.path("way/file")).is_err());
    }

    #[test]
    fn a_link_is_read_and_none_on_the_way_to_it_is_followed() {
        let place = Place::new();
        make_folders(&place.path("real")).unwrap();
        symlink("../gone", place.path("real/link")).unwrap();
        symlink("real", place.path("way")).unwrap();
        assert_eq!(read_link(&place.path("real/link")).unwrap(), Some(PathBuf::from("../gone")));
        assert_eq!(read_link(&place.path("real")).unwrap(), None);
        assert!(read_link(&place.path("way/link")).is_err());
        assert_eq!(read_link(&place.path("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_path_is_plain_as_far_as_it_is_there() {
        let place = Place::new();
        make_folders(&place.path("real")).unwrap();
        symlink(place.path("real"), place.path("alias")).unwrap();
        assert_eq!(plain(&place.path("alias/new/deep")).unwrap(), place.path("real/new/deep"));
        assert_eq!(plain(&place.path("alias/../real")).unwrap(), place.path("real"));
    }
}
