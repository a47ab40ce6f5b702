//! Loading the recipe that a command names, and showing what is wrong with it.

use std::path::{Path, PathBuf};

use super::args::{ParameterArgs, RecipeArgs};
use super::context::Context;
use super::error::CommandError;
use crate::exit_code::ExitCode;
use crate::pipeline::{RefusedRunOptions, refused_run_options};
use crate::recipe::{LoadRequest, Loaded, load};
use crate::view::{diagnostics, words};

/// Loads a recipe; its warnings and errors go to standard error.
pub(super) fn load_recipe(context: &Context, recipe: &RecipeArgs) -> Result<Loaded, CommandError> {
    match load(&request(context, recipe.path.clone(), &recipe.parameters)) {
        Ok(loaded) => {
            let refused = refused_run_options(&loaded.desired).map_err(CommandError::from_error)?;
            if !refused.is_empty() {
                context.printer.err(&show_refused(&refused));
                return Err(invalid(&recipe.path, refused.len()));
            }
            if !context.printer.is_quiet() {
                context.printer.err(&diagnostics::human(&loaded.warnings, true));
            }
            Ok(loaded)
        }
        Err(report) => {
            if context.printer.is_json() {
                context.printer.json(&diagnostics::json(&report))?;
            }
            context.printer.err(&diagnostics::human(&report, true));
            Err(invalid(&recipe.path, report.error_count()))
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
    }
}

/// The error of a command whose recipe is invalid.
fn invalid(path: &Path, errors: usize) -> CommandError {
    let errors = words::counted(errors as u64, "error");
    CommandError::new(ExitCode::InvalidRecipe, format!("the recipe {} has {errors}", path.display()))
}

/// Run options that no node will take, as the other errors of a recipe are shown.
pub(super) fn show_refused(refused: &[RefusedRunOptions]) -> String {
    let one = |refused: &RefusedRunOptions| {
        let place = refused.source.as_ref().map(|source| format!("\n --> {source}")).unwrap_or_default();
        format!("error[run-options]: {refused}{place}\n\n")
    };
    refused.iter().map(one).collect()
}
