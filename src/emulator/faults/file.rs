//! Rules of faults from a file.

use std::io;
use std::path::{Path, PathBuf};

use super::rules::{FaultRules, InvalidFaults};
use crate::bounded_file;

/// The largest file, in bytes.
const MAX_FILE: u64 = 256 * 1024;

/// Why the faults of a file can't be had.
#[derive(Debug, thiserror::Error)]
pub enum FaultsError {
    /// The file can't be read.
    #[error("the file of faults {} can't be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It does not say what is to go wrong.
    #[error("{} does not say what is to go wrong", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Why.
        source: InvalidFaults,
    },
}

/// Reads the rules of a file.
///
/// # Errors
/// When it can't be read, or is none of faults.
pub fn read(path: &Path) -> Result<FaultRules, FaultsError> {
    let text = bounded_file::read(path, MAX_FILE)
        .map_err(|source| FaultsError::Read { path: path.to_owned(), source })?;
    FaultRules::parse(&text).map_err(|source| FaultsError::Invalid { path: path.to_owned(), source })
}
