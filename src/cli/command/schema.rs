//! `schema`: prints a JSON Schema of recipes.

use crate::cli::args::{SchemaArgs, SchemaName};
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::exit_code::ExitCode;
use crate::recipe::schema;

pub(super) fn run(context: &Context, args: &SchemaArgs) -> Result<ExitCode, CommandError> {
    let schema = match args.name {
        SchemaName::Recipe => schema::authoring(),
        SchemaName::Resolved => schema::resolved(),
        SchemaName::Overlay => schema::overlay(),
        SchemaName::Project => schema::project(),
    };
    context.printer.json(&schema)?;
    Ok(ExitCode::Success)
}
