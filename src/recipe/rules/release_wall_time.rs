//! A release task is short.

use super::rule::{Check, Rule};
use super::scope::JobScope;
use crate::batch::model::BatchJobReleaseTask;
use crate::diagnostic::{Code, Collector, Example, Severity};

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "release-wall-time",
        severity: Severity::Error,
        summary: "a release task may run for more than 15 minutes",
        explanation: "Azure Batch gives a release task at most 15 minutes, and refuses more.",
        examples: &[Example {
            bad: "\
jobs:
  train:
    pool: { id: shared }
    preparation_task: { command: prepare }
    release_task: { command: clean, max_wall_time: ⟦1h⟧ }
    tasks:
      epoch: { command: train }
",
            good: "\
jobs:
  train:
    pool: { id: shared }
    preparation_task: { command: prepare }
    release_task: { command: clean, max_wall_time: 15m }
    tasks:
      epoch: { command: train }
",
        }],
    },
    checks: &[Check::Job(check)],
};

fn check(scope: &JobScope<'_>, findings: &mut Collector) {
    let release = scope.job.and_then(|job| job.release_task.as_ref()?.get());
    let Some(limit) = release.and_then(|release| release.max_wall_time.as_ref()) else { return };
    if limit.get().is_some_and(|limit| limit.0 > BatchJobReleaseTask::LONGEST) {
        findings.push(RULE.finding("a release task has at most 15 minutes").at(limit.span(), ""));
    }
}
