//! A schedule begins before it ends.

use super::rule::{Check, Rule};
use super::scope::members;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::Recipe;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "schedule-never-runs",
        severity: Severity::Error,
        summary: "a schedule ends before it begins",
        explanation: "No job is made before `do_not_run_until` and none after `do_not_run_after`, so between the two \
                      there must be some time.",
        examples: &[Example {
                bad: "\
schedules:
  nightly:
    recurrence: { interval: 1d, do_not_run_until: 2027-02-01T00:00:00Z, do_not_run_after: ⟦2027-01-01T00:00:00Z⟧ }
    job: { pool: { id: shared }, manager_task: { command: plan } }
",
                good: "\
schedules:
  nightly:
    recurrence: { interval: 1d, do_not_run_until: 2027-01-01T00:00:00Z, do_not_run_after: 2027-02-01T00:00:00Z }
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
        let (Some(from), Some(to)) = (&recurrence.do_not_run_until, &recurrence.do_not_run_after) else {
            continue;
        };
        if let (Some(begin), Some(end)) = (from.get(), to.get())
            && end.0 <= begin.0
        {
            findings.push(
                RULE.finding("the schedule ends before it begins")
                    .at(to.span(), "no job is made later")
                    .at(from.span(), "no job is made earlier"),
            );
        }
    }
}
