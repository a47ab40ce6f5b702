//! Why the store failed.

use std::path::PathBuf;

/// Why the store failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// The file can't be opened.
    #[error("can't open {path}")]
    Open {
        path: PathBuf,
        #[source]
        source: rusqlite::Error,
    },
    /// The file can't be made.
    #[error("can't make {path}")]
    Create {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// The file was written by a newer version of this program.
    #[error("{path} has the format {found}; this version of the program reads formats up to {known}")]
    Newer { path: PathBuf, found: u32, known: usize },
    /// A statement failed.
    #[error("a statement failed")]
    Statement(#[from] rusqlite::Error),
    /// An object can't be written as JSON, or what was written can't be read.
    #[error("an object in the store can't be read or written")]
    Json(#[from] serde_json::Error),
    /// An id in the store is none.
    #[error("an id in the store can't be read")]
    Id(#[from] crate::batch::InvalidId),
    /// A thread of the store is gone.
    #[error("the store is closed")]
    Closed,
    /// The change could not be put on disk.
    #[error("the change could not be committed: {0}")]
    Commit(String),
}
