//! The host's devices, for privileged containers.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use serde_json::{Value, json};

/// What of `/dev` is not a device of the machine but of a session, or made by the runtime anyway.
const NOT_DEVICES: &[&str] = &["pts", "shm", "fd", "mqueue", "console", "ptmx", "hugepages"];

/// The device nodes below `folder`, as the OCI runtime specification writes them.
pub(super) fn host_devices(folder: &Path) -> Vec<Value> {
    let mut devices = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return devices };
    for entry in entries.flatten() {
        let path = entry.path();
        // Not following links: what they lead to is found by itself.
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        let kind = metadata.file_type();
        if NOT_DEVICES.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if kind.is_dir() {
            devices.extend(host_devices(&path));
        } else if kind.is_char_device() || kind.is_block_device() {
            devices.push(json!({
                "path": path,
                "type": if kind.is_block_device() { "b" } else { "c" },
                "major": rustix::fs::major(metadata.rdev()),
                "minor": rustix::fs::minor(metadata.rdev()),
                "fileMode": metadata.mode() & 0o7777,
                "uid": metadata.uid(),
                "gid": metadata.gid(),
            }));
        }
    }
    devices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_null_device_is_among_them_and_terminals_of_sessions_are_not() {
        let devices = host_devices(Path::new("/dev"));
        let null = devices.iter().find(|device| device["path"] == "/dev/null").unwrap();
        assert_eq!(
            (null["type"].as_str(), null["major"].as_u64(), null["minor"].as_u64()),
            (Some("c"), Some(1), Some(3))
        );
        assert!(devices.iter().all(|device| !device["path"].as_str().unwrap().starts_with("/dev/pts")));
    }
}
