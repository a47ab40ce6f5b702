//! Finds recipes: in files, in folders and below them, and behind patterns.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::codes;
use super::source::{FILE_NAMES, is_recipe_name};
use crate::diagnostic::{Diagnostic, Report};

/// Why nothing is found.
#[derive(Debug, thiserror::Error)]
pub enum DiscoverError {
    /// A folder holds no recipe, nor does any below it.
    #[error("there is no recipe in {} or below it", .0.display())]
    NoneInFolder(PathBuf),
    /// No file has a name that fits.
    #[error("no file fits the pattern {}", .0.display())]
    NoneFits(PathBuf),
    /// The pattern is none.
    #[error("{} is no pattern", .path.display())]
    Pattern {
        /// What was given.
        path: PathBuf,
        /// Why not.
        #[source]
        cause: glob::PatternError,
    },
    /// A folder can't be looked into.
    #[error("cannot look into {}", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why not.
        #[source]
        cause: std::io::Error,
    },
}

impl DiscoverError {
    /// The error as the findings of a recipe that cannot be read.
    pub fn report(&self) -> Report {
        let mut message = self.to_string();
        if let Some(cause) = std::error::Error::source(self) {
            message.push_str(&format!(": {cause}"));
        }
        let finding = Diagnostic::new(&codes::UNREADABLE, message);
        let finding = match self {
            Self::NoneInFolder(_) => finding.help("a recipe's file is called recipe.yaml"),
            _ => finding,
        };
        Report { diagnostics: vec![finding], ..Report::default() }
    }
}

/// The recipes behind what a user named, each once, sorted by path:
///
/// * of a folder every `recipe.yaml` in it and below it, but for hidden folders;
/// * of a pattern (`*`, `?`, `[…]`, and `**` for any number of folders) what fits, and the recipes in the folders that fit;
/// * of anything else the path itself, whether it can be read or not: reading it will tell.
///
/// A folder that holds both `recipe.yaml` and `recipe.yml` is given as the folder, since nobody can say which one is meant.
///
/// # Errors
/// When nothing is found, or a folder can't be read.
pub fn discover(named: &Path) -> Result<Vec<PathBuf>, DiscoverError> {
    if named.is_dir() {
        let found = in_folder(named)?;
        return if found.is_empty() { Err(DiscoverError::NoneInFolder(named.to_owned())) } else { Ok(found) };
    }
    match named.to_str().filter(|text| !named.exists() && text.contains(['*', '?', '['])) {
        Some(pattern) => fitting(named, pattern),
        None => Ok(vec![named.to_owned()]),
    }
}

fn fitting(named: &Path, pattern: &str) -> Result<Vec<PathBuf>, DiscoverError> {
    let fits =
        glob::glob(pattern).map_err(|cause| DiscoverError::Pattern { path: named.to_owned(), cause })?;
    let mut found = BTreeSet::new();
    for path in fits {
        let path = path.map_err(|error| {
            let path = error.path().to_owned();
            DiscoverError::Folder { path, cause: error.into() }
        })?;
        if path.is_dir() {
            found.extend(in_folder(&path)?);
        } else {
            found.insert(path);
        }
    }
    if found.is_empty() {
        return Err(DiscoverError::NoneFits(named.to_owned()));
    }
    Ok(found.into_iter().collect())
}

fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, DiscoverError> {
    let mut found = BTreeSet::new();
    // Links to folders are not followed: they may lead in circles.
    let entries =
        WalkDir::new(folder).into_iter().filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry));
    for entry in entries {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(folder).to_owned();
            DiscoverError::Folder { path, cause: error.into() }
        })?;
        if is_recipe_name(entry.file_name()) && !entry.file_type().is_dir() {
            let path = entry.into_path();
            // What the folder of the command holds is named without it.
            found.insert(path.strip_prefix(".").map(Path::to_owned).unwrap_or(path));
        }
    }
    Ok(found
        .iter()
        .map(|path| both_names(path).unwrap_or_else(|| path.clone()))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect())
}

/// The folder of a recipe whose folder has a recipe by the other name, too.
fn both_names(recipe: &Path) -> Option<PathBuf> {
    let folder = recipe.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    FILE_NAMES.iter().all(|name| folder.join(name).exists()).then(|| folder.to_owned())
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_type().is_dir()
        && entry.file_name().as_encoded_bytes().starts_with(OsStr::new(".").as_encoded_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found below a folder with these files, relative to it.
    fn found(files: &[&str], named: &str) -> Result<Vec<String>, DiscoverError> {
        let root = tempfile::tempdir().unwrap();
        for file in files {
            let path = root.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let found = discover(&root.path().join(named))?;
        let relative = |path: &PathBuf| path.strip_prefix(root.path()).unwrap().display().to_string();
        Ok(found.iter().map(relative).collect())
    }

    const TREE: [&str; 7] = [
        "b/recipe.yaml",
        "a/recipe.yml",
        "a/deep/er/recipe.yaml",
        "a/values.yaml",
        ".git/recipe.yaml",
        "c/notes.txt",
        "own.yaml",
    ];

    #[test]
    fn a_folder_gives_the_recipes_in_it_and_below() {
        assert_eq!(found(&TREE, "").unwrap(), ["a/deep/er/recipe.yaml", "a/recipe.yml", "b/recipe.yaml"]);
        assert_eq!(found(&TREE, "a/deep").unwrap(), ["a/deep/er/recipe.yaml"]);
        assert!(matches!(found(&TREE, "c"), Err(DiscoverError::NoneInFolder(_))));
        assert_eq!(found(&TREE, ".git").unwrap(), [".git/recipe.yaml"], "what is named is not hidden");
    }

    #[test]
    fn a_pattern_gives_what_fits() {
        assert_eq!(found(&TREE, "*.yaml").unwrap(), ["own.yaml"]);
        assert_eq!(found(&TREE, "**/recipe.y*ml").unwrap().len(), 4);
        assert_eq!(found(&TREE, "[ab]").unwrap().len(), 3, "the recipes of folders that fit");
        assert!(matches!(found(&TREE, "*.json"), Err(DiscoverError::NoneFits(_))));
        assert!(matches!(found(&TREE, "a***"), Err(DiscoverError::Pattern { .. })));
    }

    #[test]
    fn a_file_is_given_as_it_is_even_if_it_is_not_there() {
        assert_eq!(found(&TREE, "c/notes.txt").unwrap(), ["c/notes.txt"]);
        assert_eq!(found(&TREE, "nowhere.yaml").unwrap(), ["nowhere.yaml"]);
        assert_eq!(found(&["x[1].yaml"], "x[1].yaml").unwrap(), ["x[1].yaml"]);
    }

    #[test]
    fn two_names_in_one_folder_are_left_to_the_reader_to_complain_about() {
        assert_eq!(found(&["a/recipe.yaml", "a/recipe.yml"], "").unwrap(), ["a"]);
    }
}
