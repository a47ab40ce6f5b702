//! Files of tasks and nodes.

use serde::{Deserialize, Serialize};
use serde_with::{DisplayFromStr, PickFirst, serde_as, skip_serializing_none};

use crate::batch::DateTime;

/// A file or folder of a task or node.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchNodeFile {
    /// Its path, relative to the directory of the task or the root directory of the node.
    pub name: String,
    /// Its URL.
    pub url: Option<String>,
    /// File or folder.
    pub is_directory: Option<bool>,
    /// Size and times; absent for folders.
    pub properties: Option<FileProperties>,
}

/// Size and times of a file.
#[serde_as]
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileProperties {
    /// When it was created; not known on Linux.
    pub creation_time: Option<DateTime>,
    /// When it last changed.
    pub last_modified: DateTime,
    /// Its length in bytes; a string on the wire.
    #[serde_as(serialize_as = "DisplayFromStr", deserialize_as = "PickFirst<(DisplayFromStr, _)>")]
    pub content_length: u64,
    /// Its media type.
    pub content_type: Option<String>,
    /// Its mode in octal, for example `0o100644`.
    pub file_mode: Option<String>,
}
