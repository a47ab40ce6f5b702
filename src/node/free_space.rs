//! How full a disk may become: some of it is always kept free, so that nothing that comes from outside fills it.

use std::path::Path;

use rustix::fs::StatVfs;

/// How many bytes of a disk are kept free: a machine without any room does not work any more.
pub(super) const KEPT_FREE: u64 = 256 << 20;

/// How many bytes may still be put on the disk of the folder `path`.
pub(super) fn room_in(path: &Path) -> u64 {
    room_on(rustix::fs::statvfs(path))
}

/// How many bytes may still be put on a disk. One that does not say is taken to have room.
pub(super) fn room_on(disk: rustix::io::Result<StatVfs>) -> u64 {
    disk.map_or(u64::MAX, |disk| disk.f_bavail.saturating_mul(disk.f_frsize).saturating_sub(KEPT_FREE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_free_is_no_room() {
        let folder = tempfile::tempdir().unwrap();
        let disk = rustix::fs::statvfs(folder.path()).unwrap();
        let free = disk.f_bavail * disk.f_frsize;
        let room = room_on(Ok(disk));
        assert_eq!(room, free.saturating_sub(256 << 20));
        assert_eq!(room_in(Path::new("/no/such/folder")), u64::MAX);
    }
}
