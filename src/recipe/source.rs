//! Reads the files of a recipe. Nothing else in `recipe` touches the file system.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::codes;
use super::parse::MAX_BYTES;
use super::suggest::nearest;
use crate::bounded_file;
use crate::diagnostic::{Collector, Diagnostic, SourceId, Sources, Span};

/// The names that a recipe's file has in its folder.
pub(super) const FILE_NAMES: [&str; 2] = ["recipe.yaml", "recipe.yml"];

/// The text of a recipe.
#[derive(Debug, Clone)]
pub struct RecipeSource {
    /// The text.
    pub id: SourceId,
    /// The file it came from.
    pub path: PathBuf,
}

impl RecipeSource {
    /// Reads a recipe from its file, or from the folder that holds it.
    pub fn read(path: &Path, sources: &mut Sources, findings: &mut Collector) -> Option<Self> {
        let path = if path.is_dir() { in_folder(path, findings)? } else { path.to_owned() };
        let id = read(&path, sources, findings)?;
        Some(Self { id, path })
    }
}

/// The files of which one is the recipe that a path names: the path itself, or a recipe's file in that folder.
pub fn recipe_files(path: &Path) -> Vec<PathBuf> {
    std::iter::once(path.to_owned()).chain(FILE_NAMES.iter().map(|name| path.join(name))).collect()
}

/// Whether a file with this name is a recipe.
pub(super) fn is_recipe_name(name: &OsStr) -> bool {
    FILE_NAMES.iter().any(|known| name == *known)
}

/// Adds the text of a file.
pub(super) fn read(path: &Path, sources: &mut Sources, findings: &mut Collector) -> Option<SourceId> {
    let unreadable = |reason: String| {
        Diagnostic::new(&codes::UNREADABLE, format!("cannot read {}: {reason}", path.display()))
    };
    let bytes = match bounded_file::read_any(path, MAX_BYTES as u64) {
        Ok(bytes) => bytes,
        Err(error) => {
            findings.push(match error.kind() {
                ErrorKind::NotFound => missing(path),
                _ => unreadable(error.to_string()),
            });
            return None;
        }
    };
    if bytes.len() > MAX_BYTES {
        let message = format!("{} is larger than {} MiB", path.display(), MAX_BYTES >> 20);
        let id = sources.add(path.display().to_string(), "");
        findings.push(Diagnostic::new(&codes::TOO_LARGE, message).at(Span::new(id, 0, 0), ""));
        return None;
    }
    match String::from_utf8(bytes) {
        Ok(text) => Some(sources.add_file(path, text)),
        Err(error) => {
            let offset = error.utf8_error().valid_up_to();
            let id = sources.add(path.display().to_string(), String::from_utf8_lossy(error.as_bytes()));
            findings.push(
                Diagnostic::new(&codes::UNREADABLE, format!("{} is not UTF-8 text", path.display()))
                    .at(
                        Span::new(id, offset, offset + char::REPLACEMENT_CHARACTER.len_utf8()),
                        "these bytes are no character",
                    )
                    .help("save the file as UTF-8"),
            );
            None
        }
    }
}

/// Whether a path leads out of a folder. What is not there leads nowhere.
pub(super) fn leads_out(path: &Path, folder: &Path) -> bool {
    match (path.canonicalize(), folder.canonicalize()) {
        (Ok(path), Ok(folder)) => !path.starts_with(folder),
        _ => false,
    }
}

/// A path from a folder that it is below.
pub(super) fn below(path: &Path, folder: &Path) -> PathBuf {
    let (real, folder) = (path.canonicalize(), folder.canonicalize());
    let below = real
        .ok()
        .zip(folder.ok())
        .and_then(|(path, folder)| Some(path.strip_prefix(folder).ok()?.to_owned()));
    below.unwrap_or_else(|| path.to_owned())
}

/// Says that nothing is there, and what is there that is called much the same.
fn missing(path: &Path) -> Diagnostic {
    let finding = Diagnostic::new(
        &codes::UNREADABLE,
        format!("cannot read {}: there is no such file or folder", path.display()),
    );
    let parent = path.parent().unwrap_or(Path::new(""));
    let others: Vec<String> = candidates_in(if parent == Path::new("") { Path::new(".") } else { parent })
        .iter()
        .filter_map(|other| Some(parent.join(other.file_name()?).display().to_string()))
        // A link that leads nowhere is there and is not.
        .filter(|other| Path::new(other) != path)
        .collect();
    let near = path.to_str().and_then(|path| nearest(path, others.iter().map(String::as_str)));
    finding.maybe_help(near.map(|near| format!("did you mean {near}?")))
}

/// What in a folder looks like a recipe: YAML files, and folders that hold a recipe's file.
fn candidates_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_recipe = |path: &PathBuf| {
        let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        is_yaml || FILE_NAMES.iter().any(|name| path.join(name).is_file())
    };
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_recipe).collect();
    found.sort();
    found
}

fn in_folder(folder: &Path, findings: &mut Collector) -> Option<PathBuf> {
    let candidates: Vec<PathBuf> =
        FILE_NAMES.iter().map(|name| folder.join(name)).filter(|path| path.is_file()).collect();
    match candidates.as_slice() {
        [only] => Some(only.clone()),
        [] => {
            let message = format!("there is no recipe in {}", folder.display());
            let mut finding =
                Diagnostic::new(&codes::UNREADABLE, message).help("a recipe's file is called recipe.yaml");
            let others: Vec<String> =
                candidates_in(folder).iter().map(|path| path.display().to_string()).collect();
            if let [first, rest @ ..] = others.as_slice() {
                let more =
                    if rest.is_empty() { String::new() } else { format!(" or another of {}", others.len()) };
                finding = finding.help(format!("did you mean {first}{more}? Name the file, then"));
            } else {
                finding =
                    finding.help("`batchyard new hello` copies one of the library into a folder `hello`");
            }
            findings.push(finding);
            None
        }
        _ => {
            let message = format!("{} holds both recipe.yaml and recipe.yml", folder.display());
            findings.push(
                Diagnostic::new(&codes::UNREADABLE, message)
                    .help("name the file that is meant, or remove one"),
            );
            None
        }
    }
}
