//! Loading the recipe that a command names, and showing what is wrong with it.

use std::path::{Path, PathBuf};

use super::args::{ParameterArgs, RecipeArgs};
use super::context::Context;
use super::error::CommandError;
use super::{blobs, project};
use crate::diagnostic::Report;
use crate::exit_code::ExitCode;
use crate::recipe::{LoadRequest, Loaded, load};
use crate::view::{diagnostics, words};

/// Loads a recipe; its warnings and errors go to standard error.
pub(super) fn load_recipe(context: &Context, recipe: &RecipeArgs) -> Result<Loaded, CommandError> {
    match load(&request(context, recipe.path.clone(), &recipe.parameters)?) {
        Ok(loaded) => {
            if !context.printer.is_quiet() {
                context.printer.err(&diagnostics::human(&loaded.warnings, true));
            }
            Ok(loaded)
        }
        Err(report) => Err(refuse(context, &recipe.path, &report)),
    }
}

/// What to load.
pub(super) fn request(
    context: &Context,
    path: PathBuf,
    parameters: &ParameterArgs,
) -> Result<LoadRequest, CommandError> {
    Ok(LoadRequest {
        projects: project::files(context, &path)?,
        path,
        set: parameters.set.clone(),
        params_files: parameters.files.clone(),
        environment: context.variables.parameters(),
        overlays: parameters.overlays.clone(),
        blobs: Some(blobs::lister(&context.variables)),
    })
}

/// Shows what is wrong with a recipe; the error of the command that was given it, which may be
/// that there is none to read.
pub(super) fn refuse(context: &Context, path: &Path, report: &Report) -> CommandError {
    context.printer.err(&diagnostics::human(report, true));
    let path = path.display();
    let message = if report.diagnostics.iter().all(|finding| finding.code.name == "unreadable") {
        format!("there is no recipe to read at {path}")
    } else {
        format!("the recipe {path} has {}", words::counted(report.error_count() as u64, "error"))
    };
    CommandError::new(ExitCode::InvalidRecipe, message).findings(diagnostics::json(report))
}
