//! File systems that nodes mount.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::{BatchNodeIdentityReference, Confidential};

/// A file system that every node mounts: exactly one of the four.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MountConfiguration {
    /// A container of Azure Blob Storage, with blobfuse.
    pub azure_blob_file_system_configuration: Option<AzureBlobFileSystemConfiguration>,
    /// A network file system.
    pub nfs_mount_configuration: Option<NfsMountConfiguration>,
    /// A share of Windows or Samba.
    pub cifs_mount_configuration: Option<CifsMountConfiguration>,
    /// A share of Azure Files.
    pub azure_file_share_configuration: Option<AzureFileShareConfiguration>,
}

/// A container of Azure Blob Storage, mounted with blobfuse.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AzureBlobFileSystemConfiguration {
    /// The storage account.
    pub account_name: String,
    /// The container.
    pub container_name: String,
    /// The account's key; excludes the SAS and the identity. Write-only.
    pub account_key: Option<Confidential>,
    /// A shared access signature; excludes the key and the identity. Write-only.
    pub sas_key: Option<Confidential>,
    /// Further options of blobfuse.
    pub blobfuse_options: Option<String>,
    /// The folder, relative to the folder of all mounts.
    pub relative_mount_path: String,
    /// The identity that may read the container; excludes the key and the SAS.
    pub identity_reference: Option<BatchNodeIdentityReference>,
}

/// A share of Azure Files.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AzureFileShareConfiguration {
    /// The storage account.
    pub account_name: String,
    /// The share's URL.
    pub azure_file_url: String,
    /// The account's key; write-only.
    pub account_key: Option<Confidential>,
    /// The folder, relative to the folder of all mounts.
    pub relative_mount_path: String,
    /// Further options of `mount`.
    pub mount_options: Option<String>,
}

/// A network file system.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NfsMountConfiguration {
    /// Where it is.
    pub source: String,
    /// The folder, relative to the folder of all mounts.
    pub relative_mount_path: String,
    /// Further options of `mount`.
    pub mount_options: Option<String>,
}

/// A share of Windows or Samba.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CifsMountConfiguration {
    /// The user to log in as.
    pub username: String,
    /// Where it is.
    pub source: String,
    /// The folder, relative to the folder of all mounts.
    pub relative_mount_path: String,
    /// Further options of `mount`.
    pub mount_options: Option<String>,
    /// The user's password; write-only.
    pub password: Option<Confidential>,
}
