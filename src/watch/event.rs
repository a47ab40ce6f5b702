//! What watching tells while it goes on.

use std::time::Duration;

use crate::apply::ApplyEvent;
use crate::observe::NodeTrouble;
use crate::plan::Plan;
use crate::resource::RecipeName;

use super::census::Key;
use super::condition::Condition;
use super::repair::Remedy;

/// Something that happened.
#[derive(Debug)]
pub enum WatchEvent<'a> {
    /// A source was read for the first time, or holds something else than before.
    SourceRead {
        /// The source.
        source: &'a str,
        /// The commit, if it is a repository.
        revision: Option<&'a str>,
        /// How many recipes it holds.
        recipes: usize,
    },
    /// A source can't be read. What it held before goes on being looked after.
    SourceFailed {
        /// The source.
        source: &'a str,
        /// Why.
        error: &'a str,
        /// When it is tried again; `None` if it isn't.
        retry: Option<Duration>,
    },
    /// A condition of a recipe turned, or holds for another reason.
    Turned {
        /// The recipe, or the file.
        key: &'a Key,
        /// The condition.
        condition: &'a Condition,
    },
    /// Something differs, and is going to be applied, or only shown.
    Differs {
        /// The recipe.
        recipe: &'a RecipeName,
        /// What differs.
        plan: &'a Plan,
        /// Whether somebody else changed the account, and not the author the recipe.
        drifted: bool,
        /// Whether it is going to be applied.
        applied: bool,
    },
    /// Something happened while a plan was applied.
    Apply {
        /// The recipe.
        recipe: &'a RecipeName,
        /// What happened.
        event: &'a ApplyEvent<'a>,
    },
    /// A node that can't work was given a remedy.
    Repaired {
        /// The recipe that made its pool.
        recipe: &'a RecipeName,
        /// What ails it.
        trouble: &'a NodeTrouble,
        /// What was done.
        remedy: Remedy,
        /// Why that could not be done, if it could not.
        error: Option<&'a str>,
    },
    /// What was applied could not be written into the record's history.
    NotRecorded {
        /// The recipe.
        recipe: &'a RecipeName,
        /// Why.
        error: &'a str,
    },
    /// A project file in a repository names a record, which is not used.
    RecordIgnored {
        /// The repository.
        source: &'a str,
        /// The project file, from the repository's folder.
        file: &'a str,
    },
    /// Recipes left their source, and what they made stays for now.
    PruneHeld {
        /// The source.
        source: &'a str,
        /// The recipes.
        recipes: &'a [RecipeName],
        /// Why.
        because: &'a str,
    },
    /// All that a recipe made was destroyed, because it left its source.
    Pruned {
        /// The recipe.
        recipe: &'a RecipeName,
    },
    /// No pass is begun any more.
    Stopping,
    /// Everything has ended; these recipes were not brought to where they should be.
    Stopped {
        /// The recipes.
        left: &'a [String],
    },
}

/// Takes events. Called from one task at a time.
pub trait WatchObserver: Send + Sync {
    /// Takes an event.
    fn on(&self, event: WatchEvent<'_>);
}
