//! `new`: copies a recipe of the library, which is part of the program.

use std::io::Write;
use std::path::{Path, PathBuf};

use include_dir::Dir;
use serde_json::json;

use crate::cli::args::NewArgs;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::exit_code::ExitCode;
use crate::recipe::library::embedded;
use crate::recipe::similar_names;
use crate::resource::RecipeName;
use crate::view::json::document;

pub(super) fn run(context: &Context, args: &NewArgs) -> Result<ExitCode, CommandError> {
    let mut out = context.printer.narration();
    if args.recipe.is_none() && !args.list {
        let names: Vec<String> = embedded().map(|(name, _)| format!("`{name}`")).collect();
        return Err(CommandError::new(ExitCode::Usage, "which recipe of the library is to be copied?")
            .hint(Some(format!("there are {}; `batchyard new --list` describes them", names.join(", ")))));
    }
    let Some(name) = args.recipe.as_deref().filter(|_| !args.list) else {
        if context.printer.is_json() {
            let recipes: Vec<_> = embedded()
                .map(|(name, recipe)| json!({ "name": name, "description": description(recipe) }))
                .collect();
            context.printer.json(&document("library", json!({ "recipes": recipes })))?;
            return Ok(ExitCode::Success);
        }
        let width = embedded().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, recipe) in embedded() {
            writeln!(out, "{name:width$}  {}", description(recipe))?;
        }
        return Ok(ExitCode::Success);
    };
    let Some((_, recipe)) = embedded().find(|(known, _)| *known == name) else {
        let near = similar_names(name, embedded().map(|(known, _)| known));
        let near = near.first().map(|known| format!("did you mean `{known}`? ")).unwrap_or_default();
        let hint = Some(format!("{near}`batchyard new --list` shows them all"));
        return Err(
            CommandError::new(ExitCode::Usage, format!("the library has no recipe `{name}`")).hint(hint)
        );
    };
    let folder = args.dir.clone().unwrap_or_else(|| PathBuf::from(name));
    let files = copy(recipe, &folder)?;
    let shown = folder.display();
    if context.printer.is_json() {
        let members = json!({ "recipe": name, "folder": shown.to_string(), "files": files });
        context.printer.json(&document("new", members))?;
        return Ok(ExitCode::Success);
    }
    writeln!(
        out,
        "Made {shown} from the library's recipe `{name}`. Next:\n\n  batchyard plan {shown}\n  batchyard apply {shown}"
    )?;
    Ok(ExitCode::Success)
}

/// The recipe's own description: the value of its `description` key.
fn description(recipe: &Dir<'_>) -> String {
    let text = recipe.get_file(recipe.path().join("recipe.yaml")).and_then(|file| file.contents_utf8());
    let document: Option<serde_yaml::Value> = text.and_then(|text| serde_yaml::from_str(text).ok());
    let description = document.as_ref().and_then(|document| document.get("description")?.as_str());
    description.unwrap_or_default().lines().next().unwrap_or_default().to_owned()
}

/// Copies a recipe's files, never over anything that is there, and returns their paths.
fn copy(recipe: &Dir<'_>, folder: &Path) -> Result<Vec<String>, CommandError> {
    let failed = |path: &Path, error: std::io::Error| {
        CommandError::new(ExitCode::Error, format!("{} could not be made: {error}", path.display()))
    };
    if folder.exists() && std::fs::read_dir(folder).map_err(|error| failed(folder, error))?.next().is_some() {
        let message = format!("{} exists and is not empty", folder.display());
        return Err(CommandError::new(ExitCode::Usage, message).hint(Some("name another folder".to_owned())));
    }
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let mut files = Vec::new();
    for file in recipe.files() {
        let Some(name) = file.path().file_name() else { continue };
        let path = folder.join(name);
        let own = file.contents_utf8().filter(|_| name == "recipe.yaml").map(|text| adapted(text, folder));
        let content = own.as_deref().map_or(file.contents(), str::as_bytes);
        std::fs::write(&path, content).map_err(|error| failed(&path, error))?;
        files.push(path.display().to_string());
    }
    Ok(files)
}

/// A recipe of the library as one's own: called like its folder, if a recipe can be called so, because what two recipes of one
/// name make would belong to both; and without the line for editors, which names a schema of the library.
fn adapted(text: &str, folder: &Path) -> String {
    let name = folder.file_name().and_then(|name| name.to_str()).and_then(|name| RecipeName::new(name).ok());
    let lines = text.lines().filter(|line| !line.starts_with("# yaml-language-server:"));
    let lines = lines.map(|line| match &name {
        Some(name) if line.starts_with("name:") => format!("name: {name}\n"),
        _ => format!("{line}\n"),
    });
    lines.collect()
}
