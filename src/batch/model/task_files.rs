//! Files that come to a node before a task and leave it afterwards.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::{BatchNodeIdentityReference, Confidential};
use crate::batch::wire_enum::wire_enum;

wire_enum!(
    /// After which ends of a task a file is uploaded.
    OutputFileUploadCondition {
        /// After exit code 0.
        TaskSuccess = "tasksuccess",
        /// After any other.
        TaskFailure = "taskfailure",
        /// After all.
        TaskCompletion = "taskcompletion",
    }
);

/// One file, or the blobs of a container, that a node downloads.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceFile {
    /// A container of the account's own storage. Excludes the two URLs.
    pub auto_storage_container_name: Option<String>,
    /// The URL of a container. May hold a signature.
    pub storage_container_url: Option<Confidential>,
    /// The URL of a file. May hold a signature.
    pub http_url: Option<Confidential>,
    /// What the names of the blobs begin with.
    pub blob_prefix: Option<String>,
    /// Where the file goes, or the folder of the blobs, relative to the task's working directory.
    pub file_path: Option<String>,
    /// Permissions in octal digits; default `0770`.
    pub file_mode: Option<String>,
    /// The identity that may read it.
    pub identity_reference: Option<BatchNodeIdentityReference>,
}

/// Files that a node uploads after a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutputFile {
    /// Which files.
    pub file_pattern: String,
    /// Where they go.
    pub destination: OutputFileDestination,
    /// When.
    pub upload_options: OutputFileUploadConfiguration,
}

/// Where files go.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputFileDestination {
    /// To a container of Azure Blob Storage.
    pub container: Option<OutputFileBlobContainerDestination>,
}

/// A container of Azure Blob Storage that files go to.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutputFileBlobContainerDestination {
    /// The blob, or the folder of the blobs if the pattern has a wildcard.
    pub path: Option<String>,
    /// The container's URL. May hold a signature.
    pub container_url: Confidential,
    /// The identity that may write there.
    pub identity_reference: Option<BatchNodeIdentityReference>,
    /// Headers of the uploads.
    pub upload_headers: Option<Vec<OutputFileUploadHeader>>,
}

/// A header of an upload.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputFileUploadHeader {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Option<String>,
}

/// When files are uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutputFileUploadConfiguration {
    /// After which ends of the task.
    pub upload_condition: OutputFileUploadCondition,
}
