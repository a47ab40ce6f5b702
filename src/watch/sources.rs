//! What is known of all sources: what they held when they were last read, and what is remembered of their recipes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::resource::RecipeName;

use super::census::{Census, Entry, Key};
use super::event::WatchEvent;
use super::inventory::{Inventory, Record};
use super::options::Tools;

/// A source.
pub(super) struct KnownSource {
    pub(super) name: String,
    pub(super) inventory: Arc<Mutex<Inventory>>,
    /// What it held when it was last read.
    pub(super) census: Option<Census>,
    pub(super) revision: Option<String>,
    /// Whether it could not be read the last time.
    pub(super) failed: bool,
}

impl KnownSource {
    /// What is remembered of it.
    pub(super) fn inventory(&self) -> MutexGuard<'_, Inventory> {
        self.inventory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All sources, in the order in which they were given.
#[derive(Default)]
pub(super) struct KnownSources(Vec<KnownSource>);

impl KnownSources {
    pub(super) fn add(&mut self, name: String, inventory: Arc<Mutex<Inventory>>) {
        self.0.push(KnownSource { name, inventory, census: None, revision: None, failed: false });
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<&KnownSource> {
        self.0.get(index)
    }

    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut KnownSource> {
        self.0.get_mut(index)
    }

    /// The recipes of all sources.
    pub(super) fn entries(&self) -> BTreeMap<Key, Entry> {
        Census::together(self.0.iter().filter_map(|source| source.census.as_ref()))
    }

    /// The names of all recipes that are there.
    pub(super) fn names(&self) -> BTreeSet<RecipeName> {
        self.0.iter().filter_map(|source| source.census.as_ref()).flat_map(Census::names).collect()
    }

    /// Whether each of them could be read. If not, a recipe that left one may have come to another.
    pub(super) fn are_all_read(&self) -> bool {
        self.0.iter().all(|source| source.census.is_some() && !source.failed)
    }

    /// The source that a recipe is of.
    fn source_of(&self, name: &RecipeName) -> Option<&KnownSource> {
        let key = Key::Recipe(name.clone());
        let holds = |source: &&KnownSource| {
            source.census.as_ref().is_some_and(|census| census.entries.contains_key(&key))
        };
        self.0.iter().find(holds)
    }

    /// What is remembered of a recipe.
    pub(super) fn record_of(&self, name: &RecipeName) -> Record {
        let source = self.source_of(name);
        source.and_then(|source| source.inventory().get(name).cloned()).unwrap_or_default()
    }

    /// Whether anything is remembered of a recipe.
    pub(super) fn knows(&self, name: &RecipeName) -> bool {
        self.source_of(name).is_some_and(|source| source.inventory().get(name).is_some())
    }

    /// Remembers something of a recipe.
    pub(super) fn remember(&self, name: &RecipeName, record: &Record) {
        if let Some(source) = self.source_of(name) {
            source.inventory().remember(name, record.clone());
        }
    }

    /// Writes what has changed; whether that could be done.
    pub(super) fn save(&self, tools: &Tools) -> bool {
        let mut is_saved = true;
        for source in &self.0 {
            if let Err(error) = source.inventory().save() {
                let error = error.to_string();
                tools.observer.on(WatchEvent::SourceFailed {
                    source: &source.name,
                    error: &error,
                    retry: None,
                });
                is_saved = false;
            }
        }
        is_saved
    }
}
