//! Why an output file was not kept, in the codes of the service.
//!
//! Source: the service's documentation, "Persist task data to Azure Storage with the Batch service API"; the words are ours.

use std::io;

use crate::batch::FilePatternError;
use crate::batch::model::{BatchErrorSourceCategory, BatchTaskFailureInfo, NameValuePair};
use crate::storage::{StorageError, WriteError};

/// A file, or a whole pattern, that was not kept.
#[derive(Debug)]
pub(super) struct Unkept {
    /// Its pattern, as the task has it.
    pub(super) pattern: String,
    /// The file.
    pub(super) file: Option<String>,
    /// Where it was to go, without the signature.
    pub(super) destination: String,
    pub(super) error: KeepError,
}

/// Why a file was not kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeepError {
    /// The container did not take it.
    #[error("{0}")]
    Write(WriteError),
    /// It can't be read.
    #[error("the file cannot be read: {0}")]
    Read(io::Error),
    /// Its folder can't be listed.
    #[error("the folder cannot be listed: {0}")]
    List(String),
    /// It is not the node's.
    #[error(
        "it is not below the node's folder, and nodes of the embedded Azure Batch keep nothing else of this machine"
    )]
    Outside,
    /// No blob can have its name.
    #[error("its name is no text that a blob could have for a name")]
    Name,
    /// The pattern can't be read.
    #[error("the pattern cannot be read: {0}")]
    Pattern(FilePatternError),
    /// A definition that was not checked before.
    #[error("{0}")]
    Definition(String),
}

impl KeepError {
    /// The code of the service, whose fault it is, and what that means.
    fn told(&self) -> (&'static str, BatchErrorSourceCategory, &'static str) {
        use BatchErrorSourceCategory::{ServerError, UserError};
        let other = "A file of the task could not be uploaded.";
        match self {
            Self::Write(WriteError::Storage(StorageError::Refused { code, .. }))
                if code == "ContainerNotFound" =>
            {
                (
                    "FileUploadContainerNotFound",
                    UserError,
                    "A container that files of the task are uploaded to does not exist.",
                )
            }
            Self::Write(WriteError::Storage(StorageError::Refused { status: 400..500, .. }))
            | Self::Outside
            | Self::Name
            | Self::Pattern(_)
            | Self::Definition(_) => ("FileUploadMiscError", UserError, other),
            Self::Write(_) | Self::Read(_) | Self::List(_) => ("FileUploadMiscError", ServerError, other),
        }
    }
}

impl Unkept {
    /// The failure of the task. `more` is how many others were not kept.
    pub(super) fn into_failure(self, more: usize) -> BatchTaskFailureInfo {
        let (code, category, message) = self.error.told();
        let reason = match more {
            0 => self.error.to_string(),
            _ => format!("{} (and {more} more; see fileuploaderr.txt of the task)", self.error),
        };
        let details = [
            Some(("FilePattern", self.pattern)),
            self.file.map(|file| ("FilePath", file)),
            Some(("Destination", self.destination)),
            Some(("Message", reason)),
        ];
        BatchTaskFailureInfo {
            category,
            code: Some(code.to_owned()),
            message: Some(message.to_owned()),
            details: Some(
                details.into_iter().flatten().map(|(name, value)| NameValuePair::new(name, value)).collect(),
            ),
        }
    }

    /// A line about it, for `fileuploaderr.txt`.
    pub(super) fn line(&self) -> String {
        let (code, category, _) = self.error.told();
        let user_error = category == BatchErrorSourceCategory::UserError;
        serde_json::json!({
            "code": code, "user_error": user_error, "pattern": self.pattern, "file": self.file,
            "destination": self.destination, "message": self.error.to_string(),
        })
        .to_string()
    }
}
