//! A copy of an executable that nothing can change.
//!
//! The first process of a container is one of this program's until it executes the container's own. Whoever is root inside, or only
//! brings an image whose loader is called in that moment, could reach this program's file by `/proc/self/exe` and change it or its
//! mode (CVE-2019-5736 describes the way). So supervisors are made from a sealed copy in memory, of which each runtime has one.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::io::Errno;

use crate::node::plain_path::by_descriptor;

/// An executable in memory, as long as this lives or a process runs it.
#[derive(Debug)]
pub(super) struct SealedProgram(OwnedFd);

impl SealedProgram {
    /// Copies an executable.
    pub(super) fn copy(executable: &Path) -> io::Result<Self> {
        let mut original = File::open(executable)?;
        let mut copy = File::from(executable_memory()?);
        io::copy(&mut original, &mut copy)?;
        let copy = OwnedFd::from(copy);
        // The mode, too: who takes the right to execute away would end every later start. Linux knows this seal since 6.3.
        match fcntl_add_seals(&copy, SealFlags::EXEC) {
            Ok(()) | Err(Errno::INVAL) => {}
            Err(error) => return Err(error.into()),
        }
        fcntl_add_seals(&copy, SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE)?;
        Ok(Self(copy))
    }

    /// What a process of this one executes to run the program. Its descriptor is closed in that moment.
    pub(super) fn path(&self) -> PathBuf {
        by_descriptor(&self.0).into()
    }
}

/// Memory that may be executed whatever the machine's default is. Before Linux 6.3 all may be, and nobody can ask.
fn executable_memory() -> io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    match memfd_create("batchyard", flags | MemfdFlags::EXEC) {
        Err(Errno::INVAL) => Ok(memfd_create("batchyard", flags)?),
        made => Ok(made?),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;

    use rustix::fs::fcntl_get_seals;

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
        let mode = std::fs::metadata(program.path()).unwrap().permissions();
        let knows_seal = fcntl_get_seals(&program.0).unwrap().contains(SealFlags::EXEC);
        let changed = std::fs::set_permissions(program.path(), std::fs::Permissions::from_mode(0o000));
        assert_eq!(changed.is_err(), knows_seal, "{changed:?}");
        if knows_seal {
            assert_eq!(std::fs::metadata(program.path()).unwrap().permissions(), mode);
        }
    }
}
