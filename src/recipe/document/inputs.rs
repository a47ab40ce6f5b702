//! Local files that tasks get, files that are kept of them, and the container that both are in.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Field, UrlOrSecret};
use crate::batch::model::OutputFileUploadCondition;

/// The container of Azure Blob Storage that a recipe keeps files in.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// The container's URL, with a signature by which nodes read `inputs` and write `outputs`, and by which `apply` uploads
    /// local files unless there is an `upload_url`.
    pub container_url: Field<UrlOrSecret>,
    /// The same container's URL with a signature by which `apply` uploads local files, so that nodes need none that allows it.
    pub upload_url: Option<Field<UrlOrSecret>>,
}

/// What a task finds in its working directory: a local file or folder, or a file of the web. One of `path` and `url`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1))]
pub struct Input {
    /// A local file, or a folder with the files in it, by its path from the recipe's folder. `apply` uploads what the recipe's
    /// `storage` lacks; a file whose content has changed makes its tasks new ones.
    #[schemars(length(min = 1), example = &"data/", example = &"scripts/train.py")]
    pub path: Option<Field<String>>,
    /// URL of a file; a blob's may hold a signature.
    pub url: Option<Field<UrlOrSecret>>,
    /// Where it goes, below the task's working directory. As `path` if absent; required with `url`.
    #[schemars(length(min = 1), example = &"data")]
    pub to: Option<Field<String>>,
}

/// Files that are kept of a task.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// Which files, relative to the task's working directory: `*`, `?`, `[…]`, and `**` across folders.
    #[schemars(length(min = 1), example = &"../std*.txt", example = &"model/**")]
    pub pattern: Field<String>,
    /// The name of the blob; with a wildcard in the pattern, the folder. The container itself if absent.
    #[schemars(length(min = 1))]
    pub to: Option<Field<String>>,
    /// The container's URL with a signature that allows to write; the recipe's `storage` if absent.
    pub container_url: Option<Field<UrlOrSecret>>,
    /// After which ends of the task.
    #[schemars(extend("default" = "success"))]
    pub when: Option<Field<OutputWhen>>,
}

/// After which ends of a task files are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutputWhen {
    /// After exit code 0.
    Success,
    /// After any other.
    Failure,
    /// After all.
    Always,
}

impl OutputWhen {
    /// The word of the REST API.
    pub fn condition(self) -> OutputFileUploadCondition {
        match self {
            Self::Success => OutputFileUploadCondition::TaskSuccess,
            Self::Failure => OutputFileUploadCondition::TaskFailure,
            Self::Always => OutputFileUploadCondition::TaskCompletion,
        }
    }
}
