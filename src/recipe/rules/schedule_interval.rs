//! Schedules count in minutes.

use std::time::Duration;

use super::rule::{Check, Rule};
use super::scope::members;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::Recipe;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "schedule-interval",
        severity: Severity::Error,
        summary: "a schedule repeats, or waits, less than a minute",
        explanation: "Azure Batch refuses an `interval` or a `start_window` of less than a minute.",
        examples: &[Example {
            bad: "\
schedules:
  nightly:
    recurrence: { interval: ⟦30s⟧ }
    job: { pool: { id: shared }, manager_task: { command: plan } }
",
            good: "\
schedules:
  nightly:
    recurrence: { interval: 1m }
    job: { pool: { id: shared }, manager_task: { command: plan } }
",
        }],
    },
    checks: &[Check::Recipe(check)],
};

fn check(recipe: &Recipe, findings: &mut Collector) {
    for entry in members(recipe.schedules.as_ref()).unwrap_or_default() {
        let Some(recurrence) = entry.value.get().and_then(|schedule| schedule.recurrence.get()) else {
            continue;
        };
        for field in [&recurrence.interval, &recurrence.start_window].into_iter().flatten() {
            if field.get().is_some_and(|length| length.0 < Duration::from_secs(60)) {
                findings.push(RULE.finding("a schedule counts in minutes").at(field.span(), "at least 1m"));
            }
        }
    }
}
