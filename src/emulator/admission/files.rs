//! Files that come to a task and that are kept of it.

use super::refusals::{invalid, missing, not_done_because};
use crate::batch::model::{OutputFile, ResourceFile};
use crate::emulator::refusal::Refusal;
use crate::node::{FileProblem, FileProblemKind, check_output_file, check_resource_file};

/// Checks what a task finds in its working directory.
pub(super) fn resource_files(files: Option<&[ResourceFile]>) -> Result<(), Refusal> {
    refuse_first(files.into_iter().flatten().map(check_resource_file))
}

/// Checks what is kept of a task.
pub(super) fn output_files(files: Option<&[OutputFile]>) -> Result<(), Refusal> {
    refuse_first(files.into_iter().flatten().map(check_output_file))
}

fn refuse_first(problems: impl Iterator<Item = Option<FileProblem>>) -> Result<(), Refusal> {
    let Some(FileProblem { property, value, reason, kind }) = problems.flatten().next() else {
        return Ok(());
    };
    Err(match kind {
        FileProblemKind::Missing => missing(property).with("Reason", reason),
        FileProblemKind::Invalid => invalid(property, value, &reason),
        FileProblemKind::NotDone => not_done_because(property, reason),
    })
}
