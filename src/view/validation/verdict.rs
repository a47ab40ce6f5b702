//! What validating gave.

use crate::diagnostic::Report;
use crate::recipe::Loaded;

/// What validating one recipe gave.
#[derive(Debug)]
pub struct Verdict {
    /// The recipe, as its path was given or found.
    pub path: String,
    /// What is in it; `None` if it is invalid.
    pub contents: Option<Contents>,
    /// What was found.
    pub report: Report,
    /// What was corrected in its file.
    pub fixed: Vec<FixedPlace>,
}

/// How much a valid recipe describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contents {
    /// Number of pools.
    pub pools: u64,
    /// Number of jobs.
    pub jobs: u64,
    /// Number of job schedules.
    pub schedules: u64,
    /// Number of tasks, after `for_each`.
    pub tasks: u64,
}

/// A correction that was made in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedPlace {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What stood there.
    pub from: String,
    /// What stands there now.
    pub to: String,
}

/// What validating all recipes gave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Number of recipes.
    pub recipes: u64,
    /// How many of them are invalid.
    pub invalid: u64,
    /// Number of errors in all of them.
    pub errors: u64,
    /// Number of warnings in all of them.
    pub warnings: u64,
    /// Number of notes in all of them.
    pub notes: u64,
    /// Number of corrections made.
    pub fixed: u64,
}

impl Verdict {
    /// Whether the recipe has no errors.
    pub fn is_valid(&self) -> bool {
        self.contents.is_some()
    }
}

impl Contents {
    /// What a recipe describes.
    pub fn of(loaded: &Loaded) -> Self {
        let desired = &loaded.desired;
        Self {
            pools: desired.pools.len() as u64,
            jobs: desired.jobs.len() as u64,
            schedules: desired.schedules.len() as u64,
            tasks: desired.jobs.values().map(|job| job.tasks.count()).sum(),
        }
    }
}

impl Tally {
    /// Counts one more recipe.
    pub fn add(&mut self, verdict: &Verdict) {
        self.recipes += 1;
        self.invalid += u64::from(!verdict.is_valid());
        self.errors += verdict.report.error_count() as u64;
        self.warnings += verdict.report.warning_count() as u64;
        self.notes += verdict.report.note_count() as u64;
        self.fixed += verdict.fixed.len() as u64;
    }
}
