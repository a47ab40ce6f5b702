//! One exit code has one consequence.

use super::rule::{Check, Rule};
use super::scope::JobScope;
use crate::diagnostic::{Code, Collector, Example, Severity, Span};
use crate::recipe::document::Task;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "exit-code-overlap",
        severity: Severity::Warning,
        summary: "an exit code has two consequences",
        explanation: "Of single codes and ranges the single code counts, and of two ranges only one: which one is hard \
                      to see, and the other has no effect for the codes that both have.",
        examples: &[Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, exit_conditions: { exit_code_ranges: [{ start: 1, end: 10, exit_options: { dependency_action: satisfy } }, ⟦{ start: 5, end: 20, exit_options: { dependency_action: block } }⟧] } }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, exit_conditions: { exit_code_ranges: [{ start: 1, end: 10, exit_options: { dependency_action: satisfy } }, { start: 11, end: 20, exit_options: { dependency_action: block } }] } }
",
            },
            Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, exit_conditions: { exit_codes: [{ code: 3, exit_options: { dependency_action: satisfy } }, ⟦{ code: 3, exit_options: { dependency_action: block } }⟧] } }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, exit_conditions: { exit_codes: [{ code: 3, exit_options: { dependency_action: satisfy } }, { code: 4, exit_options: { dependency_action: block } }] } }
",
            }],
    },
    checks: &[Check::Task(check)],
};

fn check(_: &JobScope<'_>, task: &Task, findings: &mut Collector) {
    let Some(conditions) = task.exit_conditions.as_ref().and_then(|conditions| conditions.get()) else {
        return;
    };
    let codes = conditions.exit_codes.as_ref().and_then(|codes| codes.get()).into_iter().flatten();
    let codes = codes.filter_map(|field| {
        let code = *field.get()?.code.get()?;
        Some((code, code, field.span()))
    });
    overlaps(&codes.collect::<Vec<_>>(), findings);
    let ranges = conditions.exit_code_ranges.as_ref().and_then(|ranges| ranges.get()).into_iter().flatten();
    let ranges = ranges.filter_map(|field| {
        let range = field.get()?;
        Some((*range.start.get()?, *range.end.get()?, field.span()))
    });
    overlaps(&ranges.collect::<Vec<_>>(), findings);
}

fn overlaps(ranges: &[(i32, i32, Span)], findings: &mut Collector) {
    for (position, (start, end, span)) in ranges.iter().enumerate() {
        let earlier = ranges.iter().take(position).find(|(first, last, _)| first <= end && start <= last);
        if let Some((.., other)) = earlier {
            findings.push(
                RULE.finding("these exit codes have a consequence already")
                    .at(*span, "")
                    .at(*other, "the first consequence"),
            );
        }
    }
}
