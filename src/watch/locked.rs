//! Applying, under the lock of the record if there is one.

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
use crate::record::{Entry, Lock, Operation, Patience, Record, RecordError};

/// What applying came to.
pub(super) struct Applied {
    pub(super) report: ApplyReport,
    /// How many steps changed the account.
    pub(super) writes: usize,
}

/// Why nothing was applied, which may pass.
pub(super) struct NotBegun {
    pub(super) reason: Reason,
    pub(super) text: String,
}

/// Applies a plan for a recipe of this folder.
pub(super) async fn apply_locked(
    plan: &Plan,
    folder: &Path,
    tools: &Tools,
    stop: &CancellationToken,
) -> Result<Applied, NotBegun> {
    let how = (tools.apply)(folder);
    let record =
        (tools.record)(folder).map_err(|text| NotBegun { reason: Reason::RecordUnreachable, text })?;
    let lock = lock(plan, &how.who, record.as_ref(), stop).await?;
    let stop = lock.as_ref().map_or_else(|| stop.clone(), |lock| lock.stopping(stop));
    if let Err(text) = (tools.wake)().await {
        release(lock).await;
        return Err(NotBegun { reason: Reason::AccountUnreachable, text });
    }
    let telling = Telling::new(&plan.recipe, tools);
    let report = apply(plan, &tools.client, &how, &telling, &stop).await;
    if let (Some(record), Some(lock)) = (&record, &lock) {
        let entry = Entry::of(plan, &report, &lock.holder, DateTime(tools.clock.now()));
        if let Err(error) = record.add(&entry).await {
            let error = in_one_line(&error);
            tools.observer.on(WatchEvent::NotRecorded { recipe: &plan.recipe, error: &error });
        }
    }
    release(lock).await;
    Ok(Applied { report, writes: telling.writes() })
}

async fn lock(
    plan: &Plan,
    who: &str,
    record: Option<&Record>,
    stop: &CancellationToken,
) -> Result<Option<Lock>, NotBegun> {
    let Some(record) = record else { return Ok(None) };
    // Who waits for it is the next pass.
    let patience = Patience { limit: Duration::ZERO, stop, waiting: &|_| () };
    match record.lock(&plan.recipe, (Operation::Watch, who.to_owned()), patience).await {
        Ok(lock) => Ok(Some(lock)),
        Err(error @ RecordError::Locked { .. }) => {
            Err(NotBegun { reason: Reason::Locked, text: error.to_string() })
        }
        Err(error @ RecordError::GivenUp { .. }) => {
            Err(NotBegun { reason: Reason::Interrupted, text: error.to_string() })
        }
        Err(error) => {
            let text = with_hint(in_one_line(&error), error.hint());
            Err(NotBegun { reason: Reason::RecordUnreachable, text })
        }
    }
}

/// A lock that can't be given back ends by itself.
async fn release(lock: Option<Lock>) {
    if let Some(lock) = lock {
        let _ = lock.release().await;
    }
}
