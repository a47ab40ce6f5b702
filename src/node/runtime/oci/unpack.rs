//! Unpacking layers into a root file system, however hostile they are.

use std::cell::Cell;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Timespec, Timestamps, Uid, XattrFlags};
use tar::{Archive, Entry, EntryType};

use super::ids::Ids;
use crate::node::free_space::{KEPT_FREE, room_on};
use crate::node::root_folder::{RootFolder, empty_unless, file_type, names, remove_tree};

/// What an image may use up before it is taken for an attack.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Files, folders and links.
    pub(super) entries: u64,
    /// Bytes, once unpacked.
    pub(super) bytes: u64,
    /// Bytes that there is room for at the moment.
    pub(super) room: u64,
}

impl Default for Limits {
    fn default() -> Self {
        // Several times the largest machine-learning images that are published.
        Self { entries: 4_000_000, bytes: 200 << 30, room: u64::MAX }
    }
}

/// There is room for `room` bytes, and what is to be unpacked takes more.
pub(super) fn no_room(what_takes_more: &str, room: u64) -> io::Error {
    full(format!(
        "{what_takes_more} than the {room} bytes that images may still take; {} MiB of the disk are always kept free",
        KEPT_FREE >> 20
    ))
}

fn full(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::StorageFull, reason)
}

/// What a disk gives out at once, in bytes: the smallest file takes that, and a folder, too.
const BLOCK: u64 = 4096;

/// After how many bytes the disk is looked at again.
const LOOK_EVERY: u64 = 16 << 20;

/// The most bytes between the contents of two entries: headers, long names and extended attributes, which are read into memory.
const MOST_BETWEEN: u64 = 2 << 20;

/// A layer of which no more is read than an entry and what may lead to the next one.
struct Metered<'a, R> {
    layer: R,
    left: &'a Cell<u64>,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.layer.read(buffer)?;
        let left = self.left.get().checked_sub(read as u64);
        self.left.set(left.ok_or_else(|| invalid("an entry has a name or attributes of more than 2 MiB"))?);
        Ok(read)
    }
}

const WHITEOUT: &[u8] = b".wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";

/// Unpacks layers, lowest first, over each other into one folder.
#[derive(Debug)]
pub(super) struct Unpacker {
    root: RootFolder,
    limits: Limits,
    /// Who there is; `None` if this process may give files to nobody.
    ids: Option<Ids>,
    entries: u64,
    bytes: u64,
    /// Blocks of the disk that they take, about.
    blocks: u64,
    /// Bytes of the entries since the disk was last looked at.
    unseen: u64,
    /// Paths that the present layer has made: an opaque marker hides only what lies below it.
    made: HashSet<PathBuf>,
    /// The folder of the entry before: entries come folder by folder.
    recent: Option<(PathBuf, OwnedFd)>,
}

impl Unpacker {
    /// An unpacker into the folder `root` of the host, which is empty.
    pub(super) fn new(root: &Path, limits: Limits) -> io::Result<Self> {
        let is_root = rustix::process::geteuid().is_root();
        Ok(Self {
            root: RootFolder::open(root)?,
            limits,
            ids: if is_root { Some(Ids::of_this_process()?) } else { None },
            entries: 0,
            bytes: 0,
            blocks: 0,
            unseen: 0,
            made: HashSet::new(),
            recent: None,
        })
    }

    /// Unpacks one layer, a tar archive.
    pub(super) fn unpack(&mut self, layer: impl Read) -> io::Result<()> {
        self.made.clear();
        self.recent = None;
        let left = Cell::new(MOST_BETWEEN);
        let mut archive = Archive::new(Metered { layer, left: &left });
        for entry in archive.entries()? {
            let mut entry = entry?;
            left.set(entry.size().saturating_add(MOST_BETWEEN));
            let path = PathBuf::from(OsStr::from_bytes(&entry.path_bytes()));
            self.unpack_entry(&mut entry, &path)
                .map_err(|error| io::Error::new(error.kind(), format!("`{}`: {error}", path.display())))?;
        }
        self.recent = None;
        Ok(())
    }

    fn unpack_entry<R: Read>(&mut self, entry: &mut Entry<'_, R>, path: &Path) -> io::Result<()> {
        self.entries += 1;
        self.bytes = self.bytes.saturating_add(entry.size());
        if self.entries > self.limits.entries || self.bytes > self.limits.bytes {
            return Err(invalid(format!(
                "the image holds more than {} entries or {} bytes",
                self.limits.entries, self.limits.bytes
            )));
        }
        self.blocks = self.blocks.saturating_add(entry.size().div_ceil(BLOCK).max(1));
        if self.blocks.saturating_mul(BLOCK) > self.limits.room {
            return Err(no_room("the image takes more", self.limits.room));
        }
        self.look_for_room(entry.size())?;
        let components = names(path)?;
        let Some((name, parents)) = components.split_last() else {
            return self.set_root_metadata(entry);
        };
        let parent: PathBuf = parents.iter().collect();
        if let Some(hidden) = name.as_bytes().strip_prefix(WHITEOUT) {
            return self.apply_whiteout(&parent, name.as_bytes(), OsStr::from_bytes(hidden));
        }
        let kind = entry.header().entry_type();
        if kind.is_pax_global_extensions() || kind.is_character_special() || kind.is_block_special() {
            // Containers get their devices from the runtime, never from an image.
            return Ok(());
        }
        self.take_parent(&parent)?;
        let Some((_, folder)) = self.recent.take() else { return Ok(()) };
        self.make_room(&folder, name, kind)?;
        self.create(entry, &folder, name, kind)?;
        self.made.insert(parent.join(name));
        // A new link may change where paths lead; only files and folders leave the opened folder valid.
        if kind.is_file() || kind.is_dir() {
            self.recent = Some((parent, folder));
        }
        Ok(())
    }

    /// Leaves some of the disk free, whatever else fills it at the same time.
    fn look_for_room(&mut self, more: u64) -> io::Result<()> {
        self.unseen = self.unseen.saturating_add(more);
        if self.unseen < LOOK_EVERY {
            return Ok(());
        }
        self.unseen = 0;
        let room = room_on(self.root.disk());
        if room > 0 && room >= more {
            return Ok(());
        }
        let reason = format!(
            "it takes {more} bytes, and the disk has {room} to spare; {} MiB are always kept free",
            KEPT_FREE >> 20
        );
        Err(full(reason))
    }

    /// Opens the folder `parent`, making it if the layer forgot to, unless it is open already.
    fn take_parent(&mut self, parent: &Path) -> io::Result<()> {
        if self.recent.as_ref().is_none_or(|(path, _)| path != parent) {
            let folder = self.root.make_folder(parent)?;
            self.recent = Some((parent.to_owned(), folder));
        }
        Ok(())
    }

    /// The image's own idea of `/`: its mode and owner.
    fn set_root_metadata<R: Read>(&mut self, entry: &mut Entry<'_, R>) -> io::Result<()> {
        if entry.header().entry_type().is_dir() {
            let folder = self.root.folder(Path::new(""))?;
            set_folder_metadata(entry, &folder, OsStr::new("."), self.ids.as_ref())?;
        }
        Ok(())
    }

    fn apply_whiteout(&mut self, parent: &Path, marker: &[u8], hidden: &OsStr) -> io::Result<()> {
        let folder = match self.root.folder(parent) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            folder => folder?,
        };
        self.recent = None;
        if marker == OPAQUE {
            let made = &self.made;
            return empty_unless(&folder, parent, &|path| made.contains(path));
        }
        if hidden.as_bytes().starts_with(WHITEOUT) {
            // Bookkeeping of the AUFS storage driver, without meaning elsewhere.
            return Ok(());
        }
        if hidden.is_empty() || hidden == "." || hidden == ".." {
            return Err(invalid("a whiteout without a name"));
        }
        remove_tree(&folder, hidden)
    }

    /// Takes away what is in the place of a new entry, unless both are folders.
    fn make_room(&mut self, folder: &OwnedFd, name: &OsStr, kind: EntryType) -> io::Result<()> {
        match file_type(folder, name)? {
            None => Ok(()),
            Some(FileType::Directory) if kind.is_dir() => Ok(()),
            Some(_) => remove_tree(folder, name),
        }
    }

    fn create<R: Read>(
        &self,
        entry: &mut Entry<'_, R>,
        folder: &OwnedFd,
        name: &OsStr,
        kind: EntryType,
    ) -> io::Result<()> {
        match kind {
            EntryType::Directory => {
                match rustix::fs::mkdirat(folder, name, Mode::from_raw_mode(0o700)) {
                    Ok(()) | Err(rustix::io::Errno::EXIST) => {}
                    Err(error) => return Err(error.into()),
                }
                set_folder_metadata(entry, folder, name, self.ids.as_ref())
            }
            EntryType::Symlink => {
                let target = entry.link_name_bytes().ok_or_else(|| invalid("a link to nowhere"))?;
                rustix::fs::symlinkat(target.as_ref(), folder, name)?;
                let Owner { user, group, .. } = Owner::of(entry, self.ids.as_ref())?;
                Ok(rustix::fs::chownat(folder, name, user, group, AtFlags::SYMLINK_NOFOLLOW)?)
            }
            EntryType::Link => self.create_hard_link(entry, folder, name),
            EntryType::Fifo => {
                rustix::fs::mknodat(folder, name, FileType::Fifo, mode(entry)?, 0)?;
                let Owner { user, group, .. } = Owner::of(entry, self.ids.as_ref())?;
                Ok(rustix::fs::chownat(folder, name, user, group, AtFlags::SYMLINK_NOFOLLOW)?)
            }
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                create_file(entry, folder, name, self.ids.as_ref())
            }
            other => Err(invalid(format!("an entry of the unknown type {:?}", char::from(other.as_byte())))),
        }
    }

    fn create_hard_link<R: Read>(
        &self,
        entry: &Entry<'_, R>,
        folder: &OwnedFd,
        name: &OsStr,
    ) -> io::Result<()> {
        let target = entry.link_name_bytes().ok_or_else(|| invalid("a link to nowhere"))?;
        let target = Path::new(OsStr::from_bytes(&target));
        let components = names(target)?;
        let Some((target_name, parents)) = components.split_last() else {
            return Err(invalid("a hard link to `/`"));
        };
        let target_folder = self.root.folder(&parents.iter().collect::<PathBuf>())?;
        // Without AT_SYMLINK_FOLLOW a symbolic link is linked itself, so this can't reach out of the root.
        Ok(rustix::fs::linkat(target_folder, *target_name, folder, name, AtFlags::empty())?)
    }
}

fn create_file<R: Read>(
    entry: &mut Entry<'_, R>,
    folder: &OwnedFd,
    name: &OsStr,
    ids: Option<&Ids>,
) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::openat(folder, name, flags, Mode::from_raw_mode(0o600))?;
    let mut file = std::fs::File::from(file);
    io::copy(entry, &mut file)?;
    let owner = Owner::of(entry, ids)?;
    rustix::fs::fchown(&file, owner.user, owner.group)?;
    set_attributes(entry, &file)?;
    // After the owner: changing that clears the set-user-id bit.
    rustix::fs::fchmod(&file, owner.mode(mode(entry)?))?;
    Ok(rustix::fs::futimens(&file, &times(entry)?)?)
}

fn set_folder_metadata<R: Read>(
    entry: &mut Entry<'_, R>,
    parent: impl AsFd,
    name: &OsStr,
    ids: Option<&Ids>,
) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = rustix::fs::openat(parent, name, flags, Mode::empty())?;
    let owner = Owner::of(entry, ids)?;
    rustix::fs::fchown(&folder, owner.user, owner.group)?;
    set_attributes(entry, &folder)?;
    rustix::fs::fchmod(&folder, owner.mode(mode(entry)?))?;
    Ok(rustix::fs::futimens(&folder, &times(entry)?)?)
}

/// File capabilities and users' own attributes; others would speak to the host's kernel, as would those of an overlay that an
/// ordinary user mounts.
fn set_attributes<R: Read>(entry: &mut Entry<'_, R>, file: impl AsFd) -> io::Result<()> {
    let Some(extensions) = entry.pax_extensions()? else { return Ok(()) };
    for extension in extensions {
        let extension = extension?;
        let Some(name) = extension.key().ok().and_then(|key| key.strip_prefix("SCHILY.xattr.")) else {
            continue;
        };
        let is_users_own = name.starts_with("user.") && !name.starts_with("user.overlay.");
        if name == "security.capability" || is_users_own {
            match rustix::fs::fsetxattr(&file, name, extension.value_bytes(), XattrFlags::empty()) {
                // The file system keeps none: what an image can't have it does without, as with every other engine.
                Ok(()) | Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::PERM) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}

fn mode<R: Read>(entry: &Entry<'_, R>) -> io::Result<Mode> {
    Ok(Mode::from_raw_mode(entry.header().mode()? & 0o7777))
}

/// Whose an entry becomes.
struct Owner {
    user: Option<Uid>,
    group: Option<Gid>,
    /// Whether it is root's because there is nobody of the number that the image says.
    is_substitute: bool,
}

impl Owner {
    /// Owners can only be given by root; anyone else unpacks everything as their own. Root of a user namespace can give only to those
    /// that there are in it, and keeps what belongs to others.
    fn of<R: Read>(entry: &Entry<'_, R>, ids: Option<&Ids>) -> io::Result<Self> {
        let Some(ids) = ids else { return Ok(Self { user: None, group: None, is_substitute: false }) };
        let id = |id: u64| u32::try_from(id).map_err(|_| invalid(format!("the owner {id} is not possible")));
        let (user, group) = (id(number(entry.header().uid()))?, id(number(entry.header().gid()))?);
        if user == u32::MAX || group == u32::MAX {
            return Err(invalid(format!("the owner {user}:{group} is not possible")));
        }
        let (has_user, has_group) = (ids.users.contains(user), ids.groups.contains(group));
        Ok(Self {
            user: Some(Uid::from_raw(if has_user { user } else { 0 })),
            group: Some(Gid::from_raw(if has_group { group } else { 0 })),
            is_substitute: !has_user || !has_group,
        })
    }

    /// The mode of an entry: nobody becomes root by a program that was to make them somebody else.
    fn mode(&self, mode: Mode) -> Mode {
        if self.is_substitute { mode & Mode::from_raw_mode(0o1777) } else { mode }
    }
}

/// A number of a header. Some archivers leave out what they don't know, which means zero.
fn number(field: io::Result<u64>) -> u64 {
    field.unwrap_or(0)
}

fn times<R: Read>(entry: &Entry<'_, R>) -> io::Result<Timestamps> {
    let seconds = i64::try_from(number(entry.header().mtime())).unwrap_or(0);
    let time = Timespec { tv_sec: seconds, tv_nsec: 0 };
    Ok(Timestamps { last_access: time, last_modification: time })
}

fn invalid(reason: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason.into())
}

#[cfg(test)]
#[path = "unpack_tests.rs"]
mod tests;
