//! A node does not keep files for ever.

use std::time::Duration;

use super::rule::{Check, Rule};
use super::scope::JobScope;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::Task;

/// How long Batch keeps completed tasks.
const KEPT: Duration = Duration::from_secs(7 * 86_400);

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "long-retention",
        severity: Severity::Note,
        summary: "the files of a task are to stay on their node for more than 7 days",
        explanation: "Files stay on a node at most as long as the node and the task are there. Batch forgets completed \
                      tasks after 7 days, and a pool that is resized or recreated loses its nodes earlier. What \
                      matters belongs into a storage account.",
        examples: &[Example {
            bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, retention: ⟦30d⟧ }
",
            good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, retention: 2d }
",
        }],
    },
    checks: &[Check::Task(check)],
};

fn check(_: &JobScope<'_>, task: &Task, findings: &mut Collector) {
    let Some(retention) = &task.retention else { return };
    if retention.get().is_some_and(|retention| retention.0 > KEPT) {
        findings.push(
            RULE.finding("Batch forgets completed tasks after 7 days")
                .at(retention.span(), "the files go at the latest with their task and their node"),
        );
    }
}
