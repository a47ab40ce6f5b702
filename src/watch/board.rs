//! What is known of all sources and recipes at the moment, for whoever asks while watching goes on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;

use crate::batch::DateTime;
use crate::resource::Digest;

use super::census::Key;
use super::condition::{ConditionKind, Conditions};

/// A source, as it was last read.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SourceState {
    /// The source, without secrets.
    pub source: String,
    /// The commit, if it is a repository.
    pub revision: Option<String>,
    /// How many recipes it holds.
    pub recipes: usize,
    /// When it was last read.
    pub read_at: Option<DateTime>,
    /// Why it can't be read now.
    pub error: Option<String>,
    /// Recipes that left it, and whose objects are still there.
    pub orphans: Vec<String>,
    /// Whether it is known what it holds: it was read, now or by an earlier run.
    #[serde(skip)]
    pub was_read: bool,
}

/// A recipe, as the last pass left it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RecipeState {
    /// Its file.
    pub file: String,
    /// The commit that it was found in.
    pub revision: Option<String>,
    /// The digest of what it wants.
    pub digest: Option<Digest>,
    /// What is true of it.
    #[serde(serialize_with = "as_list")]
    pub conditions: Conditions,
    /// When it was last looked at.
    pub looked_at: Option<DateTime>,
    /// How often in a row it failed.
    pub failures: u32,
    /// Whether it is being looked at.
    pub running: bool,
}

fn as_list<S: serde::Serializer>(conditions: &Conditions, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(conditions.iter())
}

/// Counts since the start.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Passes.
    pub passes: u64,
    /// How long they took together.
    pub spent: Duration,
    /// How many passes took at most so many seconds: see [`BUCKETS`].
    pub buckets: [u64; BUCKETS.len()],
    /// Steps that changed the account.
    pub writes: u64,
    /// Steps that failed.
    pub failures: u64,
    /// Differences that somebody else had made.
    pub drifts: u64,
    /// Recipes that were destroyed because they left their source.
    pub pruned: u64,
    /// Times that sources were read.
    pub reads: u64,
    /// Times that they could not be.
    pub read_failures: u64,
}

/// The limits of the passes' durations, in seconds.
pub const BUCKETS: [f64; 8] = [0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0, 600.0];

/// All that is known.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The sources, in the order in which they were given.
    pub sources: Vec<SourceState>,
    /// The recipes.
    pub recipes: BTreeMap<Key, RecipeState>,
    /// Counts since the start.
    pub counts: Counts,
    /// How many recipes wait for their turn.
    pub queued: usize,
    /// How many are being looked at.
    pub running: usize,
    /// Whether no pass is begun any more.
    pub stopping: bool,
}

impl State {
    /// Whether every source was read, and every recipe looked at.
    pub fn is_ready(&self) -> bool {
        !self.stopping
            && self.sources.iter().all(|source| source.was_read)
            && self.recipes.values().all(|recipe| recipe.looked_at.is_some())
    }

    /// How many recipes a condition holds for.
    pub fn holding(&self, kind: ConditionKind) -> usize {
        self.recipes.values().filter(|recipe| recipe.conditions.holds(kind)).count()
    }
}

/// Where the state is kept. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Board(Arc<Mutex<State>>);

impl Board {
    /// The state, for a moment.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state as it is now.
    pub fn snapshot(&self) -> State {
        self.state().clone()
    }
}
