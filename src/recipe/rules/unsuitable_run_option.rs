//! Some options of `docker create` make no sense for a task.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use crate::batch::run_options::InvalidRunOptions;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::Field;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "unsuitable-run-option",
        severity: Severity::Warning,
        summary: "a run option that does not suit a task",
        explanation: "Batch watches the container, takes its output and runs it again itself: options for that get in \
                      its way, and files named in options are looked for where the options are read, not where they \
                      were written. The embedded nodes refuse such options.",
        examples: &[Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim, run_options: ⟦--restart always⟧ }, command: python /app/train.py }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim }, command: python /app/train.py, retries: 3 }
",
            },
            Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim, run_options: ⟦--env-file train.env⟧ }, command: python /app/train.py }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim }, command: python /app/train.py, environment: { RATE: \"0.1\" } }
",
            }],
    },
    checks: &[Check::AnyTask(check)],
};

fn check(task: &AnyTask<'_>, findings: &mut Collector) {
    let field = task.container.and_then(|container| container.get()?.run_options.as_ref());
    let (Some(field), Some(scan)) = (field.map(Field::span), task.run_options()) else { return };
    for problem in &scan.problems {
        if let InvalidRunOptions::Refused { option, reason } = problem {
            findings.push(RULE.finding(format!("`{option}` does not suit a task: {reason}")).at(field, ""));
        }
    }
}
