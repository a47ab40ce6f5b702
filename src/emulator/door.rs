//! The way into the account for containers whose tasks have a token: a socket in a folder that they mount.
//!
//! Containers have networks of their own, in which the machine's loopback is not found, and a listener on an address that they do
//! reach would be reached by others, too. A socket is reached by whoever sees it: the containers that mount its folder, and of the
//! machine nobody but the account's owner, as the folder around that one is closed.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;

use crate::node::ACCOUNT_SOCKET;

/// The part of the folder that containers mount.
pub(crate) fn open_part(folder: &Path) -> PathBuf {
    folder.join("open")
}

/// Makes the way in, in the place of one that an earlier process has left. Containers that mount the folder find it at once.
///
/// # Errors
/// When the folder or the socket can't be made.
pub(crate) fn open(folder: &Path) -> io::Result<UnixListener> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    let part = open_part(folder);
    DirBuilder::new().recursive(true).create(&part)?;
    // Whatever user a container has comes through, and finds nothing to change.
    fs::set_permissions(&part, Permissions::from_mode(0o711))?;
    let socket = part.join(ACCOUNT_SOCKET);
    match fs::remove_file(&socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // The address of a socket is a path of at most 107 bytes, which the data folder's own may be longer than.
    let descriptor = File::open(&part)?;
    let listener = UnixListener::bind(format!("/proc/self/fd/{}/{ACCOUNT_SOCKET}", descriptor.as_raw_fd()))?;
    fs::set_permissions(&socket, Permissions::from_mode(0o666))?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_way_in_is_made_again_and_is_closed_to_the_machine_however_long_its_path_is() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("long".repeat(40)).join("door");
        for _ in 0..2 {
            let listener = open(&folder).unwrap();
            let part = File::open(open_part(&folder)).unwrap();
            let path = format!("/proc/self/fd/{}/{ACCOUNT_SOCKET}", part.as_raw_fd());
            let (accepted, connected) =
                tokio::join!(listener.accept(), tokio::net::UnixStream::connect(path));
            accepted.unwrap();
            connected.unwrap();
        }
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let part = open_part(&folder);
        assert_eq!((mode(&folder), mode(&part)), (0o700, 0o711));
        assert_eq!(mode(&part.join(ACCOUNT_SOCKET)), 0o666);
    }
}
