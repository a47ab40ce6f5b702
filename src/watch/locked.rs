//! Changing things under the lock of the record, if there is one, and writing down there what was done.

use std::path::Path;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::condition::Reason;
use super::event::WatchEvent;
use super::options::Tools;
use super::telling::Telling;
use super::words::{in_one_line, with_hint};
use crate::apply::{ApplyReport, apply};
use crate::batch::DateTime;
use crate::plan::Plan;
use crate::record::{Entry, Holder, Lock, Operation, Patience, Record, RecordError};
use crate::resource::RecipeName;

/// What applying came to.
pub(super) struct Applied {
    pub(super) report: ApplyReport,
    /// How many steps changed the account.
    pub(super) writes: usize,
}

/// Why nothing was begun, which may pass.
pub(super) struct NotBegun {
    pub(super) reason: Reason,
    pub(super) text: String,
}

/// The right to change what a recipe made, until it is given back: its lock, if there is a record.
pub(super) struct Turn {
    under: Option<(Record, Lock)>,
}

/// Applies a plan for a recipe of this folder.
pub(super) async fn apply_locked(
    plan: &Plan,
    folder: &Path,
    tools: &Tools,
    stop: &CancellationToken,
) -> Result<Applied, NotBegun> {
    let turn = Turn::take(&plan.recipe, folder, tools, stop).await?;
    let telling = Telling::new(&plan.recipe, tools);
    let report = apply(plan, &tools.client, &(tools.apply)(folder), &telling, &turn.stopping(stop)).await;
    turn.end(&plan.recipe, tools, |holder, now| Entry::of(plan, &report, holder, now)).await;
    Ok(Applied { report, writes: telling.writes() })
}

impl Turn {
    /// Takes the lock of a recipe of this folder, and has the account take changes.
    pub(super) async fn take(
        recipe: &RecipeName,
        folder: &Path,
        tools: &Tools,
        stop: &CancellationToken,
    ) -> Result<Self, NotBegun> {
        let turn = Self { under: lock(recipe, folder, tools, stop).await? };
        match (tools.wake)().await {
            Ok(()) => Ok(turn),
            Err(text) => {
                turn.release().await;
                Err(NotBegun { reason: Reason::AccountUnreachable, text })
            }
        }
    }

    /// A token that is cancelled with this one, and once the lock is lost.
    pub(super) fn stopping(&self, stop: &CancellationToken) -> CancellationToken {
        self.under.as_ref().map_or_else(|| stop.clone(), |(_, lock)| lock.stopping(stop))
    }

    /// Writes down what was done, and gives the lock back.
    pub(super) async fn end(
        self,
        recipe: &RecipeName,
        tools: &Tools,
        entry: impl FnOnce(&Holder, DateTime) -> Entry,
    ) {
        if let Some((record, lock)) = &self.under {
            let entry = entry(&lock.holder, DateTime(tools.clock.now()));
            if let Err(error) = record.add(&entry).await {
                let error = in_one_line(&error);
                tools.observer.on(WatchEvent::NotRecorded { recipe, error: &error });
            }
        }
        self.release().await;
    }

    /// A lock that can't be given back ends by itself.
    async fn release(self) {
        if let Some((_, lock)) = self.under {
            let _ = lock.release().await;
        }
    }
}

async fn lock(
    recipe: &RecipeName,
    folder: &Path,
    tools: &Tools,
    stop: &CancellationToken,
) -> Result<Option<(Record, Lock)>, NotBegun> {
    let unusable = |text| NotBegun { reason: Reason::RecordUnreachable, text };
    let Some(record) = (tools.record)(folder).map_err(unusable)? else { return Ok(None) };
    // Who waits for it is the next pass.
    let patience = Patience { limit: Duration::ZERO, stop, waiting: &|_| () };
    let who = (tools.apply)(folder).who;
    match record.lock(recipe, (Operation::Watch, who), patience).await {
        Ok(lock) => Ok(Some((record, lock))),
        Err(error @ RecordError::Locked { .. }) => {
            Err(NotBegun { reason: Reason::Locked, text: error.to_string() })
        }
        Err(error @ RecordError::GivenUp { .. }) => {
            Err(NotBegun { reason: Reason::Interrupted, text: error.to_string() })
        }
        Err(error) => Err(unusable(with_hint(in_one_line(&error), error.hint()))),
    }
}
