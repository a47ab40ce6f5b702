//! Unpacking the archive of a package, however hostile it is: nothing leaves the folder, nothing is a link, and the disk never fills up.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use tokio_util::sync::CancellationToken;
use zip::ZipArchive;
use zip::result::ZipError;

use crate::node::free_space::{KEPT_FREE, room_on};
use crate::node::root_folder::{make_child, names};

/// The most entries of an archive; the largest packages that are published have a tenth.
const MOST_ENTRIES: usize = 1_000_000;
/// How deep folders may be nested.
const DEEPEST: usize = 128;
/// After how many bytes the disk's room is looked at again.
const LOOK_EVERY: u64 = 16 << 20;
/// Everybody may read what is unpacked and nobody change it; what its owner may run, everybody may. An archive that says nothing of
/// modes comes from a system without them, and any of its files may be a program.
const RUNNABLE: u32 = 0o755;
const READABLE: u32 = 0o644;

/// Why an archive can't be unpacked.
#[derive(Debug, thiserror::Error)]
pub(in crate::node) enum UnpackError {
    #[error("it can't be read as a zip archive")]
    Archive(#[source] ZipError),
    #[error("it holds {found} entries; {MOST_ENTRIES} are the most")]
    Entries { found: usize },
    #[error("its entry `{entry}` {reason}")]
    Refused { entry: String, reason: &'static str },
    #[error("its entry `{entry}` can't be unpacked")]
    Entry { entry: String, source: io::Error },
    #[error(
        "its entry `{entry}` finds no room: the disk has {left} MiB left, and {} MiB are always kept free",
        KEPT_FREE >> 20
    )]
    Full { entry: String, left: u64 },
    #[error("the task was ended meanwhile")]
    Cancelled,
}

/// Unpacks an archive into a folder that is empty.
pub(super) fn unpack(
    archive: impl Read + Seek,
    folder: &OwnedFd,
    cancel: &CancellationToken,
) -> Result<(), UnpackError> {
    let mut archive = ZipArchive::new(archive).map_err(UnpackError::Archive)?;
    if archive.len() > MOST_ENTRIES {
        return Err(UnpackError::Entries { found: archive.len() });
    }
    let mut unpacker = Unpacker { root: folder.as_fd(), recent: None, unseen: LOOK_EVERY, cancel };
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(UnpackError::Archive)?;
        let shown = shown(entry.name());
        let refused = |reason| UnpackError::Refused { entry: shown.clone(), reason };
        let path = entry.enclosed_name().ok_or_else(|| refused("leads out of its folder"))?;
        let steps = names(&path).map_err(|_| refused("leads out of its folder"))?;
        let Some((name, parents)) = steps.split_last() else { continue };
        if parents.len() >= DEEPEST {
            return Err(refused("is nested too deep"));
        }
        let mode = entry.unix_mode();
        let failed = |source| UnpackError::Entry { entry: shown.clone(), source };
        if entry.is_dir() {
            unpacker.folder(&path).map_err(failed)?;
            continue;
        }
        if !is_regular(mode) {
            return Err(refused("is a link or a device, and packages hold files and folders only"));
        }
        unpacker.look_for_room(entry.size(), &shown)?;
        let parent: PathBuf = parents.iter().collect();
        let file = unpacker.file(&parent, name).map_err(failed)?;
        unpacker.copy(&mut entry, file, mode, &shown)?;
    }
    Ok(())
}

struct Unpacker<'a> {
    root: BorrowedFd<'a>,
    /// The folder of the entry before: entries come folder by folder.
    recent: Option<(PathBuf, OwnedFd)>,
    /// Bytes since the disk was last looked at.
    unseen: u64,
    cancel: &'a CancellationToken,
}

impl Unpacker<'_> {
    /// The folder of that path, which is made if it is missing.
    fn folder(&mut self, path: &Path) -> io::Result<&OwnedFd> {
        let known = self.recent.take().filter(|(known, _)| known == path);
        let folder = match known {
            Some((_, folder)) => folder,
            None => {
                let mut folder = self.root.try_clone_to_owned()?;
                for name in names(path)? {
                    folder = make_child(folder, name)?;
                }
                folder
            }
        };
        Ok(&self.recent.insert((path.to_owned(), folder)).1)
    }

    /// A new file. What is there already was in the archive before.
    fn file(&mut self, parent: &Path, name: &OsStr) -> io::Result<File> {
        let folder = self.folder(parent)?;
        let new = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match rustix::fs::openat(folder, name, new, Mode::from_raw_mode(0o600)) {
            Ok(file) => Ok(file.into()),
            Err(rustix::io::Errno::EXIST) => {
                Err(io::Error::new(ErrorKind::AlreadyExists, "the archive holds it twice"))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn copy(
        &mut self,
        from: &mut impl Read,
        mut file: File,
        mode: Option<u32>,
        entry: &str,
    ) -> Result<(), UnpackError> {
        let failed = |source: io::Error| match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                UnpackError::Full { entry: entry.to_owned(), left: 0 }
            }
            _ => UnpackError::Entry { entry: entry.to_owned(), source },
        };
        let mut buffer = vec![0; 128 * 1024];
        loop {
            if self.cancel.is_cancelled() {
                return Err(UnpackError::Cancelled);
            }
            // What an entry says of its size binds nobody: what really comes is counted.
            let read = from.read(&mut buffer).map_err(failed)?;
            let Some(piece) = buffer.get(..read).filter(|piece| !piece.is_empty()) else { break };
            self.look_for_room(read as u64, entry)?;
            file.write_all(piece).map_err(failed)?;
        }
        let mode = if mode.unwrap_or(RUNNABLE) & 0o111 == 0 { READABLE } else { RUNNABLE };
        rustix::fs::fchmod(&file, Mode::from_raw_mode(mode)).map_err(|error| failed(error.into()))
    }

    /// Leaves some of the disk free, whatever else fills it at the same time.
    fn look_for_room(&mut self, more: u64, entry: &str) -> Result<(), UnpackError> {
        self.unseen = self.unseen.saturating_add(more);
        if self.unseen < LOOK_EVERY {
            return Ok(());
        }
        self.unseen = 0;
        let room = room_on(rustix::fs::fstatvfs(self.root));
        if room > 0 && room >= more {
            return Ok(());
        }
        Err(UnpackError::Full { entry: entry.to_owned(), left: room.saturating_add(KEPT_FREE) >> 20 })
    }
}

/// Whether a mode, if an archive says it, is that of a regular file.
fn is_regular(mode: Option<u32>) -> bool {
    let kind = mode.unwrap_or_default() & 0o170_000;
    kind == 0 || kind == 0o100_000
}

/// A name from outside, for messages.
fn shown(name: &str) -> String {
    let mut shown: String = name.chars().take(200).flat_map(char::escape_debug).collect();
    if name.chars().nth(200).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::os::unix::fs::PermissionsExt as _;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;
    use crate::node::plain_path;

    struct Place {
        folder: tempfile::TempDir,
    }

    impl Place {
        fn new() -> Self {
            Self { folder: tempfile::tempdir().unwrap() }
        }

        fn unpack(&self, archive: Vec<u8>) -> Result<(), UnpackError> {
            let path = plain_path::plain(self.folder.path()).unwrap().join("package");
            let folder = plain_path::make_folders(&path).unwrap();
            unpack(Cursor::new(archive), &folder, &CancellationToken::new())
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join("package").join(name)
        }
    }

    fn archive(fill: impl FnOnce(&mut ZipWriter<Cursor<Vec<u8>>>)) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        fill(&mut writer);
        writer.finish().unwrap().into_inner()
    }

    fn mode(mode: u32) -> SimpleFileOptions {
        SimpleFileOptions::default().unix_permissions(mode)
    }

    /// An archive with one small file of that name. Writers keep names harmless, so it is put in afterwards.
    fn called(name: &str) -> Vec<u8> {
        let harmless = "x".repeat(name.len());
        let bytes = archive(|zip| zip.start_file(harmless.as_str(), mode(0o644)).unwrap());
        let mut bytes = bytes;
        while let Some(at) = bytes.windows(harmless.len()).position(|window| window == harmless.as_bytes()) {
            bytes[at..at + harmless.len()].copy_from_slice(name.as_bytes());
        }
        bytes
    }

    #[test]
    fn files_and_folders_come_out_for_everybody_to_read_and_run() {
        let place = Place::new();
        let bytes = archive(|zip| {
            zip.add_directory("empty/", mode(0o700)).unwrap();
            zip.start_file("bin/tool", mode(0o750)).unwrap();
            zip.write_all(b"#!/bin/sh\n").unwrap();
            zip.start_file("bin/secret.txt", mode(0o600)).unwrap();
            zip.write_all(&vec![b'a'; 300_000]).unwrap();
            zip.start_file("bin/setuid", mode(0o4755)).unwrap();
        });
        place.unpack(bytes).unwrap();
        assert_eq!(std::fs::read_to_string(place.path("bin/tool")).unwrap(), "#!/bin/sh\n");
        assert_eq!(std::fs::metadata(place.path("bin/secret.txt")).unwrap().len(), 300_000);
        assert!(place.path("empty").is_dir());
        for (name, expected) in [("bin/tool", 0o755), ("bin/secret.txt", 0o644), ("bin/setuid", 0o755)] {
            let mode = std::fs::metadata(place.path(name)).unwrap().permissions().mode() & 0o7777;
            assert_eq!(mode, expected, "{name}: {mode:o}");
        }
    }

    #[test]
    fn nothing_leaves_the_folder() {
        for name in ["../escape", "a/../../escape"] {
            let place = Place::new();
            let error = place.unpack(called(name)).unwrap_err();
            assert!(error.to_string().contains("leads out of its folder"), "{name}: {error}");
            assert!(!place.folder.path().join("escape").exists());
        }
        for (name, inside) in [("a/../escape", "escape"), ("/etc/escape", "etc/escape")] {
            let place = Place::new();
            match place.unpack(called(name)) {
                Ok(()) => assert!(place.path(inside).exists(), "{name}"),
                Err(error) => assert!(error.to_string().contains("leads out"), "{name}: {error}"),
            }
            assert_eq!(std::fs::read_dir(place.folder.path()).unwrap().count(), 1, "{name}");
        }
        assert!(!Path::new("/etc/escape").exists());
    }

    #[test]
    fn links_and_doubles_are_refused_by_name() {
        let place = Place::new();
        let bytes = archive(|zip| {
            zip.add_symlink("lib", "/etc", SimpleFileOptions::default()).unwrap();
            zip.start_file("lib/passwd", mode(0o644)).unwrap();
        });
        let error = place.unpack(bytes).unwrap_err().to_string();
        assert!(error.contains("`lib` is a link"), "{error}");
        let mut bytes = archive(|zip| {
            zip.start_file("a", mode(0o644)).unwrap();
            zip.start_file("qq/a", mode(0o644)).unwrap();
        });
        // Two names of one file, of which writers make one.
        while let Some(at) = bytes.windows(3).position(|window| window == b"qq/") {
            bytes[at..at + 3].copy_from_slice(b".//");
        }
        let error = Place::new().unpack(bytes).unwrap_err();
        assert!(matches!(error, UnpackError::Entry { .. }), "{error}");
    }

    #[test]
    fn what_is_no_archive_or_a_damaged_one_is_refused() {
        assert!(matches!(Place::new().unpack(b"no zip".to_vec()), Err(UnpackError::Archive(_))));
        let mut bytes = archive(|zip| {
            let stored = mode(0o644).compression_method(zip::CompressionMethod::Stored);
            zip.start_file("a", stored).unwrap();
            zip.write_all(b"content-content-content").unwrap();
        });
        let at = bytes.windows(7).position(|window| window == b"content").unwrap();
        bytes[at] = b'C';
        let error = Place::new().unpack(bytes).unwrap_err();
        assert!(matches!(error, UnpackError::Entry { .. }), "{error}");
    }

    #[test]
    fn whoever_ends_the_task_ends_the_unpacking() {
        let bytes = archive(|zip| zip.start_file("a", mode(0o644)).unwrap());
        let folder = tempfile::tempdir().unwrap();
        let folder = plain_path::make_folders(&plain_path::plain(folder.path()).unwrap()).unwrap();
        let cancel = CancellationToken::new();
        cancel.cancel();
        assert!(matches!(unpack(Cursor::new(bytes), &folder, &cancel), Err(UnpackError::Cancelled)));
    }

    #[test]
    fn a_full_disk_is_not_filled_further() {
        let root = tempfile::tempdir().unwrap();
        let folder = plain_path::make_folders(&plain_path::plain(root.path()).unwrap()).unwrap();
        let cancel = CancellationToken::new();
        let mut unpacker =
            Unpacker { root: folder.as_fd(), recent: None, unseen: LOOK_EVERY, cancel: &cancel };
        let error = unpacker.look_for_room(u64::MAX, "bomb").unwrap_err();
        assert!(matches!(error, UnpackError::Full { .. }), "{error}");
    }
}
