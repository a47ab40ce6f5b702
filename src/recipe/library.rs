//! The recipes that others can begin with: those that are part of the program, and those of a project.

use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use super::files::Folder;
use super::source::FILE_NAMES;
use super::suggest;

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/recipes");

/// The version of the recipes that are part of the program: that of the program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The recipes that are part of the program, by name.
pub fn embedded() -> impl Iterator<Item = (&'static str, &'static Dir<'static>)> {
    EMBEDDED.dirs().filter_map(|recipe| Some((recipe.path().file_name()?.to_str()?, recipe)))
}

/// Where recipes are looked for by name.
#[derive(Debug, Clone, Default)]
pub struct Library {
    /// Folders of recipes; an earlier one wins. The recipes of the program come last.
    pub folders: Vec<PathBuf>,
}

/// A recipe of the library.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) name: String,
    /// Its file; none if it is part of the program.
    pub(super) file: Option<PathBuf>,
    /// Its text, if it is part of the program.
    pub(super) text: &'static str,
    /// The folder that paths in it begin at.
    pub(super) folder: Folder,
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
    },
    /// The recipe has another version.
    #[error("version {wanted} of `{name}` is asked for, and this program has {VERSION}")]
    Version {
        /// The recipe.
        name: String,
        /// The version that was asked for.
        wanted: String,
    },
}

impl Library {
    /// Finds `name`, or `name@version`: a version that leaves parts out, as `1.2`, fits all that begin with it. The recipes of a
    /// project have no version.
    pub(super) fn find(&self, text: &str) -> Result<Found, LibraryError> {
        let (name, version) = match text.split_once('@') {
            Some((name, version)) => (name, Some(version)),
            None => (text, None),
        };
        let is_name = !name.is_empty()
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_');
        if !is_name {
            return Err(LibraryError::Name { name: name.to_owned() });
        }
        if version.is_none()
            && let Some(file) = self.folders.iter().find_map(|folder| file_of(folder, name))
        {
            let folder = Folder::new(file.parent().map(PathBuf::from).unwrap_or_default());
            return Ok(Found { name: name.to_owned(), file: Some(file), text: "", folder });
        }
        let Some((_, recipe)) = embedded().find(|(known, _)| *known == name) else {
            return Err(LibraryError::Unknown { name: name.to_owned(), near: self.near(name) });
        };
        if let Some(wanted) = version.filter(|wanted| !fits(wanted, VERSION)) {
            return Err(LibraryError::Version { name: name.to_owned(), wanted: wanted.to_owned() });
        }
        let text =
            text_of(recipe).ok_or_else(|| LibraryError::Unknown { name: name.to_owned(), near: None })?;
        Ok(Found { name: name.to_owned(), file: None, text, folder: Folder::embedded(recipe) })
    }

    fn near(&self, name: &str) -> Option<String> {
        let of_folders = self.folders.iter().flat_map(|folder| std::fs::read_dir(folder).ok()).flatten();
        let of_folders = of_folders.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let names: Vec<String> = of_folders.chain(embedded().map(|(name, _)| name.to_owned())).collect();
        suggest::nearest(name, names.iter().map(String::as_str)).map(str::to_owned)
    }
}

/// The text of a recipe that is part of the program.
fn text_of(recipe: &'static Dir<'static>) -> Option<&'static str> {
    let files = FILE_NAMES.iter().filter_map(|name| recipe.get_file(recipe.path().join(name)));
    files.filter_map(|file| file.contents_utf8()).next()
}

fn file_of(folder: &Path, name: &str) -> Option<PathBuf> {
    let own = FILE_NAMES.iter().map(|file| folder.join(name).join(file));
    own.chain([folder.join(format!("{name}.yaml"))]).find(|path| path.is_file())
}

/// Whether a version is the one that is asked for, as far as that is said.
fn fits(wanted: &str, version: &str) -> bool {
    !wanted.is_empty()
        && version.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipes_of_the_program_are_found_by_name_and_version() {
        let library = Library::default();
        let found = library.find("hello").unwrap();
        assert!(found.file.is_none() && found.text.contains("name: hello"));
        assert!(library.find(&format!("hello@{VERSION}")).is_ok());
        let major = VERSION.split('.').next().unwrap();
        assert!(library.find(&format!("hello@{major}")).is_ok());
        assert_eq!(
            library.find("hello@99").unwrap_err().to_string(),
            format!("version 99 of `hello` is asked for, and this program has {VERSION}")
        );
        assert_eq!(
            library.find("helo").unwrap_err(),
            LibraryError::Unknown { name: "helo".into(), near: Some("hello".into()) }
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
        let library = Library { folders: vec!["nowhere".into(), folder.path().to_owned()] };
        assert_eq!(library.find("hello").unwrap().file, Some(folder.path().join("hello/recipe.yaml")));
        assert_eq!(library.find("base").unwrap().file, Some(folder.path().join("base.yaml")));
        assert!(library.find(&format!("hello@{VERSION}")).unwrap().file.is_none());
    }

    #[test]
    fn a_version_fits_as_far_as_it_is_said() {
        assert!(fits("1", "1.2.3") && fits("1.2", "1.2.3") && fits("1.2.3", "1.2.3"));
        assert!(!fits("1.2", "1.20.3") && !fits("", "1.2.3") && !fits("1.2.3.4", "1.2.3"));
    }
}
