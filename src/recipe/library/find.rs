//! Finding a recipe by its name and version.

use std::path::{Path, PathBuf};

use super::shelf::{LibraryRecipe, Shelf};
use crate::recipe::files::Folder;
use crate::recipe::source::FILE_NAMES;
use crate::recipe::suggest;

/// Where recipes are looked for by name.
#[derive(Debug, Clone, Default)]
pub struct Library {
    /// Folders of recipes; an earlier one wins. The recipes of the program come last.
    pub folders: Vec<PathBuf>,
}

/// A recipe of the library.
#[derive(Debug)]
pub(in crate::recipe) struct Found {
    /// What it is called, with its version if it has one.
    pub(in crate::recipe) name: String,
    /// Its file; none if it is part of the program.
    pub(in crate::recipe) file: Option<PathBuf>,
    /// Its text, if it is part of the program.
    pub(in crate::recipe) text: &'static str,
    /// The folder that paths in it begin at.
    pub(in crate::recipe) folder: Folder,
}

/// Why the library does not have a recipe.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LibraryError {
    /// The name is none.
    #[error("`{name}` is no name of a recipe: it has lower-case letters, digits and hyphens")]
    Name {
        /// What was asked for.
        name: String,
    },
    /// There is no such recipe.
    #[error("the library has no recipe `{name}`")]
    Unknown {
        /// What was asked for.
        name: String,
        /// One that is called almost so.
        near: Option<String>,
        /// All that there are.
        there: Vec<String>,
    },
    /// The recipe does not have that version.
    #[error("the library has no version {wanted} of `{name}`; it has {}", numbers(there))]
    Version {
        /// The recipe.
        name: String,
        /// The version that was asked for.
        wanted: String,
        /// The versions that there are.
        there: Vec<u32>,
    },
}

impl LibraryError {
    /// What to ask for instead, where `prefix` stands before names of recipes.
    pub fn hint(&self, prefix: &str) -> Option<String> {
        match self {
            Self::Unknown { near: Some(near), .. } => Some(format!("did you mean `{prefix}{near}`?")),
            Self::Unknown { near: None, there, .. } => {
                Some(format!("there are {}; `batchyard new --list` describes them", there.join(", ")))
            }
            Self::Version { name, there, .. } => {
                let newest = there.last()?;
                Some(format!("`{prefix}{name}@{newest}` is the newest; a newer program may have others"))
            }
            Self::Name { .. } => None,
        }
    }
}

impl Shelf {
    /// The recipe that `name` or `name@version` stands for; without a version the newest one.
    ///
    /// # Errors
    /// When there is no such recipe, or no such version of it.
    pub fn get(self, text: &str) -> Result<LibraryRecipe, LibraryError> {
        let (name, wanted) = parts(text)?;
        let mut versions = self.versions(name);
        let there: Vec<u32> = versions.iter().map(|recipe| recipe.version).collect();
        let found = match wanted {
            None => versions.pop(),
            Some(wanted) => versions.into_iter().find(|recipe| recipe.version.to_string() == wanted),
        };
        found.ok_or_else(|| match wanted {
            Some(wanted) if !there.is_empty() => {
                LibraryError::Version { name: name.to_owned(), wanted: wanted.to_owned(), there }
            }
            _ => unknown(name, self.newest().map(|recipe| recipe.name.to_owned()).collect()),
        })
    }
}

impl Library {
    /// Finds `name`, or `name@version`. The recipes of a project have no versions: those are always the program's.
    pub(in crate::recipe) fn find(&self, text: &str) -> Result<Found, LibraryError> {
        let (name, version) = parts(text)?;
        if version.is_none()
            && let Some(file) = self.folders.iter().find_map(|folder| file_of(folder, name))
        {
            let folder = Folder::new(file.parent().map(PathBuf::from).unwrap_or_default());
            return Ok(Found { name: name.to_owned(), file: Some(file), text: "", folder });
        }
        let recipe = Shelf::embedded().get(text).map_err(|error| match error {
            LibraryError::Unknown { name, there, .. } => unknown(&name, [self.names(), there].concat()),
            other => other,
        })?;
        let folder = Folder::embedded(recipe.folder());
        let name = format!("{}@{}", recipe.name, recipe.version);
        Ok(Found { name, file: None, text: recipe.text(), folder })
    }

    /// The names of the project's own recipes.
    fn names(&self) -> Vec<String> {
        let entries = self.folders.iter().flat_map(|folder| std::fs::read_dir(folder).ok()).flatten();
        let named = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<String> = named
            .map(|name| name.strip_suffix(".yaml").unwrap_or(&name).to_owned())
            .filter(|name| self.folders.iter().any(|folder| file_of(folder, name).is_some()))
            .collect();
        names.sort_unstable();
        names
    }
}

/// The name and the version that are asked for.
fn parts(text: &str) -> Result<(&str, Option<&str>), LibraryError> {
    let (name, version) = match text.split_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (text, None),
    };
    let is_name = !name.is_empty()
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_');
    if is_name { Ok((name, version)) } else { Err(LibraryError::Name { name: name.to_owned() }) }
}

fn unknown(name: &str, there: Vec<String>) -> LibraryError {
    let near = suggest::nearest(name, there.iter().map(String::as_str)).map(str::to_owned);
    LibraryError::Unknown { name: name.to_owned(), near, there }
}

/// `version 1`, `versions 1 and 2`, `versions 1, 2 and 3`.
fn numbers(versions: &[u32]) -> String {
    let texts: Vec<String> = versions.iter().map(u32::to_string).collect();
    match texts.split_last() {
        Some((last, before)) if !before.is_empty() => format!("versions {} and {last}", before.join(", ")),
        _ => format!("version {}", texts.concat()),
    }
}

fn file_of(folder: &Path, name: &str) -> Option<PathBuf> {
    let own = FILE_NAMES.iter().map(|file| folder.join(name).join(file));
    own.chain([folder.join(format!("{name}.yaml"))]).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use include_dir::{Dir, include_dir};

    use super::*;

    static FIXTURE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/tests/library");

    fn version(text: &str) -> Result<u32, String> {
        Shelf::of(&FIXTURE).get(text).map(|recipe| recipe.version).map_err(|error| error.to_string())
    }

    #[test]
    fn a_pinned_version_stays_when_there_are_newer_ones() {
        assert_eq!(version("greeting@1"), Ok(1));
        assert_eq!(version("greeting@2"), Ok(2));
        assert_eq!(version("greeting@3"), Ok(3));
        assert_eq!(version("greeting"), Ok(3), "the newest one");
        assert_eq!(version("farewell@1"), Ok(1));
    }

    #[test]
    fn who_asks_for_a_version_that_is_not_there_learns_which_are() {
        let none = |wanted: &str| version(&format!("greeting@{wanted}")).unwrap_err();
        for wanted in ["0", "4", "1.0", "01", "+1", "", "latest"] {
            let said =
                format!("the library has no version {wanted} of `greeting`; it has versions 1, 2 and 3");
            assert_eq!(none(wanted), said);
        }
        let one = version("farewell@2").unwrap_err();
        assert_eq!(one, "the library has no version 2 of `farewell`; it has version 1");
        let error = Shelf::of(&FIXTURE).get("greeting@9").unwrap_err();
        let hint = error.hint("library:").unwrap();
        assert_eq!(hint, "`library:greeting@3` is the newest; a newer program may have others");
    }

    #[test]
    fn who_asks_for_a_recipe_that_is_not_there_learns_which_are() {
        let hint = |name: &str| Shelf::of(&FIXTURE).get(name).unwrap_err().hint("library:");
        assert_eq!(hint("greting"), Some("did you mean `library:greeting`?".to_owned()));
        let all = "there are farewell, greeting; `batchyard new --list` describes them";
        assert_eq!(hint("xyz"), Some(all.to_owned()));
        assert_eq!(hint("xyz@1"), Some(all.to_owned()), "a version of nothing");
        assert_eq!(hint("a/b"), None);
    }

    #[test]
    fn recipes_of_the_program_are_found_by_name_and_version() {
        let library = Library::default();
        let found = library.find("hello").unwrap();
        assert!(found.file.is_none() && found.text.contains("name: hello"));
        assert_eq!(
            (found.name.as_str(), library.find("hello@1").unwrap().name.as_str()),
            ("hello@1", "hello@1")
        );
        for name in ["../x", "", "a/b", "Hello", "/etc"] {
            assert_eq!(library.find(name).unwrap_err(), LibraryError::Name { name: name.into() });
        }
    }

    #[test]
    fn recipes_of_a_project_come_first() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("hello")).unwrap();
        std::fs::write(folder.path().join("hello/recipe.yaml"), "").unwrap();
        std::fs::write(folder.path().join("base.yaml"), "").unwrap();
        std::fs::write(folder.path().join("notes.txt"), "").unwrap();
        let library = Library { folders: vec!["nowhere".into(), folder.path().to_owned()] };
        assert_eq!(library.find("hello").unwrap().file, Some(folder.path().join("hello/recipe.yaml")));
        assert_eq!(library.find("base").unwrap().file, Some(folder.path().join("base.yaml")));
        assert!(library.find("hello@1").unwrap().file.is_none(), "a version is one of the program's");
        assert_eq!(library.names(), ["base", "hello"]);
        let near = library.find("bse").unwrap_err().hint("library:");
        assert_eq!(near, Some("did you mean `library:base`?".to_owned()));
    }
}
