//! What was done to a recipe's objects: a line each time, in a blob each month.

use std::collections::BTreeSet;

use futures::TryStreamExt as _;

use super::container::{Record, end_of};
use super::entry::Entry;
use super::error::RecordError;
use crate::resource::RecipeName;

/// The most of a month that is read, in bytes; it is the end of it that is shown.
const MOST_BYTES: usize = 64 * 1024 * 1024;

impl Record {
    /// Adds what was done.
    ///
    /// # Errors
    /// When the record can't be reached.
    pub async fn add(&self, entry: &Entry) -> Result<(), RecordError> {
        // A blob takes 50,000 additions; a month has no more.
        let month = format!("history/{}.jsonl", entry.at.0.strftime("%Y-%m"));
        let mut line = serde_json::to_vec(entry).unwrap_or_default();
        line.push(b'\n');
        Ok(self.blob(&entry.recipe, &month).append(line, &self.connections).await?)
    }

    /// The last so many entries of a recipe, the newest first.
    ///
    /// # Errors
    /// When the record can't be reached.
    pub async fn last(&self, recipe: &RecipeName, count: usize) -> Result<Vec<Entry>, RecordError> {
        let prefix = format!("{}/history/", self.folder(recipe));
        let months: Vec<Vec<_>> = self.container.list(Some(&prefix)).try_collect().await?;
        // Their names sort as their months do.
        let months: BTreeSet<String> = months.into_iter().flatten().map(|blob| blob.name).collect();
        let (mut entries, mut seen) = (Vec::new(), BTreeSet::new());
        for month in months.iter().rev() {
            let lines = end_of(&self.container.blob(month), MOST_BYTES, &self.connections).await?;
            for line in lines.rsplit(|byte| *byte == b'\n') {
                // What somebody else wrote there is no entry.
                let Ok(entry) = serde_json::from_slice::<Entry>(line) else { continue };
                if entry.recipe == *recipe && seen.insert(entry.id) {
                    entries.push(entry);
                }
                if entries.len() >= count {
                    return Ok(entries);
                }
            }
        }
        Ok(entries)
    }
}
