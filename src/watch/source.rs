//! A source, and what it holds at the moment.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::address::SourceAddress;
use super::git::{GitError, Repository};
use crate::recipe::{DiscoverError, discover};

/// Why a source can't be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum SourceError {
    /// The repository can't be fetched.
    #[error(transparent)]
    Git(#[from] GitError),
    /// There is nothing where the recipes should be.
    #[error("there is no file or folder {}", .0.display())]
    Gone(PathBuf),
    /// It can't be looked into.
    #[error(transparent)]
    Discover(#[from] DiscoverError),
}

/// A source of recipes.
#[derive(Debug, Clone)]
pub(super) struct Source {
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    Folder(PathBuf),
    Repository(Repository),
}

/// What a source holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checkout {
    /// The commit; `None` for a folder.
    pub(super) revision: Option<String>,
    /// The recipes, sorted.
    pub(super) recipes: Vec<PathBuf>,
    /// What is not shown of their paths: the folder of our clone.
    pub(super) hidden: Option<PathBuf>,
}

impl Source {
    /// A source; what is fetched of it is kept in `folder`.
    pub(super) fn new(address: &SourceAddress, folder: &Path, ssh_is_chosen: bool) -> Self {
        let place = match address {
            SourceAddress::Folder(path) => Place::Folder(path.clone()),
            SourceAddress::Git(git) => {
                Place::Repository(Repository::new(git.clone(), folder.join("repository"), ssh_is_chosen))
            }
        };
        Self { place }
    }

    /// Looks at what the source holds now.
    pub(super) async fn look(&self) -> Result<Checkout, SourceError> {
        match &self.place {
            Place::Folder(path) => found(path, None, None),
            Place::Repository(clone) => {
                let commit = clone.update().await?;
                found(&clone.recipes(), Some(commit), Some(clone.recipes()))
            }
        }
    }

    /// What was there when the source was last looked at, by an earlier run of this program perhaps.
    pub(super) async fn last_known(&self) -> Option<Checkout> {
        let Place::Repository(clone) = &self.place else { return None };
        let commit = clone.commit().await?;
        found(&clone.recipes(), Some(commit), Some(clone.recipes())).ok()
    }

    /// What changes when a file of a folder does: cheap enough to be looked at every few seconds. `None` for what can only be
    /// fetched.
    pub(super) fn fingerprint(&self) -> Option<blake3::Hash> {
        let Place::Folder(path) = &self.place else { return None };
        let mut hasher = blake3::Hasher::new();
        let visible = |entry: &walkdir::DirEntry| {
            entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".")
        };
        let folder = if path.is_dir() { path.as_path() } else { path.parent().unwrap_or(Path::new(".")) };
        let folder = if folder == Path::new("") { Path::new(".") } else { folder };
        for entry in WalkDir::new(folder).sort_by_file_name().into_iter().filter_entry(visible).flatten() {
            let mut line = String::new();
            // What a name links to counts, as when a configuration is mounted into a container.
            if let Ok(metadata) = std::fs::metadata(entry.path()) {
                // Writing to a string can't fail.
                let _ =
                    write!(line, "{} {:?} {}", metadata.len(), metadata.modified().ok(), metadata.is_dir());
            }
            hasher.update(entry.path().as_os_str().as_encoded_bytes()).update(b"\0").update(line.as_bytes());
        }
        Some(hasher.finalize())
    }
}

fn found(path: &Path, revision: Option<String>, hidden: Option<PathBuf>) -> Result<Checkout, SourceError> {
    if !path.exists() {
        return Err(SourceError::Gone(path.to_owned()));
    }
    let recipes = match discover(path) {
        Ok(recipes) => recipes,
        // A source without recipes is one, too: that nothing is to be destroyed because of it is for others to see to.
        Err(DiscoverError::NoneInFolder(_)) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    Ok(Checkout { revision, recipes, hidden })
}
