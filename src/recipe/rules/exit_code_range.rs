//! A range begins before it ends.

use super::rule::{Check, Rule};
use super::scope::JobScope;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::Task;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "exit-code-range",
        severity: Severity::Error,
        summary: "a range of exit codes ends before it begins",
        explanation: "Azure Batch refuses a range whose `end` is below its `start`.",
        examples: &[Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, exit_conditions: { exit_code_ranges: [{ start: 10, end: ⟦1⟧, exit_options: { dependency_action: satisfy } }] } }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, exit_conditions: { exit_code_ranges: [{ start: 1, end: 10, exit_options: { dependency_action: satisfy } }] } }
",
            }],
    },
    checks: &[Check::Task(check)],
};

fn check(_: &JobScope<'_>, task: &Task, findings: &mut Collector) {
    let conditions = task.exit_conditions.as_ref().and_then(|conditions| conditions.get());
    let ranges = conditions.and_then(|conditions| conditions.exit_code_ranges.as_ref()?.get());
    for range in ranges.into_iter().flatten().filter_map(|range| range.get()) {
        if let (Some(start), Some(end)) = (range.start.get(), range.end.get())
            && end < start
        {
            findings.push(
                RULE.finding("the range ends before it begins")
                    .at(range.end.span(), "")
                    .at(range.start.span(), "begins here"),
            );
        }
    }
}
