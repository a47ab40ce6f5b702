//! The clones of the repositories that are watched. What they hold comes from others: it reads nothing outside of them, and does not
//! choose where secrets are sent.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::context::Context;
use super::project;
use crate::watch::WatchedSource;

/// The clones, each with what its repository is called.
pub(super) struct Clones {
    all: Vec<(PathBuf, String)>,
    /// Project files whose record was told to be ignored.
    told: Mutex<BTreeSet<PathBuf>>,
}

/// A record that is not used, because a project file in a repository names it.
pub(super) struct IgnoredRecord {
    /// The repository.
    pub(super) source: String,
    /// The project file, from the folder of the clone.
    pub(super) file: String,
}

impl Clones {
    pub(super) fn of(sources: &[WatchedSource]) -> Self {
        let clone = |source: &WatchedSource| Some((source.clone_folder()?, source.address.to_string()));
        Self { all: sources.iter().filter_map(clone).collect(), told: Mutex::default() }
    }

    /// The clone that a path is in.
    pub(super) fn around(&self, path: &Path) -> Option<&Path> {
        self.entry(path).map(|(clone, _)| clone.as_path())
    }

    /// The record that a project file in the clone names for a recipe, if that was not told before.
    pub(super) fn record_of(&self, context: &Context, recipe: &Path) -> Option<IgnoredRecord> {
        let (clone, source) = self.entry(recipe)?;
        let file = project::record_below(context, recipe, clone)?;
        let shown = file.strip_prefix(clone.canonicalize().ok()?).ok()?.display().to_string();
        let is_news = self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(file);
        is_news.then(|| IgnoredRecord { source: source.clone(), file: shown })
    }

    fn entry(&self, path: &Path) -> Option<&(PathBuf, String)> {
        self.all.iter().find(|(clone, _)| path.starts_with(clone))
    }
}
