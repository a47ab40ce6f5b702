//! What is released has been prepared.

use super::rule::{Check, Rule};
use super::scope::JobScope;
use crate::diagnostic::{Code, Collector, Example, Severity};

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "release-without-preparation",
        severity: Severity::Error,
        summary: "a job has a release task but no preparation task",
        explanation: "A release task runs on the nodes that ran the preparation task of its job. Azure Batch refuses \
                      one without the other.",
        examples: &[Example {
            bad: "\
jobs:
  train:
    pool: { id: shared }
    release_task: ⟦{ command: clean }⟧
    tasks:
      epoch: { command: train }
",
            good: "\
jobs:
  train:
    pool: { id: shared }
    preparation_task: { command: prepare }
    release_task: { command: clean }
    tasks:
      epoch: { command: train }
",
        }],
    },
    checks: &[Check::Job(check)],
};

fn check(scope: &JobScope<'_>, findings: &mut Collector) {
    let Some(job) = scope.job.filter(|job| job.preparation_task.is_none()) else { return };
    if let Some(release) = &job.release_task {
        findings.push(
            RULE.finding("the job has no preparation task, so no node would run its release task")
                .at(release.span(), "")
                .help("add a `preparation_task`"),
        );
    }
}
