//! One pass of one recipe: look, compare, and at most one apply. Every pass starts from what is there; what the last one found only
//! keeps it from doing the same in vain.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use tokio_util::sync::CancellationToken;

use crate::apply::ApplyReport;
use crate::observe;
use crate::pipeline::{self, PipelineError, Survey};
use crate::plan::{ActionReason, Plan, Policy};
use crate::recipe::Loaded;
use crate::resource::{ChangeClass, DesiredState, Digest, Generation, RecipeName, TaskStreamError};

use super::condition::{ConditionKind, Finding, Reason};
use super::digests::{digest_of, fingerprint, settled_marks, tally_of};
use super::event::WatchEvent;
use super::failure::Prospect;
use super::health;
use super::inventory::{Inventory, Record};
use super::locked::{Applied, NotBegun, apply_locked};
use super::options::{OnDrift, Tools, WatchOptions};
use super::refusal::{Refusal, only_leftovers_are_held};
use super::words::{in_one_line, summary, with_hint};

/// How often the same difference is applied before it is left alone.
const MOST_ATTEMPTS: u32 = 3;

/// What a pass knows of those before it.
#[derive(Debug, Clone, Default)]
pub(super) struct Memory {
    /// What the recipe wanted, and the texts that it was made of then.
    pub(super) digest: Option<(blake3::Hash, Digest)>,
    /// The difference that the service refused for good, and what was found then.
    refused: Option<(Digest, Finding)>,
    /// The difference that was applied last, and how often in a row.
    pub(super) applied: Option<(Digest, u32)>,
    /// The difference that was shown last.
    shown: Option<Digest>,
}

/// When the next pass should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// After the interval.
    Interval,
    /// As soon as what was applied may have settled.
    Settle,
    /// After a pause that grows with each failure.
    BackOff,
}

/// How a pass ended.
#[derive(Debug)]
pub(super) struct PassEnd {
    pub(super) finding: Finding,
    pub(super) next: Next,
    pub(super) memory: Memory,
    /// What is to be remembered of the recipe.
    pub(super) record: Record,
    pub(super) tally: Tally,
}

/// What a pass did, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Steps that changed the account.
    pub(super) writes: usize,
    /// Steps that failed.
    pub(super) failures: usize,
    /// Whether somebody else had changed the account.
    pub(super) drifted: bool,
}

/// One pass.
pub(super) struct Pass<'a> {
    pub(super) loaded: &'a Loaded,
    pub(super) texts: blake3::Hash,
    pub(super) memory: Memory,
    pub(super) record: Record,
    /// Where what must not be forgotten is written at once.
    pub(super) inventory: Option<Arc<Mutex<Inventory>>>,
    pub(super) options: &'a WatchOptions,
    pub(super) tools: &'a Tools,
    pub(super) stop: &'a CancellationToken,
}

/// A difference that is not nothing.
struct Difference {
    plan: Plan,
    fingerprint: Digest,
    drifted: bool,
    notes: Notes,
}

/// What else is to be said of a plan.
#[derive(Default)]
struct Notes {
    /// Jobs with finished tasks that are gone, and are not made again.
    gone: Vec<String>,
    /// Whether what left the recipe stays, because it has work.
    holds_leftovers: bool,
}

enum Surveyed {
    Same(Box<Survey>, Notes),
    Differs(Difference),
}

#[derive(Debug, thiserror::Error)]
enum SurveyError {
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    #[error(transparent)]
    Tasks(#[from] TaskStreamError),
}

impl Pass<'_> {
    pub(super) fn recipe(&self) -> &RecipeName {
        &self.loaded.desired.recipe
    }

    /// Runs the pass to its end.
    pub(super) async fn run(mut self) -> PassEnd {
        match self.survey().await {
            Err(error) => self.unreadable(&error),
            Ok(Surveyed::Same(survey, notes)) => self.same(*survey, notes).await,
            Ok(Surveyed::Differs(difference)) => self.differs(difference).await,
        }
    }

    async fn survey(&mut self) -> Result<Surveyed, SurveyError> {
        let client = &self.tools.client;
        let mut notes = Notes::default();
        let mut policy = self.options.policy.clone();
        let mut desired = self.loaded.desired.clone();
        let mut survey = pipeline::survey(client, &desired, &policy).await?;
        let gone = self.finished_and_gone(&desired, &survey.plan)?;
        if !gone.is_empty() {
            desired.jobs.retain(|key, _| !gone.contains(key));
            notes.gone = gone.into_iter().collect();
            survey = pipeline::survey(client, &desired, &policy).await?;
        }
        if !self.options.force && only_leftovers_are_held(&survey.plan) {
            notes.holds_leftovers = true;
            policy = Policy { prune: false, ..policy };
            survey = pipeline::survey(client, &desired, &policy).await?;
        }
        if survey.plan.is_empty() {
            return Ok(Surveyed::Same(Box::new(survey), notes));
        }
        let digest = self.fresh_digest()?;
        // A pool that lost nodes because they were removed here was not changed by somebody else.
        let is_our_doing = !self.record.cases.reduced.is_empty();
        // What was applied last says so itself, whether this loop applied it or somebody by hand.
        let is_settled = self.is_settled(&self.marks(digest, &notes));
        let drifted = !is_our_doing && (is_settled || only_drift(&survey.plan));
        let fingerprint = fingerprint(&survey.plan, digest);
        Ok(Surveyed::Differs(Difference { plan: survey.plan, fingerprint, drifted, notes }))
    }

    /// The jobs that a plan would make again, although they had been there with the very same tasks, some of which had finished.
    fn finished_and_gone(
        &self,
        desired: &DesiredState,
        plan: &Plan,
    ) -> Result<BTreeSet<String>, TaskStreamError> {
        let mut gone = BTreeSet::new();
        let made = plan
            .changes
            .iter()
            .filter(|change| change.class == ChangeClass::Create && change.reason == ActionReason::Missing);
        for change in made {
            let job = desired.jobs.iter().find(|(_, job)| job.spec.id.as_str() == change.id);
            let Some((key, job)) = job else { continue };
            let mut finished =
                self.record.jobs.iter().filter(|(id, _)| Generation::may_be_of(*id, &job.spec.id));
            let Some(tally) = finished.clone().next().map(|_| tally_of(job)).transpose()? else { continue };
            if finished.any(|(_, finished)| finished.tally == tally) {
                gone.insert(key.clone());
            }
        }
        Ok(gone)
    }

    /// What says that the recipe was settled, as far as this pass looks.
    fn marks(&self, digest: Digest, notes: &Notes) -> Vec<String> {
        let policy = &self.options.policy;
        settled_marks(digest, &Policy { prune: policy.prune && !notes.holds_leftovers, ..policy.clone() })
    }

    fn is_settled(&self, marks: &[String]) -> bool {
        self.record.settled.as_ref().is_some_and(|settled| marks.contains(settled))
    }

    fn fresh_digest(&mut self) -> Result<Digest, TaskStreamError> {
        let digest = digest_of(&self.loaded.desired)?;
        self.memory.digest = Some((self.texts, digest));
        Ok(digest)
    }

    fn unreadable(self, error: &SurveyError) -> PassEnd {
        let text = in_one_line(error);
        match error {
            SurveyError::Tasks(_) | SurveyError::Pipeline(PipelineError::Tasks(_)) => self
                .end(Finding::not_ready(ConditionKind::Stalled, Reason::InvalidRecipe, text), Next::Interval),
            SurveyError::Pipeline(PipelineError::Observe(cause)) => {
                let text = with_hint(text, cause.hint());
                let kind = match Prospect::of_call(cause) {
                    Prospect::Lasts => ConditionKind::Stalled,
                    Prospect::Passes | Prospect::Quota => ConditionKind::Reconciling,
                };
                // Reading again does no harm, and what was wrong may be a permission.
                self.end(Finding::not_ready(kind, Reason::AccountUnreachable, text), Next::BackOff)
            }
            // Nobody picks parts of a recipe here.
            SurveyError::Pipeline(PipelineError::Selection(_) | PipelineError::Unsound(_)) => {
                self.end(Finding::not_ready(ConditionKind::Stalled, Reason::Refused, text), Next::Interval)
            }
        }
    }

    /// Nothing differs.
    async fn same(mut self, survey: Survey, notes: Notes) -> PassEnd {
        let known = self.memory.digest.filter(|(texts, _)| *texts == self.texts);
        let settled = self.record.settled.is_some();
        let digest = match known {
            Some((_, digest)) if settled => digest,
            _ => match self.fresh_digest() {
                Ok(digest) => digest,
                Err(error) => return self.unreadable(&error.into()),
            },
        };
        let Survey { plan, live } = survey;
        let live = live.own(self.recipe());
        let status = match observe::status(&self.tools.client, &live).await {
            Ok(status) => status,
            Err(error) => return self.unreadable(&PipelineError::Observe(error).into()),
        };
        let finding = match self.memory.applied {
            Some(_) => Finding::ready(Reason::Applied, "the account is what the recipe asks for"),
            None => Finding::ready(Reason::UpToDate, "the account is what the recipe asks for"),
        };
        let finding = match self.options.suspended.contains(self.recipe()) {
            true => finding.and(ConditionKind::Suspended, Reason::Requested, "it is looked at only"),
            false => finding,
        };
        let mended = self.mend(&status, &plan).await;
        let marks = self.marks(digest, &notes);
        let finding = health::diagnose(notes.tell(finding), &status, &mended.withheld);
        let was_just_applied = self.memory.applied.take().is_some();
        self.memory.refused = None;
        self.memory.shown = None;
        if !self.is_settled(&marks) {
            self.record.settled = marks.into_iter().next();
        }
        // What is gone by now is remembered, so that it stays gone.
        self.record.jobs.extend(health::finished_work(&live, &status));
        let wanted: BTreeSet<_> = self.loaded.desired.jobs.values().map(|job| job.spec.id.clone()).collect();
        self.record.jobs.retain(|id, _| wanted.iter().any(|job| Generation::may_be_of(id, job)));
        let short = health::short_of_quota(&status);
        let mut end = if short.is_empty() || self.is_only_looked_at() {
            self.end(finding, Next::Interval)
        } else if was_just_applied {
            self.end(finding, Next::BackOff)
        } else {
            self.ask_again((&plan, &live), &short, digest, finding).await
        };
        end.tally.writes += mended.writes;
        end.tally.failures += mended.failures;
        end
    }

    /// Something differs: it is applied, unless there is a reason not to.
    async fn differs(mut self, difference: Difference) -> PassEnd {
        let options = self.options;
        let tell = |finding: Finding| {
            let finding = difference.notes.tell(finding);
            match difference.drifted {
                true => {
                    finding.and(ConditionKind::Drifted, Reason::ChangedOutside, summary(&difference.plan))
                }
                false => finding,
            }
        };
        if let Some(refusal) = Refusal::of(&difference.plan, options.force) {
            let finding = Finding::not_ready(ConditionKind::Stalled, refusal.reason, refusal.to_string());
            self.show(&difference, false);
            return self.pending(tell(finding), &difference);
        }
        let refused = self.memory.refused.take().filter(|(plan, _)| *plan == difference.fingerprint);
        if let Some((plan, finding)) = refused {
            self.memory.refused = Some((plan, finding.clone()));
            return self.pending(finding, &difference);
        }
        let held = if options.suspended.contains(self.recipe()) {
            Some(Finding::not_ready(ConditionKind::Suspended, Reason::Requested, summary(&difference.plan)))
        } else if options.dry_run {
            Some(Finding::not_ready(ConditionKind::Reconciling, Reason::Planned, summary(&difference.plan)))
        } else if difference.drifted && options.on_drift == OnDrift::Report {
            Some(Finding::not_ready(
                ConditionKind::Drifted,
                Reason::ChangedOutside,
                summary(&difference.plan),
            ))
        } else {
            None
        };
        if let Some(finding) = held {
            self.show(&difference, false);
            return self.pending(tell(finding), &difference);
        }
        let attempts = match self.memory.applied {
            Some((plan, attempts)) if plan == difference.fingerprint => attempts,
            _ => 0,
        };
        if attempts >= MOST_ATTEMPTS {
            let text = format!("applied {attempts} times, and still: {}", summary(&difference.plan));
            let finding = Finding::not_ready(ConditionKind::Stalled, Reason::DoesNotSettle, text);
            return self.pending(tell(finding), &difference);
        }
        self.show(&difference, true);
        let applied = apply_locked(&difference.plan, &self.loaded.folder, self.tools, self.stop).await;
        let Applied { report, writes } = match applied {
            Ok(applied) => applied,
            Err(NotBegun { reason, text }) => {
                let finding = Finding::not_ready(ConditionKind::Reconciling, reason, text);
                return self.end(tell(finding), Next::BackOff);
            }
        };
        if report.is_complete() {
            self.memory.applied = Some((difference.fingerprint, attempts + 1));
        }
        let mut end = self.applied(&report, &difference, tell);
        end.tally.writes = writes;
        end.tally.drifted = difference.drifted;
        end
    }

    /// What applying came to.
    fn applied(
        mut self,
        report: &ApplyReport,
        difference: &Difference,
        tell: impl Fn(Finding) -> Finding,
    ) -> PassEnd {
        let reconciling = |reason, text| Finding::not_ready(ConditionKind::Reconciling, reason, text);
        let Some((step, error)) = report.failures().next() else {
            if report.was_interrupted() {
                let left = report.steps.len() - report.done();
                let text = format!(
                    "stopped with {left} of {} steps to go; the next pass goes on from there",
                    report.steps.len()
                );
                return self.end(reconciling(Reason::Interrupted, text), Next::BackOff);
            }
            let text = format!("{} steps done; looking whether that has settled", report.done());
            return self.end(reconciling(Reason::Applying, text), Next::Settle);
        };
        let text = format!("{}: {} {} failed: {}", step.address, step.verb, step.target, in_one_line(error));
        let text = with_hint(text, error.hint());
        let failures = report.failures().count();
        let (finding, next) = match Prospect::of_step(error) {
            Prospect::Passes => (tell(reconciling(Reason::Retrying, text)), Next::BackOff),
            Prospect::Quota => {
                let finding = Finding::not_ready(ConditionKind::QuotaBlocked, Reason::QuotaReached, text);
                (tell(finding), Next::BackOff)
            }
            Prospect::Lasts => {
                let finding = tell(Finding::not_ready(ConditionKind::Stalled, Reason::Refused, text));
                self.memory.refused = Some((difference.fingerprint, finding.clone()));
                (finding, Next::Interval)
            }
        };
        let mut end = self.end(finding, next);
        end.tally.failures = failures;
        end
    }

    /// Tells what differs, unless that was the last thing told.
    fn show(&mut self, difference: &Difference, applied: bool) {
        let shown = self.memory.shown.replace(difference.fingerprint);
        if !applied && shown == Some(difference.fingerprint) {
            return;
        }
        let Difference { plan, drifted, .. } = difference;
        self.tools.observer.on(WatchEvent::Differs {
            recipe: self.recipe(),
            plan,
            drifted: *drifted,
            applied,
        });
    }

    /// Something differs, and stays so for now.
    fn pending(self, finding: Finding, difference: &Difference) -> PassEnd {
        let mut end = self.end(finding, Next::Interval);
        end.tally.drifted = difference.drifted;
        end
    }

    pub(super) fn end(self, finding: Finding, next: Next) -> PassEnd {
        PassEnd { finding, next, memory: self.memory, record: self.record, tally: Tally::default() }
    }
}

impl Notes {
    fn tell(&self, finding: Finding) -> Finding {
        let mut finding = finding;
        if !self.gone.is_empty() {
            let text = format!(
                "{} had finished tasks and is gone; it is not made again, because they would run again: `apply` does that",
                self.gone.iter().map(|key| format!("jobs.{key}")).collect::<Vec<_>>().join(", ")
            );
            finding = finding.despite(ConditionKind::Drifted, Reason::FinishedJobGone, text);
        }
        if self.holds_leftovers {
            let text = "what the recipe no longer has stays until its work is over; --force ends it";
            finding = finding.and(ConditionKind::Reconciling, Reason::WorkRunning, text);
        }
        finding
    }
}

/// Whether all that differs was changed since the recipe was applied, and not by it.
fn only_drift(plan: &Plan) -> bool {
    let mut differing = plan.changes.iter().filter(|change| change.class != ChangeClass::Unchanged);
    differing.all(|change| change.drifted)
}
