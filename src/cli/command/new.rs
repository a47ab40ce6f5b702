//! `new`: copies a recipe of the library, which is part of the program.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::cli::args::NewArgs;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::exit_code::ExitCode;
use crate::recipe::library::{Group, LibraryRecipe, Shelf};
use crate::resource::RecipeName;
use crate::view::human;
use crate::view::json::document;

/// What a recipe's file is called in the library.
const RECIPE: &str = "recipe.yaml";

pub(super) fn run(context: &Context, args: &NewArgs) -> Result<ExitCode, CommandError> {
    if args.list {
        return list(context, args.recipe.as_deref());
    }
    let shelf = Shelf::embedded();
    let Some(wanted) = &args.recipe else {
        let count = shelf.newest().count();
        let hint = format!("begin with `hello`; `batchyard new --list` describes all {count}");
        return Err(CommandError::new(ExitCode::Usage, "which recipe of the library is to be copied?")
            .hint(Some(hint)));
    };
    let recipe = shelf.get(wanted).map_err(|error| {
        let hint = error.hint("");
        CommandError::new(ExitCode::Usage, error.to_string()).hint(hint)
    })?;
    let folder = args.dir.clone().unwrap_or_else(|| PathBuf::from(recipe.name));
    let files = copy(&recipe, &folder)?;
    let shown = folder.display();
    if context.printer.is_json() {
        let members = json!({
            "recipe": recipe.name, "version": recipe.version, "folder": shown.to_string(), "files": files,
        });
        context.printer.json(&document("new", members))?;
        return Ok(ExitCode::Success);
    }
    let mut out = context.printer.narration();
    writeln!(
        out,
        "Made {shown} from the library's recipe `{wanted}`. Its README.md says what it costs and how to adapt it. Next:\n\n  batchyard plan {shown}\n  batchyard apply {shown}"
    )?;
    Ok(ExitCode::Success)
}

/// Shows the library, or what of it is about a word.
fn list(context: &Context, word: Option<&str>) -> Result<ExitCode, CommandError> {
    let shelf = Shelf::embedded();
    let mut groups = shelf.groups();
    if let Some(word) = word {
        let word = word.to_lowercase();
        for Group { title, recipes } in &mut groups {
            let is_whole = title.to_lowercase().contains(&word);
            recipes.retain(|it| {
                is_whole || it.name.contains(&word) || it.description().to_lowercase().contains(&word)
            });
        }
        groups.retain(|group| !group.recipes.is_empty());
        if groups.is_empty() {
            let message = format!("no recipe of the library is about `{word}`");
            let hint = "`batchyard new --list` shows them all".to_owned();
            return Err(CommandError::new(ExitCode::Usage, message).hint(Some(hint)));
        }
    }
    if context.printer.is_json() {
        let entries: Vec<Value> = groups.iter().flat_map(|group| entries(shelf, group)).collect();
        context.printer.json(&document("library", json!({ "recipes": entries })))?;
    } else {
        human::library(&mut context.printer.narration(), &groups)?;
    }
    Ok(ExitCode::Success)
}

/// The recipes of a group, for programs.
fn entries(shelf: Shelf, group: &Group) -> impl Iterator<Item = Value> {
    group.recipes.iter().map(move |recipe| {
        let versions: Vec<u32> = shelf.versions(recipe.name).iter().map(|it| it.version).collect();
        json!({
            "name": recipe.name, "version": recipe.version, "versions": versions,
            "group": group.title, "description": recipe.description(),
        })
    })
}

/// Copies a recipe's files, never over anything that is there, and returns their paths.
fn copy(recipe: &LibraryRecipe, folder: &Path) -> Result<Vec<String>, CommandError> {
    let failed = |path: &Path, error: std::io::Error| {
        CommandError::new(ExitCode::Error, format!("{} could not be made: {error}", path.display()))
    };
    if folder.exists() && std::fs::read_dir(folder).map_err(|error| failed(folder, error))?.next().is_some() {
        let message = format!("{} exists and is not empty", folder.display());
        return Err(CommandError::new(ExitCode::Usage, message).hint(Some("name another folder".to_owned())));
    }
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let mut files = Vec::new();
    for (name, content) in recipe.files() {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|error| failed(parent, error))?;
        }
        let own = (name == Path::new(RECIPE)).then(|| adapted(recipe.text(), folder));
        let content = own.as_deref().map_or(content, str::as_bytes);
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
