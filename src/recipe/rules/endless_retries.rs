//! A task that always fails should stop failing some day.

use super::rule::{Check, Rule};
use super::scope::JobScope;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::Task;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "endless-retries",
        severity: Severity::Warning,
        summary: "a task is run again for ever",
        explanation: "With `retries: -1` a task that always fails keeps its node busy until somebody notices, unless \
                      the job has a `max_wall_time`.",
        examples: &[
            Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, retries: ⟦-1⟧ }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, retries: 3 }
",
            },
            Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    retries: ⟦-1⟧
    tasks:
      epoch: { command: train }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    retries: -1
    max_wall_time: 2d
    tasks:
      epoch: { command: train }
",
            },
        ],
    },
    checks: &[Check::Job(check_job), Check::Task(check_task)],
};

fn check_job(scope: &JobScope<'_>, findings: &mut Collector) {
    let Some(job) = scope.job.filter(|job| job.max_wall_time.is_none()) else { return };
    if let Some(retries) = job.retries.as_ref().filter(|retries| retries.get() == Some(&-1)) {
        findings
            .push(RULE.finding("a task that always fails never ends").at(retries.span(), "without limit"));
    }
}

fn check_task(scope: &JobScope<'_>, task: &Task, findings: &mut Collector) {
    if scope.job.is_none_or(|job| job.max_wall_time.is_some()) {
        return;
    }
    if let Some(retries) = task.retries.as_ref().filter(|retries| retries.get() == Some(&-1)) {
        findings
            .push(RULE.finding("a task that always fails never ends").at(retries.span(), "without limit"));
    }
}
