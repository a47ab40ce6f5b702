//! Every pool, and every job, has an id of its own.

use std::collections::BTreeMap;

use super::rule::{Check, Rule};
use super::scope::members;
use crate::diagnostic::{Code, Collector, Example, Severity, Span};
use crate::recipe::document::{Field, Recipe};

/// Ids of tasks are compared where tasks are made: there may be a million of them.
pub static RULE: Rule = Rule {
    code: Code {
        name: "duplicate-id",
        severity: Severity::Error,
        summary: "two objects have the same id",
        explanation: "Azure Batch compares ids without regard to case. With `for_each`, an `id` that does not mention \
                      every key of the product gives several tasks the same id.",
        examples: &[
            Example {
                bad: "\
jobs:
  train: { pool: { id: shared }, tasks: { epoch: { command: train } } }
  again: { id: ⟦Train⟧, pool: { id: shared }, tasks: { epoch: { command: train } } }
",
                good: "\
jobs:
  train: { pool: { id: shared }, tasks: { epoch: { command: train } } }
  again: { id: train-2, pool: { id: shared }, tasks: { epoch: { command: train } } }
",
            },
            Example {
                bad: "\
jobs:
  nightly: { pool: { id: shared }, tasks: { epoch: { command: train } } }
schedules:
  ⟦nightly⟧: { recurrence: { interval: 1d }, job: { pool: { id: shared }, manager_task: { command: plan } } }
",
                good: "\
jobs:
  once: { pool: { id: shared }, tasks: { epoch: { command: train } } }
schedules:
  nightly: { recurrence: { interval: 1d }, job: { pool: { id: shared }, manager_task: { command: plan } } }
",
            },
            Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch:
        for_each: { rate: [1, 2], seed: [7, 8] }
        id: ⟦\"epoch-${{ item.rate }}\"⟧
        command: train --rate ${{ item.rate }} --seed ${{ item.seed }}
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch:
        for_each: { rate: [1, 2], seed: [7, 8] }
        id: \"epoch-${{ item.rate }}-${{ item.seed }}\"
        command: train --rate ${{ item.rate }} --seed ${{ item.seed }}
",
            },
        ],
    },
    checks: &[Check::Recipe(check)],
};

fn check(recipe: &Recipe, findings: &mut Collector) {
    let pools = members(recipe.pools.as_ref()).unwrap_or_default().iter();
    let pools = pools.filter_map(|entry| id(&entry.name, entry.name_span, entry.value.get()?.id.as_ref()));
    compare("pools", pools, findings);
    // Jobs and schedules share one space of ids.
    let jobs = members(recipe.jobs.as_ref()).unwrap_or_default().iter();
    let jobs = jobs.filter_map(|entry| id(&entry.name, entry.name_span, entry.value.get()?.id.as_ref()));
    let schedules = members(recipe.schedules.as_ref()).unwrap_or_default().iter();
    let schedules =
        schedules.filter_map(|entry| id(&entry.name, entry.name_span, entry.value.get()?.id.as_ref()));
    compare("jobs or schedules", jobs.chain(schedules), findings);
}

/// The id that an object will have, and where that is said.
fn id<'a>(name: &'a str, name_span: Span, id: Option<&'a Field<String>>) -> Option<(&'a str, Span)> {
    match id {
        Some(field) => Some((field.get()?, field.span())),
        None => Some((name, name_span)),
    }
}

fn compare<'a>(what: &str, ids: impl Iterator<Item = (&'a str, Span)>, findings: &mut Collector) {
    let mut seen: BTreeMap<String, Span> = BTreeMap::new();
    for (id, span) in ids {
        if let Some(first) = seen.insert(id.to_ascii_lowercase(), span) {
            findings.push(
                RULE.finding(format!("two {what} have the id `{id}`"))
                    .at(span, "again here")
                    .at(first, "first here")
                    .note("ids are compared without regard to case"),
            );
        }
    }
}
