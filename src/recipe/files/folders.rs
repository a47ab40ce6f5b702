//! Which folder the paths of a text begin at.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::folder::Folder;
use crate::diagnostic::SourceId;

/// The folders of the texts that make up a recipe.
#[derive(Debug, Clone, Default)]
pub struct Folders(BTreeMap<SourceId, Arc<Folder>>);

impl Folders {
    /// Says which folder the paths of a text begin at.
    pub fn insert(&mut self, source: SourceId, folder: Arc<Folder>) {
        self.0.insert(source, folder);
    }

    /// The folder that the paths of a text begin at; none for what stands in no file.
    pub fn of(&self, source: SourceId) -> Option<&Arc<Folder>> {
        self.0.get(&source)
    }
}
