//! What was done to a recipe's objects: a line each time, in a blob each month.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::{TryStreamExt as _, pin_mut};

use super::container::{Record, end_of};
use super::entry::Entry;
use super::error::RecordError;
use crate::resource::RecipeName;

/// The most of a month that is read, in bytes; it is the end of it that is shown.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// How long reading a history may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What was done.
#[derive(Debug, Default)]
pub struct History {
    /// Each time, the newest first.
    pub entries: Vec<Entry>,
    /// How many lines among those that were read are none of ours, or of a later version.
    pub unreadable: u64,
}

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
    /// When the record can't be reached, or what it has does not come in time.
    pub async fn last(&self, recipe: &RecipeName, count: usize) -> Result<History, RecordError> {
        let reading = self.read_last(recipe, count);
        let history = tokio::time::timeout(TIMEOUT, reading).await;
        history.unwrap_or_else(|_| Err(self.container.is_late(TIMEOUT).into()))
    }

    async fn read_last(&self, recipe: &RecipeName, count: usize) -> Result<History, RecordError> {
        let folder = format!("{}/history/", self.folder(recipe));
        let mut months = BTreeSet::new();
        let pages = self.container.list(Some(&folder));
        pin_mut!(pages);
        while let Some(page) = pages.try_next().await? {
            // Nothing else is of ours. Their names sort as their months do.
            months.extend(page.into_iter().map(|blob| blob.name).filter(|name| is_month(name, &folder)));
        }
        let (mut history, mut seen) = (History::default(), BTreeSet::new());
        for month in months.iter().rev() {
            let lines = end_of(&self.container.blob(month), MOST_BYTES, &self.connections).await?;
            for line in lines.rsplit(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                if history.entries.len() >= count {
                    break;
                }
                match Entry::read(line).filter(|entry| entry.recipe == *recipe) {
                    Some(entry) if seen.insert(entry.id) => history.entries.push(entry),
                    Some(_) => {}
                    None => history.unreadable += 1,
                }
            }
        }
        // Clocks differ.
        history.entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
        Ok(history)
    }
}

/// Whether a blob is of that folder, and of a month: `2026-11.jsonl`.
fn is_month(name: &str, folder: &str) -> bool {
    let month = name.strip_prefix(folder).and_then(|name| name.strip_suffix(".jsonl"));
    let month = month.and_then(|month| month.split_once('-'));
    month.is_some_and(|(year, month)| {
        year.len() == 4
            && year.bytes().all(|digit| digit.is_ascii_digit())
            && month.len() == 2
            && month.bytes().all(|digit| digit.is_ascii_digit())
            && month.parse::<u8>().is_ok_and(|month| (1..=12).contains(&month))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_months_are_read() {
        for (name, is) in [
            ("a/r/history/2026-11.jsonl", true),
            ("a/r/history/2026-13.jsonl", false),
            ("a/r/history/2026-+1.jsonl", false),
            ("a/r/history/2026-11.jsonl.bak", false),
            ("a/r/history/x/2026-11.jsonl", false),
            ("a/r/history/zzzz-11.jsonl", false),
            ("b/r/history/2026-11.jsonl", false),
        ] {
            assert_eq!(is_month(name, "a/r/history/"), is, "{name}");
        }
    }
}
