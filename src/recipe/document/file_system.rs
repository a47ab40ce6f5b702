//! File systems that a pool's nodes mount.

use schemars::JsonSchema;
use serde::ser::Error as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

use super::{Entries, Field, Identity, NamedEntry, SecretReference};

/// A file system that every node mounts. Exactly one of the keys.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1, "x-rest" = ["MountConfiguration"]))]
pub struct FileSystem {
    /// A container of Azure Blob Storage, with blobfuse.
    #[serde(rename(serialize = "azureBlobFileSystemConfiguration"))]
    pub azure_blob: Option<Field<AzureBlob>>,
    /// A share of Azure Files.
    #[serde(rename(serialize = "azureFileShareConfiguration"))]
    pub azure_file_share: Option<Field<AzureFileShare>>,
    /// A network file system.
    #[serde(rename(serialize = "nfsMountConfiguration"))]
    pub nfs: Option<Field<Nfs>>,
    /// A share of Windows or Samba.
    #[serde(rename(serialize = "cifsMountConfiguration"))]
    pub cifs: Option<Field<Cifs>>,
}

/// A container of Azure Blob Storage, mounted with blobfuse. One of `account_key`, `sas_key` and `identity`.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["AzureBlobFileSystemConfiguration"]))]
pub struct AzureBlob {
    /// The storage account.
    #[schemars(length(min = 1))]
    pub account_name: Field<String>,
    /// The container.
    #[schemars(length(min = 1))]
    pub container_name: Field<String>,
    /// Where the account's key is found. Never the key itself.
    pub account_key: Option<Field<SecretReference>>,
    /// Where a shared access signature is found. Never the signature itself.
    pub sas_key: Option<Field<SecretReference>>,
    /// ARM id of a managed identity of the pool that may use the container.
    #[serde(rename(serialize = "identityReference"))]
    pub identity: Option<Field<Identity>>,
    /// Further options of blobfuse.
    #[schemars(example = &"-o attr_timeout=240 -o entry_timeout=240")]
    pub blobfuse_options: Option<Field<String>>,
}

/// A share of Azure Files.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["AzureFileShareConfiguration"]))]
pub struct AzureFileShare {
    /// The storage account.
    #[schemars(length(min = 1))]
    pub account_name: Field<String>,
    /// Where the account's key is found. Never the key itself.
    pub account_key: Field<SecretReference>,
    /// The share's URL.
    #[schemars(length(min = 1), example = &"https://myaccount.file.core.windows.net/share")]
    pub azure_file_url: Field<String>,
    /// Further options of `mount`.
    #[schemars(example = &"-o vers=3.0,dir_mode=0777,file_mode=0777,serverino")]
    pub mount_options: Option<Field<String>>,
}

/// A network file system.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["NfsMountConfiguration"]))]
pub struct Nfs {
    /// Where the file system is.
    #[schemars(length(min = 1), example = &"10.0.0.4:/exports/data")]
    pub source: Field<String>,
    /// Further options of `mount`.
    #[schemars(example = &"-o rw,hard,vers=4.1")]
    pub mount_options: Option<Field<String>>,
}

/// A share of Windows or Samba.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["CifsMountConfiguration"]))]
pub struct Cifs {
    /// Where the share is.
    #[schemars(length(min = 1), example = &"//files.example.com/data")]
    pub source: Field<String>,
    /// The user to log in as.
    #[schemars(length(min = 1))]
    pub username: Field<String>,
    /// Where the user's password is found. Never the password itself.
    pub password: Field<SecretReference>,
    /// Further options of `mount`.
    pub mount_options: Option<Field<String>>,
}

/// File systems, by the folder inside AZ_BATCH_NODE_MOUNTS_DIR.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct FileSystems(pub Entries<FileSystem>);

/// Requests hold a list, each file system with its folder inside.
impl Serialize for FileSystems {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let list: Result<Vec<Value>, serde_json::Error> = self.0.iter().map(with_folder).collect();
        list.map_err(S::Error::custom)?.serialize(serializer)
    }
}

fn with_folder(entry: &NamedEntry<FileSystem>) -> Result<Value, serde_json::Error> {
    let mut mount: Map<String, Value> = serde_json::from_value(serde_json::to_value(&entry.value)?)?;
    for settings in mount.values_mut().filter_map(Value::as_object_mut) {
        settings.insert("relativeMountPath".to_owned(), Value::from(entry.name.as_str()));
    }
    Ok(Value::Object(mount))
}

impl JsonSchema for FileSystems {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FileSystems".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Entries::<FileSystem>::json_schema(generator)
    }
}
