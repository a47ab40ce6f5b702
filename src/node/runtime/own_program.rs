//! This very program, ready to be run in containers of any image.

use std::io;
use std::path::{Path, PathBuf};

use super::{Mount, MountSource, RuntimeError};
use crate::node::builtin::{self, Launcher};

/// Where containers see it.
const TARGET: &str = "/.batchyard/program";

/// This program with the loader and the libraries that it needs, in a folder of the machine: an image may have none, or others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnProgram {
    folder: PathBuf,
    launcher: Launcher,
}

impl OwnProgram {
    /// Puts it together in the folder `cache`, unless it is there already.
    pub(super) fn make(cache: &Path) -> io::Result<Self> {
        let (folder, launcher) = builtin::program_folder(cache)?;
        Ok(Self { folder, launcher })
    }

    /// One that needs no loader, in that folder.
    #[cfg(test)]
    pub(in crate::node) fn at(folder: PathBuf) -> Self {
        Self { folder, launcher: Launcher::Itself }
    }

    /// What a runtime says that nobody has given a folder to put it in.
    pub(super) fn missing() -> RuntimeError {
        RuntimeError::Failed {
            action: "run this program in a container".to_owned(),
            reason: "this runtime has no folder of its own to put it in".to_owned(),
        }
    }

    /// What a container has to mount.
    pub fn mount(&self) -> Mount {
        Mount { source: MountSource::Bind(self.folder.clone()), target: TARGET.to_owned(), read_only: true }
    }

    /// The words that start it in a container that has the mount.
    pub fn command(&self) -> Vec<String> {
        self.launcher.command(TARGET)
    }
}
