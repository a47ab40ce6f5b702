//! Reads the files of a recipe. Nothing else in `recipe` touches the file system.

use std::ffi::OsStr;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::codes;
use super::parse::MAX_BYTES;
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

/// Whether a file with this name is a recipe.
pub(super) fn is_recipe_name(name: &OsStr) -> bool {
    FILE_NAMES.iter().any(|known| name == *known)
}

/// Adds the text of a file.
pub(super) fn read(path: &Path, sources: &mut Sources, findings: &mut Collector) -> Option<SourceId> {
    let unreadable = |reason: String| {
        Diagnostic::new(&codes::UNREADABLE, format!("cannot read {}: {reason}", path.display()))
    };
    // A device or a pipe has no length to look at beforehand: what is read is bounded instead.
    let mut bytes = Vec::new();
    let read =
        std::fs::File::open(path).and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        findings.push(unreadable(error.to_string()));
        return None;
    }
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

fn in_folder(folder: &Path, findings: &mut Collector) -> Option<PathBuf> {
    let candidates: Vec<PathBuf> =
        FILE_NAMES.iter().map(|name| folder.join(name)).filter(|path| path.is_file()).collect();
    match candidates.as_slice() {
        [only] => Some(only.clone()),
        [] => {
            let message = format!("there is no recipe in {}", folder.display());
            findings.push(
                Diagnostic::new(&codes::UNREADABLE, message).help("a recipe's file is called recipe.yaml"),
            );
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
