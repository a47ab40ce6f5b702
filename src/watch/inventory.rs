//! What was reconciled from a source, kept in a small file, so that a recipe that leaves is known to have been this source's. What
//! belongs to a recipe is told by the account alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::batch::JobId;
use crate::resource::RecipeName;

use super::repair::CaseBook;

const FILE: &str = "inventory.json";
const VERSION: u32 = 1;

/// Why the memory of a source can't be used.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// Another process follows the same source.
    #[error("another process watches {source_name} for this account already (it holds {})", .folder.display())]
    Held {
        /// The source.
        source_name: String,
        /// The folder that it holds.
        folder: PathBuf,
    },
    /// The file system says no.
    #[error("{} can't be used: {cause}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The file is not ours.
    #[error("{} can't be read: {cause}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: String,
    },
}

/// What is remembered of a recipe.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// Its file, as it is shown.
    pub(super) file: String,
    /// What says what it wanted when the account was last like that, as far as was looked.
    #[serde(default)]
    pub(super) settled: Option<String>,
    /// Its jobs that had finished tasks.
    #[serde(default)]
    pub(super) jobs: BTreeMap<JobId, FinishedWork>,
    /// What was done with its nodes that can't work.
    #[serde(default)]
    pub(super) cases: CaseBook,
}

/// What is remembered of a job, so that its finished tasks never run again because the job was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FinishedWork {
    /// The tally of the job's tasks.
    pub(super) tally: String,
    /// How many of them had finished.
    pub(super) finished: u64,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Content {
    version: u32,
    recipes: BTreeMap<RecipeName, Record>,
    /// The recipes that there were when the first of those left that are missing; `None` while none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<BTreeSet<RecipeName>>,
}

/// The memory of one source and account. Only one process has it at a time.
#[derive(Debug)]
pub(super) struct Inventory {
    folder: PathBuf,
    content: Content,
    changed: bool,
    _lock: File,
}

impl Inventory {
    /// Opens the memory in a folder, which is made if there is none.
    pub(super) fn open(folder: &Path, source_name: &str) -> Result<Self, InventoryError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |cause| InventoryError::Io { path, cause }
        };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io(folder))?;
        let lock_path = folder.join("lock");
        let mut options = OpenOptions::new();
        let lock = options.create(true).truncate(false).write(true).mode(0o600).open(&lock_path);
        let lock = lock.map_err(io(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(InventoryError::Held {
                    source_name: source_name.to_owned(),
                    folder: folder.to_owned(),
                });
            }
            Err(TryLockError::Error(cause)) => return Err(io(&lock_path)(cause)),
        }
        let path = folder.join(FILE);
        let content = match std::fs::read(&path) {
            Ok(bytes) => read(&bytes).map_err(|cause| InventoryError::Damaged { path, cause })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Content::default(),
            Err(cause) => return Err(io(&path)(cause)),
        };
        Ok(Self { folder: folder.to_owned(), content, changed: false, _lock: lock })
    }

    /// The recipes by their files.
    pub(super) fn files(&self) -> BTreeMap<String, RecipeName> {
        self.content.recipes.iter().map(|(name, record)| (record.file.clone(), name.clone())).collect()
    }

    /// What is remembered of a recipe.
    pub(super) fn get(&self, recipe: &RecipeName) -> Option<&Record> {
        self.content.recipes.get(recipe)
    }

    /// All recipes that came from the source and have not been destroyed since.
    pub(super) fn recipes(&self) -> impl Iterator<Item = (&RecipeName, &Record)> {
        self.content.recipes.iter()
    }

    /// How many recipes the source had when the first of these left: these, and those that are `there`. What came since does not
    /// count, else whatever takes their place would make them a smaller share.
    pub(super) fn had(&self, left: &[RecipeName], there: &BTreeSet<RecipeName>) -> usize {
        match &self.content.before {
            Some(before) => before.len() + left.iter().filter(|name| !before.contains(*name)).count(),
            None => left.len() + self.known(there).count(),
        }
    }

    /// Remembers what the source had, because these have left it: until none is missing any more.
    pub(super) fn note_left(&mut self, left: &[RecipeName], there: &BTreeSet<RecipeName>) {
        if left.is_empty() != self.content.before.is_some() {
            return;
        }
        let before = self.known(there).chain(left).cloned().collect();
        self.content.before = (!left.is_empty()).then_some(before);
        self.changed = true;
    }

    fn known<'a>(&self, there: &'a BTreeSet<RecipeName>) -> impl Iterator<Item = &'a RecipeName> {
        there.iter().filter(|name| self.content.recipes.contains_key(*name))
    }

    /// Remembers something of a recipe.
    pub(super) fn remember(&mut self, recipe: &RecipeName, record: Record) {
        if self.content.recipes.get(recipe) != Some(&record) {
            self.content.recipes.insert(recipe.clone(), record);
            self.changed = true;
        }
    }

    /// Forgets a recipe.
    pub(super) fn forget(&mut self, recipe: &RecipeName) {
        self.changed |= self.content.recipes.remove(recipe).is_some();
        if let Some(before) = &mut self.content.before {
            before.remove(recipe);
        }
    }

    /// Writes what has changed: whole or not at all.
    pub(super) fn save(&mut self) -> Result<(), InventoryError> {
        if !self.changed {
            return Ok(());
        }
        self.content.version = VERSION;
        let (path, draft) = (self.folder.join(FILE), self.folder.join(format!("{FILE}.new")));
        let write = || {
            let mut options = OpenOptions::new();
            let mut file = options.create(true).truncate(true).write(true).mode(0o600).open(&draft)?;
            file.write_all(&serde_json::to_vec_pretty(&self.content)?)?;
            file.sync_all()?;
            std::fs::rename(&draft, &path)
        };
        write().map_err(|cause| InventoryError::Io { path: path.clone(), cause })?;
        self.changed = false;
        Ok(())
    }
}

fn read(bytes: &[u8]) -> Result<Content, String> {
    let content: Content = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    match content.version {
        VERSION => Ok(content),
        other => Err(format!("it is of version {other}, and this program knows {VERSION}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_outlives_the_process_and_has_one_keeper() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep");
        let name = RecipeName::new("hello").unwrap();
        let record = Record { file: "a/recipe.yaml".into(), settled: Some("x".into()), ..Record::default() };
        let mut ours = Inventory::open(&path, "here").unwrap();
        ours.remember(&name, record.clone());
        ours.save().unwrap();
        assert!(matches!(Inventory::open(&path, "here"), Err(InventoryError::Held { .. })));
        drop(ours);
        let mut again = Inventory::open(&path, "here").unwrap();
        assert_eq!((again.get(&name), again.files().get("a/recipe.yaml")), (Some(&record), Some(&name)));
        again.forget(&name);
        again.save().unwrap();
        drop(again);
        assert_eq!(Inventory::open(&path, "here").unwrap().recipes().count(), 0);
    }

    #[test]
    fn what_comes_after_others_have_left_does_not_make_them_fewer() {
        let folder = tempfile::tempdir().unwrap();
        let named =
            |names: &[&str]| names.iter().map(|name| RecipeName::new(*name).unwrap()).collect::<Vec<_>>();
        let (old, new) = (named(&["a", "b"]), named(&["c", "d"]));
        let (nobody, there) = (BTreeSet::new(), new.iter().cloned().collect());
        let mut inventory = Inventory::open(folder.path(), "here").unwrap();
        old.iter().for_each(|name| inventory.remember(name, Record::default()));
        inventory.note_left(&old, &nobody);
        new.iter().for_each(|name| inventory.remember(name, Record::default()));
        inventory.note_left(&old, &there);
        inventory.save().unwrap();
        drop(inventory);
        let mut inventory = Inventory::open(folder.path(), "here").unwrap();
        assert_eq!(inventory.had(&old, &there), 2);
        let more = named(&["a", "b", "c"]);
        assert_eq!(inventory.had(&more, &there), 3, "what left since is one of those that there were");
        inventory.forget(&old[0]);
        assert_eq!(inventory.had(&old[1..], &there), 1, "what is destroyed is no longer one of them");
        inventory.note_left(&[], &there);
        assert_eq!(inventory.had(&old[1..], &there), 3, "once none is missing, all count");
    }

    #[test]
    fn a_damaged_memory_is_not_taken_for_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["{", r#"{"version": 9, "recipes": {}}"#] {
            std::fs::write(folder.path().join(FILE), text).unwrap();
            assert!(matches!(Inventory::open(folder.path(), "here"), Err(InventoryError::Damaged { .. })));
        }
    }
}
