//! The executor: starts each step once those before it are done, several at a time.

use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio_util::sync::CancellationToken;

use crate::client::BatchClient;
use crate::plan::{Plan, Step, StepId, Versions};

use super::context::StepContext;
use super::error::StepError;
use super::event::{ApplyEvent, ApplyReport, Observer, Outcome, StepReport};
use super::options::ApplyOptions;
use super::secrets::SecretError;
use super::steps;

/// Walks the steps of a plan, if all secrets that they need can be had: nothing is deleted for what can't be made. Once `stop` is cancelled or the deadline is over no step is begun, and those that run end; after
/// `stop` they have the grace of the options to finish.
pub async fn apply(
    plan: &Plan,
    client: &BatchClient,
    options: &ApplyOptions,
    observer: &dyn Observer,
    stop: &CancellationToken,
) -> ApplyReport {
    if let Some((step, error)) = lacking_secret(plan, options) {
        return nothing_begun(plan, (step, error), observer);
    }
    let mut queue = Queue::new(&plan.steps);
    let walk = Walk { plan, client, options, observer, left: Mutex::default() };
    let mut running = FuturesUnordered::new();
    let mut report = ApplyReport::default();
    loop {
        while running.len() < options.parallelism.max(1) {
            let Some(step) = queue.next_ready() else { break };
            if let Some(because) = queue.failed_before(step) {
                queue.finish(step, false);
                report.steps.push(report_of(step, Outcome::Skipped { because }));
            } else if stop.is_cancelled() {
                queue.finish(step, false);
                report.steps.push(report_of(step, Outcome::Interrupted));
            } else if options.deadline.is_some_and(|end| options.clock.now() >= end) {
                queue.finish(step, false);
                report.steps.push(report_of(step, Outcome::Failed(StepError::TimeIsUp)));
            } else {
                running.push(walk.run(step, stop));
            }
        }
        let Some((step, outcome)) = running.next().await else { break };
        queue.finish(step, matches!(outcome, Outcome::Done | Outcome::AlreadyDone));
        report.steps.push(report_of(step, outcome));
    }
    report.steps.sort_by_key(|step| step.step);
    report
}

/// The first step that needs a secret which can't be had, and why it can't.
fn lacking_secret<'p>(plan: &'p Plan, options: &ApplyOptions) -> Option<(&'p Step, SecretError)> {
    let mut known = HashSet::new();
    plan.steps.iter().find_map(|step| {
        let unknown = step.action.secrets().into_iter().filter(|secret| known.insert(secret.root().clone()));
        let error = { unknown }.find_map(|secret| options.secrets.value(secret.root()).err());
        error.map(|error| (step, error))
    })
}

fn nothing_begun(plan: &Plan, (failed, error): (&Step, SecretError), observer: &dyn Observer) -> ApplyReport {
    let outcome = Outcome::Failed(error.into());
    observer.on(ApplyEvent::StepStarted(failed));
    observer.on(ApplyEvent::StepEnded { step: failed, outcome: &outcome, took: Duration::ZERO });
    let others = plan.steps.iter().filter(|step| step.id != failed.id);
    let mut steps: Vec<StepReport> =
        others.map(|step| report_of(step, Outcome::Skipped { because: failed.id })).collect();
    steps.push(report_of(failed, outcome));
    steps.sort_by_key(|step| step.step);
    ApplyReport { steps }
}

/// What the steps of a plan have in common.
struct Walk<'a> {
    plan: &'a Plan,
    client: &'a BatchClient,
    options: &'a ApplyOptions,
    observer: &'a dyn Observer,
    /// The versions of the objects that steps have changed.
    left: Mutex<Versions>,
}

impl Walk<'_> {
    async fn run<'s>(&self, step: &'s Step, stop: &CancellationToken) -> (&'s Step, Outcome) {
        let Self { plan, client, options, observer, left } = self;
        let started = options.clock.now();
        observer.on(ApplyEvent::StepStarted(step));
        let context =
            StepContext { plan, step, left, client, options, observer: *observer, awaited: Mutex::new(None) };
        let took = || options.clock.now().duration_since(started).unsigned_abs();
        let outcome = tokio::select! {
            outcome = steps::ensure(&context) => outcome,
            () = stopped(stop, options) => Outcome::Interrupted,
            () = context.deadline() => Outcome::Failed(context.out_of_time(took())),
        };
        let took = took();
        observer.on(ApplyEvent::StepEnded { step, outcome: &outcome, took });
        (step, outcome)
    }
}

async fn stopped(stop: &CancellationToken, options: &ApplyOptions) {
    stop.cancelled().await;
    options.clock.sleep(options.grace).await;
}

fn report_of(step: &Step, outcome: Outcome) -> StepReport {
    StepReport {
        step: step.id,
        address: step.address.clone(),
        verb: step.action.verb(),
        target: step.action.target().to_owned(),
        outcome,
    }
}

/// Which steps may run: those whose dependencies have ended.
struct Queue<'a> {
    waiting: Vec<&'a Step>,
    /// Whether each step that ended did what it should.
    ended: BTreeMap<StepId, bool>,
}

impl<'a> Queue<'a> {
    fn new(steps: &'a [Step]) -> Self {
        Self { waiting: steps.iter().collect(), ended: BTreeMap::new() }
    }

    fn next_ready(&mut self) -> Option<&'a Step> {
        let ready = |step: &&Step| step.after.iter().all(|dependency| self.ended.contains_key(dependency));
        let position = self.waiting.iter().position(ready)?;
        Some(self.waiting.remove(position))
    }

    fn failed_before(&self, step: &Step) -> Option<StepId> {
        step.after.iter().find(|dependency| self.ended.get(dependency) == Some(&false)).copied()
    }

    fn finish(&mut self, step: &Step, well: bool) {
        self.ended.insert(step.id, well);
    }
}
