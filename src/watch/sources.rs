//! What is known of all sources: what they held when they were last read, and what is remembered of their recipes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::resource::RecipeName;

use super::census::{Census, Content, Entry, Key};
use super::claims::Claims;
use super::event::WatchEvent;
use super::inventory::{Inventory, Record};
use super::options::Tools;
use super::settling::Absence;

/// A source.
pub(super) struct KnownSource {
    pub(super) name: String,
    pub(super) inventory: Arc<Mutex<Inventory>>,
    /// What it held when it was last read.
    pub(super) census: Option<Census>,
    pub(super) revision: Option<String>,
    /// The folder that its files are shown from: that of our clone.
    pub(super) hidden: Option<PathBuf>,
    /// Whether it could not be read the last time.
    pub(super) failed: bool,
    /// The recipes that left it and whose objects stay, and why, as it was last told.
    pub(super) held: Option<(Vec<RecipeName>, String)>,
    /// What it means that recipes of it are missing.
    pub(super) absence: Absence,
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
        self.0.push(KnownSource {
            name,
            inventory,
            census: None,
            revision: None,
            hidden: None,
            failed: false,
            held: None,
            absence: Absence::default(),
        });
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

    /// What may be a recipe that has left another place, so that nobody can say what it asks for. `own` is how this source is called
    /// in what is said.
    pub(super) fn unknown(&self, own: usize) -> Option<String> {
        self.0.iter().enumerate().find_map(|(index, source)| {
            let what = self.unknown_in(source.census.as_ref()?)?;
            let place = if index == own { "the source" } else { source.name.as_str() };
            Some(format!("{place} holds {what}"))
        })
    }

    fn unknown_in(&self, census: &Census) -> Option<&'static str> {
        let is_new = |key: &Key| match key {
            Key::Recipe(name) => self.0.iter().all(|source| source.inventory().get(name).is_none()),
            Key::File(_) => true,
        };
        let mut broken =
            census.entries.iter().filter(|(_, entry)| matches!(entry.content, Content::Broken(_)));
        if census.has_nameless || broken.any(|(key, _)| is_new(key)) {
            return Some("a recipe that can't be read, and that may be one of them");
        }
        let mut contents = census.entries.values().map(|entry| &entry.content);
        contents
            .any(|content| matches!(content, Content::Duplicate(_)))
            .then_some("several recipes of one name, of which one may be one of them")
    }

    /// What the recipes that are there ask for.
    pub(super) fn claims(&self) -> Claims {
        let mut claims = Claims::default();
        let entries =
            self.0.iter().filter_map(|source| source.census.as_ref()).flat_map(|it| it.entries.values());
        for entry in entries {
            if let Content::Usable(loaded, _) = &entry.content {
                claims.add(&loaded.desired);
            }
        }
        claims
    }

    /// The source that a recipe is of.
    fn source_of(&self, name: &RecipeName) -> Option<&KnownSource> {
        let key = Key::Recipe(name.clone());
        let holds = |source: &&KnownSource| {
            source.census.as_ref().is_some_and(|census| census.entries.contains_key(&key))
        };
        self.0.iter().find(holds)
    }

    /// What is remembered of the source that a recipe is of.
    pub(super) fn inventory_of(&self, name: &RecipeName) -> Option<Arc<Mutex<Inventory>>> {
        self.source_of(name).map(|source| source.inventory.clone())
    }

    /// The folder that a recipe had in a source, whether it is still there or not.
    pub(super) fn folder_of(&self, index: usize, name: &RecipeName) -> Option<PathBuf> {
        let source = self.0.get(index)?;
        let file = source.inventory().get(name).map(|record| PathBuf::from(&record.file))?;
        let file = source.hidden.as_ref().map_or_else(|| file.clone(), |hidden| hidden.join(&file));
        file.parent().map(Path::to_owned)
    }

    /// What is remembered of a recipe.
    pub(super) fn record_of(&self, name: &RecipeName) -> Record {
        let own = self.source_of(name);
        // One that came from another source brings what is known of its work.
        let mut all = own.into_iter().chain(&self.0);
        all.find_map(|source| source.inventory().get(name).cloned()).unwrap_or_default()
    }

    /// Whether anything is remembered of a recipe.
    pub(super) fn knows(&self, name: &RecipeName) -> bool {
        self.source_of(name).is_some_and(|source| source.inventory().get(name).is_some())
    }

    /// Remembers something of a recipe.
    pub(super) fn remember(&self, name: &RecipeName, record: &Record) {
        let Some(own) = self.source_of(name) else { return };
        own.inventory().remember(name, record.clone());
        for other in self.0.iter().filter(|other| !std::ptr::eq(*other, own)) {
            other.inventory().forget(name);
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
