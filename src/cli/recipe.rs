//! Loading the recipe that a command names, and showing what is wrong with it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::args::{ParameterArgs, RecipeArgs};
use super::context::Context;
use super::error::CommandError;
use super::{blobs, project};
use crate::diagnostic::Report;
use crate::exit_code::ExitCode;
use crate::recipe::source::recipe_files;
use crate::recipe::{LoadRequest, Loaded, load};
use crate::view::{diagnostics, words};

/// Loads a recipe; its warnings and errors go to standard error.
pub(super) fn load_recipe(context: &Context, recipe: &RecipeArgs) -> Result<Loaded, CommandError> {
    load_recipe_with(context, recipe, context.variables.parameters())
}

/// Loads a recipe with other parameters from the environment than those that are there.
pub(super) fn load_recipe_with(
    context: &Context,
    recipe: &RecipeArgs,
    environment: BTreeMap<String, String>,
) -> Result<Loaded, CommandError> {
    let request = request(context, recipe.path.clone(), &recipe.parameters)?;
    match load(&LoadRequest { environment, ..request }) {
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
        projects: project::shared(context, &path)?,
        path,
        set: parameters.set.clone(),
        params_files: parameters.files.clone(),
        environment: context.variables.parameters(),
        overlays: parameters.overlays.clone(),
        blobs: Some(blobs::lister(&context.variables)),
        within: None,
    })
}

/// Shows what is wrong with a recipe; the error of the command that was given it, which may be
/// that there is none to read.
pub(super) fn refuse(context: &Context, path: &Path, report: &Report) -> CommandError {
    context.printer.err(&diagnostics::human(report, true));
    CommandError::new(ExitCode::InvalidRecipe, verdict(path, report)).findings(diagnostics::json(report))
}

/// What a command says that cannot go on, naming what is at fault.
fn verdict(path: &Path, report: &Report) -> String {
    let recipe = path.display();
    let counted = words::counted(report.error_count() as u64, "error");
    let files = recipe_files(path);
    let was_read = files.iter().any(|file| report.sources.find_file(file).is_some());
    let is_there = files.iter().any(|file| file.is_file());
    let is_unreadable = report.diagnostics.iter().all(|finding| finding.code.name == "unreadable");
    let mut places = report.diagnostics.iter().filter_map(|finding| finding.primary_span());
    let elsewhere = places.find_map(|span| report.sources.start(span)).filter(|_| !was_read);
    match elsewhere {
        // Another file is read before the recipe: a project file.
        Some(place) => format!("{} has {counted}", place.file),
        None if !is_unreadable => format!("the recipe {recipe} has {counted}"),
        None if is_there => format!("not everything that belongs to the recipe {recipe} can be read"),
        None => format!("there is no recipe to read at {recipe}"),
    }
}
