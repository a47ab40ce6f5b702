//! A copy of an executable that nothing can change.
//!
//! The first process of a container is one of this program's until it executes the container's own. Whoever is root inside, or only
//! brings an image whose loader is called in that moment, could reach this program's file by `/proc/self/exe` and change it or its
//! mode (CVE-2019-5736 describes the way). So supervisors are made from a sealed copy in memory, of which there is one per process.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

/// An executable in memory, as long as this lives or a process runs it.
#[derive(Debug)]
pub(super) struct SealedProgram(OwnedFd);

impl SealedProgram {
    /// Copies an executable.
    pub(super) fn copy(executable: &Path) -> io::Result<Self> {
        let mut original = File::open(executable)?;
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let mut copy = File::from(memfd_create("batchyard", flags)?);
        io::copy(&mut original, &mut copy)?;
        let copy = OwnedFd::from(copy);
        fcntl_add_seals(&copy, SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE)?;
        Ok(Self(copy))
    }

    /// What a process of this one executes to run the program. Its descriptor is closed in that moment.
    pub(super) fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.0.as_raw_fd()))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_sealed_program_runs_and_cannot_be_changed() {
        let program = SealedProgram::copy(Path::new("/bin/sh")).unwrap();
        let mut command = std::process::Command::new(program.path());
        let output = command.args(["-c", "readlink /proc/$$/exe"]).output().unwrap();
        assert!(String::from_utf8_lossy(&output.stdout).contains("memfd:batchyard"), "{output:?}");
        let mut open = File::options().write(true).open(program.path()).unwrap();
        let refused = open.write(b"x").unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied);
    }
}
