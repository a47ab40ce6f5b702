//! What became of every key.

use serde::Serialize;

/// What became of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It says in the recipe what it said.
    Kept,
    /// The recipe says it in another way, or something near it.
    Changed,
    /// The recipe does not say it.
    Dropped,
    /// Nobody knows it.
    Unknown,
}

impl Fate {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Kept, Self::Changed, Self::Dropped, Self::Unknown];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Changed => "changed",
            Self::Dropped => "dropped",
            Self::Unknown => "unknown",
        }
    }
}

/// A line of the report: a key, or several of one kind that have the same fate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The file that the key stands in.
    pub file: String,
    /// The line of the file; that of the first, if there are several.
    pub line: usize,
    /// The key, with all keys above it: `job_specifications[0].id`.
    pub key: String,
    /// What became of it.
    pub fate: Fate,
    /// What it became, how it changed, or why it is gone.
    pub note: String,
    /// How many keys the line is about.
    pub count: usize,
}

/// What became of every key, in the order of the files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The lines.
    pub lines: Vec<Line>,
}

/// How many keys had which fate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Keys that were kept.
    pub kept: usize,
    /// Keys that were changed.
    pub changed: usize,
    /// Keys that were dropped.
    pub dropped: usize,
    /// Keys that are unknown.
    pub unknown: usize,
}

impl Report {
    /// Counts the keys.
    pub fn counts(&self) -> Counts {
        let of = |fate| self.lines.iter().filter(|line| line.fate == fate).map(|line| line.count).sum();
        Counts {
            kept: of(Fate::Kept),
            changed: of(Fate::Changed),
            dropped: of(Fate::Dropped),
            unknown: of(Fate::Unknown),
        }
    }
}
