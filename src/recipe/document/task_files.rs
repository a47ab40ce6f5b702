//! Files that come to a node before a task and leave it afterwards, and application packages.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::{Entries, Field, Identity, Text, UrlOrSecret, Word};
use crate::batch::model::OutputFileUploadCondition;

/// A file, or the blobs of a container, that a node downloads before a task. One of `http_url`, `storage_container_url` and
/// `auto_storage_container_name`.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["ResourceFile"], "minProperties" = 1))]
pub struct ResourceFile {
    /// URL of a file; a blob's may hold a signature.
    pub http_url: Option<Field<UrlOrSecret>>,
    /// URL of a container of Azure Blob Storage; it may hold a signature.
    pub storage_container_url: Option<Field<UrlOrSecret>>,
    /// Name of a container in the storage account that belongs to the Batch account.
    #[schemars(length(min = 1))]
    pub auto_storage_container_name: Option<Field<String>>,
    /// What the names of the blobs begin with; for containers only.
    #[schemars(length(min = 1))]
    pub blob_prefix: Option<Field<String>>,
    /// Where the file goes, relative to the task's working directory; for containers the folder. Required with `http_url`.
    #[schemars(length(min = 1))]
    pub file_path: Option<Field<String>>,
    /// Permissions of the file in octal digits, in quotes; `"0770"` if absent. Linux only.
    #[schemars(
        regex(pattern = r"^[0-7]{3,4}$"),
        extend("patternErrorMessage" = "expected three or four octal digits in quotes, such as \"0755\""),
        example = &"0755"
    )]
    pub file_mode: Option<Field<Text>>,
    /// ARM id of a managed identity of the pool that may read the files.
    #[serde(rename(serialize = "identityReference"))]
    pub identity: Option<Field<Identity>>,
}

/// Files that a node uploads to Azure Blob Storage after a task.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["OutputFile"]))]
pub struct OutputFile {
    /// Which files, relative to the task's working directory: `*`, `?`, `[…]`, and `**` across folders.
    #[schemars(length(min = 1), example = &"../std*.txt", example = &"model/**")]
    pub file_pattern: Field<String>,
    /// Where they go.
    pub destination: Field<OutputDestination>,
    /// When they are uploaded.
    pub upload_options: Field<UploadOptions>,
}

/// Where files go.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["OutputFileDestination"]))]
pub struct OutputDestination {
    /// A container of Azure Blob Storage.
    pub container: Field<OutputContainer>,
}

/// A container of Azure Blob Storage that files go to.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["OutputFileBlobContainerDestination"]))]
pub struct OutputContainer {
    /// The name of the blob; with a wildcard in the pattern, the folder. The container itself if absent.
    #[schemars(length(min = 1))]
    pub path: Option<Field<String>>,
    /// The container's URL. Without an identity it holds a signature that allows writing.
    pub container_url: Field<UrlOrSecret>,
    /// ARM id of a managed identity of the pool that may write there.
    #[serde(rename(serialize = "identityReference"))]
    pub identity: Option<Field<Identity>>,
    /// Headers of the uploads, by name.
    #[schemars(example = serde_json::json!({ "x-ms-blob-content-type": "application/json" }))]
    pub upload_headers: Option<Field<Entries<Text>>>,
}

/// When files are uploaded.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["OutputFileUploadConfiguration"]))]
pub struct UploadOptions {
    /// After which ends of the task.
    pub upload_condition: Field<Word<OutputFileUploadCondition>>,
}

/// An application package that nodes install.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["BatchApplicationPackageReference"]))]
pub struct ApplicationPackage {
    /// The application: for a pool its ARM id, for a task its name.
    #[schemars(length(min = 1), example = &"blender")]
    pub application_id: Field<String>,
    /// Its version; the default one if absent.
    #[schemars(length(min = 1), example = &"4.2")]
    pub version: Option<Field<String>>,
}
