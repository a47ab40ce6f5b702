//! What follows from how a task ends.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::{Field, Word};
use crate::batch::model::{BatchJobActionKind, DependencyAction};

/// What follows from how a task ends.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["ExitConditions"]))]
pub struct ExitConditions {
    /// Single exit codes.
    pub exit_codes: Option<Field<Vec<Field<ExitCode>>>>,
    /// Ranges of exit codes.
    pub exit_code_ranges: Option<Field<Vec<Field<ExitCodeRange>>>>,
    /// The task could not be started: its image or a file could not be fetched, for instance.
    pub pre_processing_error: Option<Field<ExitOptions>>,
    /// A file could not be uploaded.
    pub file_upload_error: Option<Field<ExitOptions>>,
    /// Every other failure.
    pub default: Option<Field<ExitOptions>>,
}

/// What follows from one exit code.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["ExitCodeMapping"]))]
pub struct ExitCode {
    /// The exit code.
    pub code: Field<i32>,
    /// What follows.
    pub exit_options: Field<ExitOptions>,
}

/// What follows from a range of exit codes.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["ExitCodeRangeMapping"]))]
pub struct ExitCodeRange {
    /// The first exit code.
    pub start: Field<i32>,
    /// The last exit code.
    pub end: Field<i32>,
    /// What follows.
    pub exit_options: Field<ExitOptions>,
}

/// What follows.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["ExitOptions"]))]
pub struct ExitOptions {
    /// What happens to the job, if it has `on_task_failure: perform_exit_options_job_action`.
    pub job_action: Option<Field<Word<BatchJobActionKind>>>,
    /// What happens to tasks that depend on this one.
    pub dependency_action: Option<Field<Word<DependencyAction>>>,
}
