//! Why a resource file is not there, in the codes of the service.
//!
//! Source: the service's documentation, "Task error codes" and "Azure Batch node-level errors"; the words are ours.

use std::io;
use std::path::Path;

use crate::batch::model::{BatchErrorSourceCategory, BatchTaskFailureInfo, NameValuePair};
use crate::node::web_client::WebError;
use crate::storage::StorageError;

/// Why a resource file is not there.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    /// The blob, or its container, can't be read.
    #[error("{0}")]
    Blob(StorageError),
    /// The blobs of the container can't be listed.
    #[error("{0}")]
    Container(StorageError),
    /// A server does not send the file.
    #[error("{0}")]
    Web(WebError),
    /// It takes longer than any file should.
    #[error("{url} is not here after {} minutes", limit.as_secs() / 60)]
    Late { url: String, limit: std::time::Duration },
    /// The folder can't be made.
    #[error("the folder `{folder}` cannot be made: {error}")]
    Folder { folder: String, error: io::Error },
    /// The file can't be made.
    #[error("the file `{file}` cannot be made: {error}")]
    File { file: String, error: io::Error },
    /// The file can't be written.
    #[error("the file `{file}` cannot be written: {error}")]
    Write { file: String, error: io::Error },
    /// The disk is too full.
    #[error("`{file}` does not fit: the disk of the node has {left} MiB left, and {kept} MiB are kept free")]
    Full { file: String, left: u64, kept: u64 },
    /// A blob whose name is no path below the working directory.
    #[error("the blob `{name}` has a name that leads out of the task's working directory")]
    Path { name: String },
    /// A definition that was not checked before.
    #[error("{0}")]
    Definition(String),
}

impl FetchError {
    /// Whether trying again may help: what went wrong, went wrong on the way.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            // What meets an obstacle before it begins, storage's own client has tried again.
            Self::Blob(error) => matches!(error, StorageError::BrokenOff { .. }),
            Self::Web(WebError::Broken { .. }) => true,
            Self::Web(WebError::Status { status, .. }) => matches!(status, 408 | 429 | 500..),
            _ => false,
        }
    }

    /// The failure of the task whose file it is. `source` is where it comes from, without what may be secret.
    pub(super) fn into_failure(self, source: &str, path: &Path) -> BatchTaskFailureInfo {
        use BatchErrorSourceCategory::ServerError;
        let (code, category, message) = match &self {
            Self::Blob(error) => of_blob(error),
            Self::Container(error) => of_container(error),
            Self::Web(error) => of_web(error),
            Self::Late { .. } => ("BlobDownloadTimedOut", ServerError, LATE),
            Self::Folder { .. } => (
                "ResourceDirectoryCreateFailed",
                ServerError,
                "The folder of a resource file could not be made.",
            ),
            Self::File { .. } | Self::Path { .. } | Self::Definition(_) => {
                ("ResourceFileCreateFailed", ServerError, "A resource file could not be made.")
            }
            Self::Write { .. } => {
                ("ResourceFileWriteFailed", ServerError, "A resource file could not be written.")
            }
            Self::Full { .. } => {
                ("DiskFull", ServerError, "The disk of the node has no room for a resource file.")
            }
        };
        let details = [
            ("BlobSource", source.to_owned()),
            ("FilePath", path.to_string_lossy().into_owned()),
            ("Message", self.to_string()),
        ];
        BatchTaskFailureInfo {
            category,
            code: Some(code.to_owned()),
            message: Some(message.to_owned()),
            details: Some(details.map(|(name, value)| NameValuePair::new(name, value)).to_vec()),
        }
    }
}

const DENIED: &str = "A resource file of the task may not be read.";
const NOT_FOUND: &str = "A resource file of the task does not exist.";
const LATE: &str = "A resource file of the task did not come in time.";
const OTHER: &str = "A resource file of the task could not be downloaded.";

type Told = (&'static str, BatchErrorSourceCategory, &'static str);

fn of_web(error: &WebError) -> Told {
    use BatchErrorSourceCategory::{ServerError, UserError};
    match error {
        WebError::Status { status: 401 | 403, .. } => ("BlobAccessDenied", UserError, DENIED),
        WebError::Status { status: 404 | 410, .. } => ("BlobNotFound", UserError, NOT_FOUND),
        WebError::Broken { in_time: false, .. } => ("BlobDownloadTimedOut", ServerError, LATE),
        _ => ("BlobDownloadMiscError", ServerError, OTHER),
    }
}

fn of_blob(error: &StorageError) -> Told {
    use BatchErrorSourceCategory::{ServerError, UserError};
    match error {
        StorageError::Refused { status: 401 | 403, .. } => ("BlobAccessDenied", UserError, DENIED),
        StorageError::Refused { code, .. } if is_closed(code) => ("BlobAccessDenied", UserError, DENIED),
        StorageError::Refused { status: 404, .. } => ("BlobNotFound", UserError, NOT_FOUND),
        StorageError::Timeout { .. } => ("BlobDownloadTimedOut", ServerError, LATE),
        _ => ("BlobDownloadMiscError", ServerError, OTHER),
    }
}

fn of_container(error: &StorageError) -> Told {
    use BatchErrorSourceCategory::{ServerError, UserError};
    let denied = "A container with resource files of the task may not be listed.";
    match error {
        StorageError::Refused { status: 401 | 403, .. } => {
            ("ResourceContainerAccessDenied", UserError, denied)
        }
        StorageError::Refused { code, .. } if is_closed(code) => {
            ("ResourceContainerAccessDenied", UserError, denied)
        }
        StorageError::Refused { status: 404, .. } => (
            "ResourceContainerNotFound",
            UserError,
            "A container with resource files of the task does not exist.",
        ),
        StorageError::Timeout { .. } => ("BlobDownloadTimedOut", ServerError, LATE),
        _ => ("BlobDownloadMiscError", ServerError, OTHER),
    }
}

/// To strangers, an account without public containers says 409 and this.
fn is_closed(code: &str) -> bool {
    code == "PublicAccessNotPermitted"
}
