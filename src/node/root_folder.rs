//! A folder that plays `/`: every path is resolved inside it, whatever symbolic links it holds.
//!
//! Images are written by strangers. A layer may hold a symbolic link to `/etc` and then a file "below" it; a container may
//! have left one where its next working directory should be. So nothing here ever joins a foreign path to a host path: the
//! kernel resolves it with `openat2(RESOLVE_IN_ROOT)`, as if the folder were the root of the file system.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt as _};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use super::follow::follow;

/// How many folders deep we go: each costs a file descriptor and stack.
const MAX_DEPTH: usize = 128;

/// How often a lookup is tried again that the kernel gave up because something was renamed meanwhile.
const LOOKUP_ATTEMPTS: usize = 16;

/// A folder that plays `/`.
#[derive(Debug)]
pub(in crate::node) struct RootFolder {
    folder: OwnedFd,
}

impl RootFolder {
    /// Opens the folder at `path` of the host.
    pub(in crate::node) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self { folder: rustix::fs::open(path, flags, Mode::empty())? })
    }

    /// The disk that it is on.
    pub(in crate::node) fn disk(&self) -> rustix::io::Result<rustix::fs::StatVfs> {
        rustix::fs::fstatvfs(&self.folder)
    }

    /// Opens what is at `path` inside.
    fn lookup(&self, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        for _ in 1..LOOKUP_ATTEMPTS {
            match rustix::fs::openat2(
                &self.folder,
                path,
                flags | OFlags::CLOEXEC,
                Mode::empty(),
                ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS,
            ) {
                Err(Errno::AGAIN | Errno::INTR) => {}
                result => return Ok(result?),
            }
        }
        Err(io::Error::from(io::ErrorKind::WouldBlock))
    }

    /// The folder at `path` inside.
    pub(in crate::node) fn folder(&self, path: &Path) -> io::Result<OwnedFd> {
        self.lookup(path, OFlags::PATH | OFlags::DIRECTORY)
    }

    /// What is at `path` inside, links followed; `None` if there is nothing.
    pub(in crate::node) fn kind(&self, path: &Path) -> io::Result<Option<FileType>> {
        match self.lookup(path, OFlags::PATH) {
            Ok(found) => Ok(Some(FileType::from_raw_mode(rustix::fs::fstat(found)?.st_mode))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// `path` inside without any link, whether or not there is something. What is below a path that `is_hidden`, behind something
    /// else than this folder, is taken by its name, and so is what can't be looked at.
    pub(in crate::node) fn plain(
        &self,
        path: &Path,
        is_hidden: impl Fn(&Path) -> bool,
    ) -> io::Result<PathBuf> {
        follow(path, |path| if is_hidden(path) { Ok(None) } else { self.link(path) })
    }

    /// Where the link at `path` leads to; `None` if there is none.
    fn link(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return Ok(None) };
        let read =
            self.folder(parent).and_then(|parent| Ok(rustix::fs::readlinkat(parent, name, Vec::new())?));
        match read {
            Ok(target) => Ok(Some(OsString::from_vec(target.into_bytes()).into())),
            Err(error) => match Errno::from_io_error(&error) {
                Some(Errno::NOENT | Errno::NOTDIR | Errno::INVAL | Errno::ACCESS) => Ok(None),
                _ => Err(error),
            },
        }
    }

    /// The folder at `path` inside; it and its parents are made where they are missing, with mode 755.
    pub(in crate::node) fn make_folder(&self, path: &Path) -> io::Result<OwnedFd> {
        match self.folder(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            result => return result,
        }
        let mut made = self.folder(Path::new(""))?;
        let mut so_far = PathBuf::new();
        for name in names(path)? {
            so_far.push(name);
            made = match self.folder(&so_far) {
                Ok(folder) => folder,
                Err(error) if error.kind() == io::ErrorKind::NotFound => make_child(&made, name)?,
                Err(error) => return Err(error),
            };
        }
        Ok(made)
    }

    /// Reads the regular file at `path` inside, up to `limit` bytes.
    pub(in crate::node) fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        use std::io::Read;

        // Without O_NONBLOCK a FIFO put in the file's place would hold us for ever.
        let file = File::from(self.lookup(path, OFlags::RDONLY | OFlags::NONBLOCK)?);
        if !file.metadata()?.is_file() {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        let mut content = Vec::new();
        file.take(limit).read_to_end(&mut content)?;
        Ok(content)
    }
}

/// The names that make up `path`, which may be absolute. Refuses `..`: no honest image or setting needs it.
pub(in crate::node) fn names(path: &Path) -> io::Result<Vec<&OsStr>> {
    let mut names = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => names.push(name),
            Component::RootDir | Component::CurDir => {}
            Component::ParentDir | Component::Prefix(_) => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    format!("`{}` climbs out of its folder", path.display()),
                ));
            }
        }
    }
    Ok(names)
}

/// Makes the folder `name` in `parent` and opens it, never through a symbolic link.
pub(in crate::node) fn make_child(parent: impl AsFd, name: &OsStr) -> io::Result<OwnedFd> {
    match rustix::fs::mkdirat(&parent, name, Mode::from_raw_mode(0o755)) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(error) => return Err(error.into()),
    }
    open_child(parent, name)
}

/// The type of `name` in `folder`, not following a symbolic link; `None` if there is nothing.
pub(in crate::node) fn file_type(folder: impl AsFd, name: &OsStr) -> io::Result<Option<FileType>> {
    match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(FileType::from_raw_mode(stat.st_mode))),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The names in `folder`, but `.` and `..`.
fn children(folder: impl AsFd) -> io::Result<Vec<OsString>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let readable = rustix::fs::openat(folder, ".", flags, Mode::empty())?;
    let mut children = Vec::new();
    for entry in Dir::new(readable)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            children.push(OsStr::from_bytes(name).to_owned());
        }
    }
    Ok(children)
}

/// Removes `name` in `folder` with everything below it, however deep. Fine if there is nothing.
pub(in crate::node) fn remove_tree(folder: impl AsFd, name: &OsStr) -> io::Result<()> {
    let folder = folder.as_fd();
    let mut waiting = vec![name.to_owned()];
    let mut deep = 0;
    while let Some(name) = waiting.pop() {
        // What is nested too deep to descend to is moved up first, so that neither stack nor descriptors run out.
        let mut move_up = |parent: BorrowedFd<'_>, child: &OsStr| {
            deep += 1;
            let moved = OsString::from(format!(".removing-{}-{deep}", std::process::id()));
            rustix::fs::renameat(parent, child, folder, &moved)?;
            waiting.push(moved);
            Ok(())
        };
        remove_bounded(folder, &name, 0, &mut move_up)?;
    }
    Ok(())
}

type MoveUp<'a> = dyn FnMut(BorrowedFd<'_>, &OsStr) -> io::Result<()> + 'a;

fn remove_bounded(
    folder: BorrowedFd<'_>,
    name: &OsStr,
    depth: usize,
    move_up: &mut MoveUp<'_>,
) -> io::Result<()> {
    match file_type(folder, name)? {
        None => Ok(()),
        Some(FileType::Directory) if depth > MAX_DEPTH => move_up(folder, name),
        Some(FileType::Directory) => {
            let child = open_child(folder, name)?;
            for grandchild in children(&child)? {
                remove_bounded(child.as_fd(), &grandchild, depth + 1, move_up)?;
            }
            tolerate_missing(rustix::fs::unlinkat(folder, name, AtFlags::REMOVEDIR))
        }
        Some(_) => tolerate_missing(rustix::fs::unlinkat(folder, name, AtFlags::empty())),
    }
}

/// Removes the host's file or folder `path` with everything below it, never following a symbolic link.
pub(in crate::node) fn remove_host_tree(path: &Path) -> io::Result<()> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    };
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    match rustix::fs::open(parent, flags, Mode::empty()) {
        Ok(parent) => remove_tree(parent, name),
        Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Empties `folder`, whose path inside the root is `path`, but for what `keep` says yes to.
pub(in crate::node) fn empty_unless(
    folder: impl AsFd,
    path: &Path,
    keep: &dyn Fn(&Path) -> bool,
) -> io::Result<()> {
    let folder = folder.as_fd();
    for name in children(folder)? {
        remove_unless(folder, &name, path, keep)?;
    }
    Ok(())
}

/// Removes `name` in `folder`, but for the paths that `keep` says yes to. Says whether something was kept.
fn remove_unless(
    folder: BorrowedFd<'_>,
    name: &OsStr,
    parent: &Path,
    keep: &dyn Fn(&Path) -> bool,
) -> io::Result<bool> {
    let path = parent.join(name);
    if path.components().count() > MAX_DEPTH {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("folders are nested deeper than {MAX_DEPTH}"),
        ));
    }
    if file_type(folder, name)? != Some(FileType::Directory) {
        if keep(&path) {
            return Ok(true);
        }
        tolerate_missing(rustix::fs::unlinkat(folder, name, AtFlags::empty()))?;
        return Ok(false);
    }
    let mut kept = keep(&path);
    let child = open_child(folder, name)?;
    for grandchild in children(&child)? {
        kept |= remove_unless(child.as_fd(), &grandchild, &path, keep)?;
    }
    if !kept {
        tolerate_missing(rustix::fs::unlinkat(folder, name, AtFlags::REMOVEDIR))?;
    }
    Ok(kept)
}

/// Opens the folder `name` in `parent`, never through a symbolic link.
fn open_child(parent: impl AsFd, name: &OsStr) -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(parent, name, flags, Mode::empty())?)
}

fn tolerate_missing(result: rustix::io::Result<()>) -> io::Result<()> {
    match result {
        Err(Errno::NOENT) => Ok(()),
        result => Ok(result?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_folder_behind_an_absolute_link_is_made_inside_the_root() {
        let outside = tempfile::tempdir().unwrap();
        let root = tempfile::tempdir().unwrap();
        symlink(outside.path(), root.path().join("data")).unwrap();
        std::fs::create_dir(root.path().join("real")).unwrap();
        symlink("/real", root.path().join("alias")).unwrap();
        let folder = RootFolder::open(root.path()).unwrap();

        folder.make_folder(Path::new("/alias/a/b")).unwrap();
        assert!(root.path().join("real/a/b").is_dir());
        // The link leads to a path that doesn't exist inside: nothing may appear outside.
        assert!(folder.make_folder(Path::new("/data/c")).is_err());
        assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
    }

    #[test]
    fn reading_never_leaves_the_root() {
        let root = tempfile::tempdir().unwrap();
        symlink("/etc/hostname", root.path().join("leak")).unwrap();
        symlink("../../../../../../etc/passwd", root.path().join("climb")).unwrap();
        let folder = RootFolder::open(root.path()).unwrap();
        assert!(folder.read(Path::new("leak"), 10).is_err());
        assert!(folder.read(Path::new("climb"), 10).is_err());
        assert!(names(Path::new("a/../b")).is_err());
    }

    #[test]
    fn a_path_is_plain_inside_also_where_nothing_is_yet() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("etc")).unwrap();
        std::fs::write(root.path().join("etc/passwd"), "").unwrap();
        symlink("../../../run/stub", root.path().join("etc/resolv.conf")).unwrap();
        symlink("/etc", root.path().join("way")).unwrap();
        let folder = RootFolder::open(root.path()).unwrap();
        let plain = |path: &str| folder.plain(Path::new(path), |path| path.starts_with("/hidden")).unwrap();
        assert_eq!(plain("/way/resolv.conf"), Path::new("/run/stub"));
        assert_eq!(plain("/etc/passwd/below"), Path::new("/etc/passwd/below"));
        symlink("/etc", root.path().join("hidden")).unwrap();
        assert_eq!(plain("/hidden/passwd"), Path::new("/hidden/passwd"));
        let kind = |path: &str| folder.kind(Path::new(path)).unwrap();
        assert_eq!(kind("/way/passwd"), Some(FileType::RegularFile));
        assert_eq!((kind("/way"), kind("/etc/resolv.conf")), (Some(FileType::Directory), None));
        assert!(folder.kind(Path::new("/etc/passwd/below")).is_err());
        assert!(!root.path().join("run").exists(), "nothing is made");
    }

    #[test]
    fn removing_a_tree_does_not_follow_links() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("precious"), "x").unwrap();
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("tree")).unwrap();
        symlink(outside.path(), root.path().join("tree/link")).unwrap();
        remove_host_tree(&root.path().join("tree")).unwrap();
        assert!(!root.path().join("tree").exists());
        assert!(outside.path().join("precious").exists());
        remove_host_tree(&root.path().join("tree")).unwrap();
    }

    #[test]
    fn a_tree_is_removed_however_deep_it_is() {
        let root = tempfile::tempdir().unwrap();
        let mut folder = RootFolder::open(root.path()).unwrap().make_folder(Path::new("tree")).unwrap();
        for _ in 0..1_500 {
            folder = make_child(&folder, OsStr::new("deeper")).unwrap();
        }
        remove_host_tree(&root.path().join("tree")).unwrap();
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
    }
}
