//! A job starts before the next one is due.

use super::rule::{Check, Rule};
use super::scope::members;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::Recipe;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "schedule-window",
        severity: Severity::Warning,
        summary: "a job may start later than the next one is due",
        explanation: "A schedule makes a job when the one before has ended, up to `start_window` after it was due. A \
                      window longer than the interval says that no job is ever left out: then leave `start_window` \
                      out.",
        examples: &[Example {
            bad: "\
schedules:
  nightly:
    recurrence: { interval: 1h, start_window: ⟦2h⟧ }
    job: { pool: { id: shared }, manager_task: { command: plan } }
",
            good: "\
schedules:
  nightly:
    recurrence: { interval: 1h, start_window: 30m }
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
        let (Some(interval), Some(window)) = (&recurrence.interval, &recurrence.start_window) else {
            continue;
        };
        if let (Some(every), Some(late)) = (interval.get(), window.get())
            && late.0 > every.0
        {
            findings.push(
                RULE.finding("a job may start after the next one is due")
                    .at(window.span(), "")
                    .at(interval.span(), "the next one is due after this time"),
            );
        }
    }
}
