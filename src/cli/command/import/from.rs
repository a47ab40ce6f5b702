//! From the source of an import to the function that reads it.

use super::shipyard;
use crate::cli::args::{ImportArgs, ImportSource};
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::exit_code::ExitCode;

/// Runs `import`.
pub(in crate::cli::command) fn run(context: &Context, args: &ImportArgs) -> Result<ExitCode, CommandError> {
    match &args.from {
        ImportSource::Shipyard(args) => shipyard::run(context, args),
    }
}
