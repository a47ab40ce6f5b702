//! A copy of an image's root file system, for a container that can't have one over it.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, lchown, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, XattrFlags, mknodat};

/// What of a file a copy keeps besides its content: the programs' capabilities.
const CAPABILITIES: &str = "security.capability";
/// The most that those take, in bytes.
const MOST: usize = 64;

/// Copies everything below the folder `from` to the folder `to`, with owners, modes and further names. No link is followed; both folders
/// are ours and nobody else changes them meanwhile.
pub(super) fn copy_root(from: &Path, to: &Path) -> io::Result<()> {
    let from = fs::canonicalize(from)?;
    let mut names = HashMap::new();
    // Modes of folders come last: some let nobody write to them.
    let mut folders: Vec<(PathBuf, fs::Metadata)> = Vec::new();
    for entry in walkdir::WalkDir::new(&from) {
        let entry = entry?;
        let path = entry.path();
        let copy = to.join(path.strip_prefix(&from).unwrap_or(path));
        let data = entry.metadata()?;
        let kind = data.file_type();
        if data.nlink() > 1 && !kind.is_dir() {
            if let Some(first) = names.get(&data.ino()) {
                fs::hard_link(first, &copy)?;
                continue;
            }
            names.insert(data.ino(), copy.clone());
        }
        if kind.is_dir() {
            if !copy.exists() {
                fs::create_dir(&copy)?;
            }
            folders.push((copy, data));
            continue;
        }
        if kind.is_symlink() {
            symlink(fs::read_link(path)?, &copy)?;
            lchown(&copy, Some(data.uid()), Some(data.gid()))?;
            continue;
        }
        if kind.is_fifo() {
            mknodat(CWD, &copy, FileType::Fifo, Mode::RUSR, 0)?;
        } else if kind.is_file() {
            io::copy(&mut File::open(path)?, &mut File::create(&copy)?)?;
        } else {
            continue;
        }
        keep(path, &copy, &data)?;
    }
    folders.iter().rev().try_for_each(|(copy, data)| set_owner(copy, data))
}

/// Gives a copied file its owner, its mode and its capabilities. The owner first: changing that takes the others away.
fn keep(original: &Path, copy: &Path, data: &fs::Metadata) -> io::Result<()> {
    set_owner(copy, data)?;
    let mut capabilities = [0; MOST];
    if let Ok(length) = rustix::fs::lgetxattr(original, CAPABILITIES, &mut capabilities[..]) {
        let value = capabilities.get(..length).unwrap_or_default();
        rustix::fs::lsetxattr(copy, CAPABILITIES, value, XattrFlags::empty())?;
    }
    Ok(())
}

fn set_owner(copy: &Path, data: &fs::Metadata) -> io::Result<()> {
    lchown(copy, Some(data.uid()), Some(data.gid()))?;
    fs::set_permissions(copy, fs::Permissions::from_mode(data.mode() & 0o7777))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_what_the_original_is() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir_all(from.join("closed/deep")).unwrap();
        fs::create_dir(&to).unwrap();
        fs::write(from.join("closed/deep/file"), "content").unwrap();
        fs::set_permissions(from.join("closed/deep/file"), fs::Permissions::from_mode(0o4751)).unwrap();
        fs::hard_link(from.join("closed/deep/file"), from.join("other")).unwrap();
        symlink("/etc/passwd", from.join("link")).unwrap();
        symlink("/nowhere", from.join("broken")).unwrap();
        fs::set_permissions(from.join("closed"), fs::Permissions::from_mode(0o555)).unwrap();
        fs::set_permissions(&from, fs::Permissions::from_mode(0o751)).unwrap();

        copy_root(&from, &to).unwrap();

        let data = |path: &str| fs::symlink_metadata(to.join(path)).unwrap();
        assert_eq!(fs::read_to_string(to.join("closed/deep/file")).unwrap(), "content");
        assert_eq!(data("closed/deep/file").mode() & 0o7777, 0o4751);
        assert_eq!(data("other").ino(), data("closed/deep/file").ino());
        assert_eq!(data("closed").mode() & 0o7777, 0o555);
        assert_eq!(data("").mode() & 0o7777, 0o751);
        assert_eq!(fs::read_link(to.join("link")).unwrap(), Path::new("/etc/passwd"));
        assert!(data("broken").is_symlink());
        fs::set_permissions(to.join("closed"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(from.join("closed"), fs::Permissions::from_mode(0o755)).unwrap();
    }
}
