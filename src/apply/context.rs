//! What every step has at hand.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::batch::{DateTime, ETag, ErrorCode, JobId, JobScheduleId, PoolId};
use crate::client::{BatchClient, ClientError};
use crate::plan::{ActionReason, Change, FieldChange, Plan, Step, Versions, moved};
use crate::resource::{Applied, Ownership, RecipeName, ResourceKind};

use super::error::StepError;
use super::event::{ApplyEvent, Observer};
use super::options::ApplyOptions;

/// What every step has at hand.
pub(super) struct StepContext<'a> {
    pub(super) plan: &'a Plan,
    pub(super) step: &'a Step,
    /// The versions of the objects that steps of this plan have changed.
    pub(super) left: &'a Mutex<Versions>,
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

    /// The mark, with when it is written and by whom.
    pub(super) fn signed(&self, mark: &Ownership) -> Ownership {
        let now = self.options.clock.now();
        let now = DateTime(Timestamp::from_second(now.as_second()).unwrap_or(now));
        Ownership { applied: Some(Applied::new(now, &self.options.who)), ..mark.clone() }
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
        if error.code_is(ErrorCode::CONDITION_NOT_MET) { self.moved(Vec::new()) } else { error.into() }
    }

    /// The object of the step is no longer what the plan found.
    pub(super) fn moved(&self, what: Vec<String>) -> StepError {
        StepError::Stale { object: self.object(), what }
    }

    fn object(&self) -> String {
        format!("{} ({})", self.step.address, self.step.action.target())
    }

    /// What the plan says of the object of the step.
    fn planned(&self) -> Option<&Change> {
        let kind = |of: ResourceKind| if of == ResourceKind::Tasks { ResourceKind::Job } else { of };
        let (address, target) = (&self.step.address, self.step.action.target());
        let same_kind = |change: &&Change| {
            change.address.kind != ResourceKind::Tasks && change.address.kind == kind(address.kind)
        };
        self.plan.changes.iter().filter(same_kind).find(|change| change.id.eq_ignore_ascii_case(target))
    }

    /// What has changed of the fields of the object, from what is not as wanted now. Once a step of this plan has changed the object,
    /// what that step has brought about counts as little as the number of nodes, which steps change more than once.
    pub(super) fn fields_moved(&self, now: &[FieldChange]) -> Vec<String> {
        let planned = self.planned().map(|change| change.fields.as_slice()).unwrap_or_default();
        if self.left_version().is_none() {
            return moved(planned, now);
        }
        let of_others =
            |field: &&FieldChange| !field.path.starts_with("nodes.") && field.path != "resize_timeout";
        let now: Vec<FieldChange> = now.iter().filter(of_others).cloned().collect();
        let planned: Vec<FieldChange> = { planned.iter() }
            .filter(|field| now.iter().any(|other| other.path == field.path))
            .cloned()
            .collect();
        moved(&planned, &now)
    }

    /// Whether the plan takes the object over.
    pub(super) fn adopts(&self) -> bool {
        self.planned().is_some_and(|change| change.reason == ActionReason::Adopted)
    }

    /// The version of the object that an earlier step of this plan left, or else the one that the plan was made for.
    pub(super) fn known_version(&self) -> Option<ETag> {
        self.left_version().or_else(|| self.version_in(&self.plan.versions))
    }

    fn left_version(&self) -> Option<ETag> {
        self.version_in(&self.left.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn version_in(&self, versions: &Versions) -> Option<ETag> {
        let target = self.step.action.target();
        match self.step.address.kind {
            ResourceKind::Pool => versions.pools.get(&PoolId::new(target).ok()?).cloned(),
            ResourceKind::Job | ResourceKind::Tasks => versions.jobs.get(&JobId::new(target).ok()?).cloned(),
            ResourceKind::Schedule => versions.schedules.get(&JobScheduleId::new(target).ok()?).cloned(),
        }
    }

    /// Notes the version of the object that this step has left.
    pub(super) fn left_at(&self, etag: Option<ETag>) {
        let Some(etag) = etag else { return };
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let target = self.step.action.target();
        match self.step.address.kind {
            ResourceKind::Pool => {
                drop(PoolId::new(target).map(|id| left.pools.insert(id, etag)));
            }
            ResourceKind::Job | ResourceKind::Tasks => {
                drop(JobId::new(target).map(|id| left.jobs.insert(id, etag)));
            }
            ResourceKind::Schedule => {
                drop(JobScheduleId::new(target).map(|id| left.schedules.insert(id, etag)));
            }
        }
    }

    /// Whether an object that was to be made and is there already is the one that this very step makes: an answer was lost, or the
    /// same plan is applied twice at the same time.
    pub(super) fn is_ours(&self, there: Option<&Ownership>, ownership: &Ownership) -> Result<(), StepError> {
        match there {
            Some(own) if own.recipe == ownership.recipe && own.digest == ownership.digest => Ok(()),
            there => Err(StepError::Appeared { object: self.object(), owner: owner(there) }),
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
}

fn owner(there: Option<&Ownership>) -> Option<RecipeName> {
    there.map(|own| own.recipe.clone())
}
