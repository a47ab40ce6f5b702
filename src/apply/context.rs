//! What every step has at hand.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::batch::ErrorCode;
use crate::client::{BatchClient, ClientError};
use crate::plan::Step;

use super::error::StepError;
use super::event::{ApplyEvent, Observer};
use super::options::ApplyOptions;

/// What every step has at hand.
pub(super) struct StepContext<'a> {
    pub(super) step: &'a Step,
    pub(super) client: &'a BatchClient,
    pub(super) options: &'a ApplyOptions,
    pub(super) observer: &'a dyn Observer,
    /// What the step waits for at the moment, or did last.
    pub(super) awaited: Mutex<Option<String>>,
}

impl StepContext<'_> {
    /// Tells how the step goes on.
    pub(super) fn progress(&self, what: impl Into<String>, done: Option<(u64, u64)>) {
        self.observer.on(ApplyEvent::StepProgress { step: self.step, what: what.into(), done });
    }

    /// Looks again and again until `look` finds what is waited for.
    pub(super) async fn wait_until<T, F>(&self, what: &str, mut look: F) -> Result<T, StepError>
    where
        F: AsyncFnMut() -> Result<Option<T>, StepError>,
    {
        *self.awaited.lock().unwrap_or_else(PoisonError::into_inner) = Some(what.to_owned());
        let clock = &self.options.clock;
        let started = clock.now();
        let mut pause = Duration::from_millis(20).min(self.options.poll_interval);
        loop {
            if let Some(found) = look().await? {
                return Ok(found);
            }
            let waited = clock.now().duration_since(started).unsigned_abs();
            if waited > self.options.step_timeout {
                return Err(StepError::TimedOut { what: what.to_owned(), limit: self.options.step_timeout });
            }
            clock.sleep(pause).await;
            pause = (pause * 2).min(self.options.poll_interval);
        }
    }

    /// Reads a refusal of a conditional request as what it means: the object has moved.
    pub(super) fn stale(&self, error: ClientError) -> StepError {
        if error.code_is(ErrorCode::CONDITION_NOT_MET) {
            StepError::Stale { object: format!("{} ({})", self.step.address, self.step.action.target()) }
        } else {
            error.into()
        }
    }

    /// Returns once the time of all steps is up.
    pub(super) async fn deadline(&self) {
        match self.options.deadline {
            Some(end) => {
                let left = end.duration_since(self.options.clock.now());
                self.options.clock.sleep(Duration::try_from(left).unwrap_or_default()).await;
            }
            None => std::future::pending().await,
        }
    }

    /// What the step has not come to when the time of all steps is up, so long after it began.
    pub(super) fn out_of_time(&self, limit: Duration) -> StepError {
        let awaited = self.awaited.lock().unwrap_or_else(PoisonError::into_inner).take();
        let what =
            awaited.unwrap_or_else(|| format!("{} ({})", self.step.address, self.step.action.target()));
        StepError::TimedOut { what, limit }
    }

    pub(super) fn appeared(&self) -> StepError {
        StepError::Appeared { object: format!("{} ({})", self.step.address, self.step.action.target()) }
    }
}
