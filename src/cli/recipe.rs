//! Loading the recipe that a command names, and showing what is wrong with it.

use std::path::{Path, PathBuf};

use super::args::{ParameterArgs, RecipeArgs};
use super::context::Context;
use super::error::CommandError;
use crate::exit_code::ExitCode;
use crate::recipe::{LoadRequest, Loaded, load};
use crate::view::{diagnostics, words};

/// Loads a recipe; its warnings and errors go to standard error.
pub(super) fn load_recipe(context: &Context, recipe: &RecipeArgs) -> Result<Loaded, CommandError> {
    match load(&request(context, recipe.path.clone(), &recipe.parameters)) {
        Ok(loaded) => {
            if !context.printer.is_quiet() {
                context.printer.err(&diagnostics::human(&loaded.warnings, true));
            }
            Ok(loaded)
        }
        Err(report) => {
            context.printer.err(&diagnostics::human(&report, true));
            Err(invalid(&recipe.path, report.error_count()).findings(diagnostics::json(&report)))
        }
    }
}

/// What to load.
pub(super) fn request(context: &Context, path: PathBuf, parameters: &ParameterArgs) -> LoadRequest {
    LoadRequest {
        path,
        set: parameters.set.clone(),
        params_files: parameters.files.clone(),
        environment: context.variables.parameters(),
        blobs: None,
    }
}

/// The error of a command whose recipe is invalid.
fn invalid(path: &Path, errors: usize) -> CommandError {
    let errors = words::counted(errors as u64, "error");
    CommandError::new(ExitCode::InvalidRecipe, format!("the recipe {} has {errors}", path.display()))
}
