//! What follows from how a task ends.

use serde::{Deserialize, Serialize};
use serde_with::{DisplayFromStr, PickFirst, serde_as, skip_serializing_none};

use crate::batch::wire_enum::wire_enum;

wire_enum!(
    /// What happens to the job.
    BatchJobActionKind {
        /// Nothing.
        None = "none",
        /// It is disabled.
        Disable = "disable",
        /// It is ended.
        Terminate = "terminate",
    }
);

wire_enum!(
    /// What happens to tasks that depend on this one.
    DependencyAction {
        /// They may run.
        Satisfy = "satisfy",
        /// They never run.
        Block = "block",
    }
);

/// What follows from how a task ends.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExitConditions {
    /// Single exit codes.
    pub exit_codes: Option<Vec<ExitCodeMapping>>,
    /// Ranges of exit codes.
    pub exit_code_ranges: Option<Vec<ExitCodeRangeMapping>>,
    /// The task could not be started.
    pub pre_processing_error: Option<ExitOptions>,
    /// A file could not be uploaded.
    pub file_upload_error: Option<ExitOptions>,
    /// Every other failure.
    pub default: Option<ExitOptions>,
}

/// What follows from one exit code.
#[serde_as]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExitCodeMapping {
    /// The exit code.
    #[serde_as(as = "PickFirst<(_, DisplayFromStr)>")]
    pub code: i32,
    /// What follows.
    pub exit_options: ExitOptions,
}

/// What follows from a range of exit codes.
#[serde_as]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExitCodeRangeMapping {
    /// The first exit code.
    #[serde_as(as = "PickFirst<(_, DisplayFromStr)>")]
    pub start: i32,
    /// The last exit code.
    #[serde_as(as = "PickFirst<(_, DisplayFromStr)>")]
    pub end: i32,
    /// What follows.
    pub exit_options: ExitOptions,
}

/// What follows.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExitOptions {
    /// What happens to the job, if it has `onTaskFailure: performexitoptionsjobaction`.
    pub job_action: Option<BatchJobActionKind>,
    /// What happens to tasks that depend on this one.
    pub dependency_action: Option<DependencyAction>,
}
