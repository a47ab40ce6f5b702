//! A source, and what it holds at the moment.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::address::SourceAddress;
use super::git::{GitError, Repository};
use super::words::in_one_line;
use crate::recipe::{DiscoverError, discover};

/// What the folder of a clone is called.
pub(super) const CLONE: &str = "repository";

/// Why a source can't be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum SourceError {
    /// The repository can't be fetched.
    #[error(transparent)]
    Git(#[from] GitError),
    /// There is nothing where the recipes should be.
    #[error("there is no file or folder {}", .0.display())]
    Gone(PathBuf),
    /// The same, of what the repository holds.
    #[error("{0}")]
    InRepository(String),
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
    /// What that folder is in the world: the repository, its branch, and the folder in it.
    pub(super) origin: Option<PathBuf>,
}

impl Checkout {
    /// What tells a file from all others, by whatever path it is reached: of a folder its real path, of a repository its place there.
    pub(super) fn identity(&self, file: &Path) -> PathBuf {
        let place = self.hidden.as_deref().zip(self.origin.as_deref());
        match place.and_then(|(hidden, origin)| Some(origin.join(file.strip_prefix(hidden).ok()?))) {
            Some(place) => place,
            None => real(file),
        }
    }
}

impl Source {
    /// A source; what is fetched of it is kept in `folder`.
    pub(super) fn new(address: &SourceAddress, folder: &Path, ssh_is_chosen: bool) -> Self {
        let place = match address {
            SourceAddress::Folder(path) => Place::Folder(path.clone()),
            SourceAddress::Git(git) => {
                Place::Repository(Repository::new(git.clone(), clone_in(folder), ssh_is_chosen))
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
                let found = found(&clone.recipes(), Some(commit), Some(clone.origin()));
                found.map_err(|error| SourceError::InRepository(clone.without_folder(&in_one_line(&error))))
            }
        }
    }

    /// What was there when the source was last looked at, by an earlier run of this program perhaps.
    pub(super) async fn last_known(&self) -> Option<Checkout> {
        let Place::Repository(clone) = &self.place else { return None };
        let commit = clone.commit().await?;
        found(&clone.recipes(), Some(commit), Some(clone.origin())).ok()
    }

    /// What changes when a file of a folder does, or one `beyond` it: cheap enough to be looked at every few seconds. `None` for what
    /// can only be fetched.
    pub(super) fn fingerprint(&self, beyond: &BTreeSet<PathBuf>) -> Option<blake3::Hash> {
        let mut hasher = self.hash_of(|_| true)?;
        beyond.iter().for_each(|path| add(&mut hasher, path, true));
        Some(hasher.finalize())
    }

    /// What changes when a recipe comes to a folder or goes; not when something else in it is written. `None` for what changes as a
    /// whole, as repositories do.
    pub(super) fn arrangement(&self) -> Option<blake3::Hash> {
        let is_of_it = |entry: &DirEntry| entry.file_type().is_dir() || is_yaml(entry.path());
        Some(self.hash_of(is_of_it)?.finalize())
    }

    /// The hash of a folder: of all paths, and of what the file system says of those that count.
    fn hash_of(&self, counts: impl Fn(&DirEntry) -> bool) -> Option<blake3::Hasher> {
        let mut hasher = blake3::Hasher::new();
        let visible = |entry: &DirEntry| entry.depth() == 0 || !is_hidden(entry.file_name());
        for entry in
            WalkDir::new(self.folder()?).sort_by_file_name().into_iter().filter_entry(visible).flatten()
        {
            add(&mut hasher, entry.path(), counts(&entry));
        }
        Some(hasher)
    }

    /// Those of the files that recipes of a folder are made of that a look at the folder does not see.
    pub(super) fn beyond(&self, files: &BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
        let Some(folder) = self.folder().and_then(|folder| folder.canonicalize().ok()) else {
            return BTreeSet::new();
        };
        let is_seen = |file: &PathBuf| {
            let real = real(file);
            let below = real.strip_prefix(&folder);
            below.is_ok_and(|below| !below.iter().any(is_hidden))
        };
        files.iter().filter(|file| !is_seen(file)).cloned().collect()
    }

    /// The folder that is looked at; `None` for a repository.
    fn folder(&self) -> Option<&Path> {
        let Place::Folder(path) = &self.place else { return None };
        let folder = if path.is_dir() { path.as_path() } else { path.parent().unwrap_or(Path::new(".")) };
        Some(if folder == Path::new("") { Path::new(".") } else { folder })
    }
}

/// Where a repository is cloned to, below what is remembered of a source.
pub(super) fn clone_in(folder: &Path) -> PathBuf {
    folder.join(CLONE)
}

/// Adds what the file system says of a path, or only that there is one.
fn add(hasher: &mut blake3::Hasher, path: &Path, counts: bool) {
    let mut line = String::new();
    // What a name links to counts, as when a configuration is mounted into a container.
    if let Some(metadata) = counts.then(|| std::fs::metadata(path).ok()).flatten() {
        // Writing to a string can't fail.
        let _ = write!(line, "{} {:?} {}", metadata.len(), metadata.modified().ok(), metadata.is_dir());
    }
    hasher.update(path.as_os_str().as_encoded_bytes()).update(b"\0").update(line.as_bytes());
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

/// The path of a file without links on the way to it. The last part stays as it is: what it leads to may be there under another name, too.
fn real(file: &Path) -> PathBuf {
    let folder = file.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    match (folder.canonicalize(), file.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => file.to_owned(),
    }
}

fn found(path: &Path, revision: Option<String>, origin: Option<PathBuf>) -> Result<Checkout, SourceError> {
    if !path.exists() {
        return Err(SourceError::Gone(path.to_owned()));
    }
    let recipes = match discover(path) {
        Ok(recipes) => recipes,
        // A source without recipes is one, too: that nothing is to be destroyed because of it is for others to see to.
        Err(DiscoverError::NoneInFolder(_)) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let hidden = origin.is_some().then(|| path.to_owned());
    Ok(Checkout { revision, recipes, hidden, origin })
}
