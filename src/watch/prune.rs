//! Recipes that left their source: what is destroyed because of it, and what is not, because nobody can have meant it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use tokio_util::sync::CancellationToken;

use crate::pipeline::{self, PipelineError};
use crate::plan::{Policy, Selection};
use crate::resource::{DesiredState, RecipeName};

use super::claims::Claims;
use super::condition::{ConditionKind, Finding, Reason};
use super::failure::Prospect;
use super::locked::{Applied, NotBegun, apply_locked};
use super::options::{Tools, WatchOptions};
use super::reconcile::{Next, Tally};
use super::refusal::Refusal;
use super::words::{call_failed, in_one_line, with_hint};

/// What is known about a source when recipes have left it.
#[derive(Debug, Clone)]
pub(super) struct Situation {
    /// How many recipes it holds that are known by name.
    pub(super) there: usize,
    /// What there is, in this source or in another, that may be one of those that left.
    pub(super) unknown: Option<String>,
    /// Whether it was just being changed whenever it was looked at.
    pub(super) is_restless: bool,
    /// How many recipes it had when the first of them left.
    pub(super) had: usize,
    /// How many left.
    pub(super) left: usize,
}

/// Why nothing is destroyed although recipes left their source; `None` if they may be.
pub(super) fn guard(situation: Situation, policy: &Policy, share: u8) -> Option<String> {
    let Situation { there, unknown, is_restless, had, left } = situation;
    if !policy.prune {
        return Some("pass --prune to have that destroyed".to_owned());
    }
    if !policy.selection.is_everything() {
        return Some("with --target or --exclude nothing is pruned".to_owned());
    }
    if there == 0 {
        return Some("the source holds no recipe any more, which is rarely meant; `destroy` removes what a recipe made".to_owned());
    }
    if unknown.is_some() {
        return unknown;
    }
    if is_restless {
        return Some("the source is being changed all the time, and they may be on their way".to_owned());
    }
    let most = (had * usize::from(share) / 100).max(1);
    (left > most).then(|| {
        format!(
            "that is {left} of {had} at once, and at most {most} may go ({share} %); pass --prune-share if it is meant"
        )
    })
}

/// How the removal of a recipe went.
#[derive(Debug)]
pub(super) enum Pruned {
    /// Nothing of it is left.
    Gone(Tally),
    /// Something of it is.
    Left(Finding, Next, Tally),
}

/// A recipe that left its source.
pub(super) struct Leaver {
    pub(super) name: RecipeName,
    /// The folder that it was in.
    pub(super) folder: PathBuf,
    /// What recipes that are there ask for.
    pub(super) claims: Claims,
}

/// Destroys everything that a recipe made.
pub(super) async fn prune(
    Leaver { name: recipe, folder, claims }: &Leaver,
    options: &WatchOptions,
    tools: &Tools,
    stop: &CancellationToken,
) -> Pruned {
    let left = |kind, reason, text, next| {
        Pruned::Left(Finding::not_ready(kind, reason, text), next, Tally::default())
    };
    let nothing = DesiredState::nothing(recipe.clone());
    let plan = match pipeline::plan_destroy(&tools.client, &nothing, &Selection::default()).await {
        Ok(plan) => plan,
        Err(PipelineError::Observe(error)) => {
            return left(
                ConditionKind::Reconciling,
                Reason::AccountUnreachable,
                call_failed(&error),
                Next::BackOff,
            );
        }
        Err(error) => {
            return left(ConditionKind::Stalled, Reason::Refused, in_one_line(&error), Next::Interval);
        }
    };
    if plan.is_empty() {
        return Pruned::Gone(Tally::default());
    }
    // Whoever gave a recipe another name did not mean that its work be lost.
    if let Some(claimed) = claims.on(&plan) {
        let text = format!(
            "it left its source, and is not destroyed: {claimed}; give that recipe the name `{recipe}` again, or other ids, or \
             destroy by hand what is not wanted any more"
        );
        return left(ConditionKind::Stalled, Reason::Conflict, text, Next::Interval);
    }
    if let Some(refusal) = Refusal::of(&plan, options.force) {
        let text = format!("it left its source, and is not destroyed yet: {refusal}");
        return left(ConditionKind::Stalled, refusal.reason, text, Next::Interval);
    }
    if options.dry_run || options.suspended.contains(recipe) {
        let text = "it left its source, and would be destroyed".to_owned();
        return left(ConditionKind::Reconciling, Reason::Planned, text, Next::Interval);
    }
    let Applied { report, writes } = match apply_locked(&plan, folder, tools, stop).await {
        Ok(applied) => applied,
        Err(NotBegun { reason, text }) => {
            return left(ConditionKind::Reconciling, reason, text, Next::BackOff);
        }
    };
    let tally = Tally { writes, failures: report.failures().count(), ..Tally::default() };
    let finding = match report.failures().next() {
        None if report.is_complete() => return Pruned::Gone(tally),
        None => {
            let text = "stopped before all of it was destroyed; the next pass goes on from there";
            (Finding::not_ready(ConditionKind::Reconciling, Reason::Interrupted, text), Next::BackOff)
        }
        Some((step, error)) => {
            let text =
                format!("{}: {} {} failed: {}", step.address, step.verb, step.target, in_one_line(error));
            let text = with_hint(text, error.hint());
            match Prospect::of_step(error) {
                Prospect::Lasts => {
                    (Finding::not_ready(ConditionKind::Stalled, Reason::Refused, text), Next::Interval)
                }
                _ => (Finding::not_ready(ConditionKind::Reconciling, Reason::Retrying, text), Next::BackOff),
            }
        }
    };
    Pruned::Left(finding.0, finding.1, tally)
}

/// The recipes that were reconciled from a source and are no longer anywhere.
pub(super) fn gone<'a>(
    known: impl Iterator<Item = &'a RecipeName>,
    there: &BTreeSet<RecipeName>,
) -> Vec<RecipeName> {
    known.filter(|name| !there.contains(*name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fine() -> Situation {
        Situation { there: 8, unknown: None, is_restless: false, had: 10, left: 2 }
    }

    fn prune() -> Policy {
        Policy { prune: true, ..Policy::default() }
    }

    fn held(situation: Situation) -> String {
        guard(situation, &prune(), 50).unwrap_or_default()
    }

    #[test]
    fn nothing_is_destroyed_that_nobody_can_have_meant() {
        assert_eq!(guard(fine(), &prune(), 50), None);
        assert!(guard(fine(), &Policy::default(), 50).unwrap().contains("--prune"));
        assert!(held(Situation { there: 0, ..fine() }).contains("no recipe any more"));
        assert_eq!(held(Situation { unknown: Some("who knows".to_owned()), ..fine() }), "who knows");
        assert!(held(Situation { is_restless: true, ..fine() }).contains("on their way"));
        for (targets, excluded) in [(vec!["jobs.*"], vec![]), (vec![], vec!["pools.p"])] {
            let parse = |texts: Vec<&str>| texts.iter().map(|text| text.parse().unwrap()).collect();
            let selection = Selection { targets: parse(targets), excluded: parse(excluded) };
            let partly = guard(fine(), &Policy { selection, ..prune() }, 50).unwrap();
            assert!(partly.contains("--target or --exclude"), "{partly}");
        }
    }

    #[test]
    fn one_may_always_go_and_never_more_than_the_share() {
        assert_eq!(held(Situation { left: 5, ..fine() }), "");
        assert!(
            held(Situation { left: 6, ..fine() })
                .contains("that is 6 of 10 at once, and at most 5 may go (50 %)")
        );
        assert_eq!(guard(Situation { left: 1, ..fine() }, &prune(), 0), None);
        assert!(guard(Situation { left: 2, ..fine() }, &prune(), 0).is_some());
        assert_eq!(guard(Situation { left: 9, there: 1, ..fine() }, &prune(), 100), None);
    }
}
