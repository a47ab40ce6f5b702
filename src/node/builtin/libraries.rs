//! Which shared libraries this process runs with.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The files with code that a process has mapped, from its `/proc/<pid>/maps`, but for `executable` itself.
pub(super) fn mapped(maps: &str, executable: &Path) -> BTreeSet<PathBuf> {
    maps.lines()
        .filter_map(|line| {
            // Address, permissions, offset, device, inode, path: only the last may hold spaces.
            let mut rest = line;
            let mut fields = [""; 5];
            for field in &mut fields {
                let (head, tail) = rest.split_once(' ')?;
                *field = head;
                rest = tail.trim_start();
            }
            let [_, permissions, ..] = fields;
            let is_code = permissions.contains('x');
            (is_code && rest.starts_with('/') && !rest.ends_with(" (deleted)")).then(|| PathBuf::from(rest))
        })
        .filter(|path| path != executable)
        .collect()
}

/// The other names of a library in its folder: the loader looks for `libfoo.so.1`, which may be a link to the
/// `libfoo.so.1.2.3` that was mapped.
pub(super) fn other_names(library: &Path) -> Vec<PathBuf> {
    let Some(folder) = library.parent() else { return Vec::new() };
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_symlink() && fs::canonicalize(path).is_ok_and(|target| target == library))
        .collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPS: &str = "\
55e0-55e1 r--p 00000000 fd:00 131 /opt/my app/batchyard
55e1-55e2 r-xp 00001000 fd:00 131 /opt/my app/batchyard
7f00-7f01 r--p 00000000 fd:00 262                        /usr/lib/x86_64-linux-gnu/libc.so.6
7f01-7f02 r-xp 00028000 fd:00 262                        /usr/lib/x86_64-linux-gnu/libc.so.6
7f03-7f04 r--s 00000000 fd:00 777                        /usr/lib/locale/locale-archive
7f05-7f06 r-xp 00000000 fd:00 888                        /usr/lib/old.so (deleted)
7f07-7f08 rw-p 00000000 00:00 0
7ffe-7fff r-xp 00000000 00:00 0                          [vdso]
";

    #[test]
    fn only_files_with_code_count() {
        let found = mapped(MAPS, Path::new("/opt/my app/batchyard"));
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [Path::new("/usr/lib/x86_64-linux-gnu/libc.so.6")]);
    }

    #[test]
    fn links_beside_a_library_are_its_other_names() {
        let folder = tempfile::tempdir().unwrap();
        let folder = fs::canonicalize(folder.path()).unwrap();
        let library = folder.join("libfoo.so.1.2.3");
        fs::write(&library, "").unwrap();
        std::os::unix::fs::symlink("libfoo.so.1.2.3", folder.join("libfoo.so.1")).unwrap();
        std::os::unix::fs::symlink("elsewhere", folder.join("libbar.so.1")).unwrap();
        assert_eq!(other_names(&library), [folder.join("libfoo.so.1")]);
    }
}
