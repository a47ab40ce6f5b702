//! `render`: writes a recipe with values in place of parameters, expressions and factories.

use std::io::{self, Write as _};

use crate::cli::args::{Format, RenderArgs};
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::recipe::{refuse, request};
use crate::exit_code::ExitCode;
use crate::recipe::resolve_recipe;
use crate::view::{diagnostics, rendered};

pub(super) fn run(context: &Context, args: &RenderArgs) -> Result<ExitCode, CommandError> {
    let request = request(context, args.recipe.path.clone(), &args.recipe.parameters)?;
    let resolved = match resolve_recipe(&request) {
        Ok(resolved) => resolved,
        Err(report) => return Err(refuse(context, &args.recipe.path, &report)),
    };
    if !context.printer.is_quiet() {
        context.printer.err(&diagnostics::human(&resolved.warnings, true));
    }
    let mut out = io::BufWriter::new(io::stdout());
    match context.global.format {
        Format::Json => rendered::json(&mut out, &resolved, args.origin)?,
        _ => rendered::yaml(&mut out, &resolved, args.origin)?,
    }
    out.flush()?;
    Ok(ExitCode::Success)
}
