//! How watching ended, for those who ran it once.

use super::board::State;
use super::condition::{ConditionKind, Reason};

/// How watching ended.
#[derive(Debug, Default)]
pub struct WatchReport {
    /// What is known at the end.
    pub state: State,
    /// Whether the user stopped it.
    pub interrupted: bool,
    /// Whether what is to be remembered could not be written.
    pub unsaved: bool,
}

/// What was worst, from the mildest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Every recipe is ready and well.
    Ready,
    /// Something was found that is only shown.
    Pending,
    /// Somebody changed what a recipe had made, and that was left as it is.
    Drifted,
    /// Tasks failed or nodes can't work.
    Degraded,
    /// Something failed.
    Failed,
    /// Something was applied, and something failed.
    PartlyApplied,
    /// An object is not the recipe's, or somebody else works on it.
    Conflict,
    /// A change is not permitted, or would end work.
    NotPermitted,
    /// A recipe can't be used.
    Invalid,
}

impl WatchReport {
    /// What was worst.
    pub fn verdict(&self) -> Verdict {
        let sources =
            self.state.sources.iter().filter(|source| source.error.is_some()).map(|_| Verdict::Failed);
        let recipes = self.state.recipes.values().map(|recipe| {
            let conditions = &recipe.conditions;
            let Some(ready) = conditions.get(ConditionKind::Ready) else { return Verdict::Failed };
            let health =
                if conditions.holds(ConditionKind::Degraded) { Verdict::Degraded } else { Verdict::Ready };
            let verdict = match ready.reason {
                _ if ready.status => Verdict::Ready,
                Reason::InvalidRecipe | Reason::DuplicateName => Verdict::Invalid,
                Reason::NotPermitted | Reason::WorkRunning => Verdict::NotPermitted,
                // What was to be made is made, and has fewer nodes than it asks for.
                Reason::QuotaReached if conditions.holds(ConditionKind::Degraded) => Verdict::Degraded,
                Reason::Conflict | Reason::Locked => Verdict::Conflict,
                Reason::Planned | Reason::Requested => Verdict::Pending,
                Reason::ChangedOutside | Reason::FinishedJobGone => Verdict::Drifted,
                _ if self.state.counts.writes > 0 => Verdict::PartlyApplied,
                _ => Verdict::Failed,
            };
            verdict.max(health)
        });
        let unsaved = self.unsaved.then_some(Verdict::Failed);
        sources.chain(recipes).chain(unsaved).max().unwrap_or(Verdict::Ready)
    }
}
