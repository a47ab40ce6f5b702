//! Run options are options of `docker create`.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use crate::batch::run_options::InvalidRunOptions;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::Field;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "run-options",
        severity: Severity::Error,
        summary: "run options that no node takes",
        explanation: "`run_options` are additional options of `docker create`; options of `docker run` and misspelt \
                      ones are none. A node refuses the task when it meets them, long after the pool has been paid \
                      for.",
        examples: &[Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim, run_options: ⟦--rm --wrokdir /app⟧ }, command: python /app/train.py }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim, run_options: --rm --workdir /app }, command: python /app/train.py }
",
            },
            Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim, run_options: ⟦--rm -d⟧ }, command: python /app/train.py }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim, run_options: --rm }, command: python /app/train.py }
",
            },
            Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim, run_options: ⟦--rm python:3.13-slim⟧ }, command: python /app/train.py }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim, run_options: --rm }, command: python /app/train.py }
",
            },
            Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim, run_options: ⟦--memory lots⟧ }, command: python /app/train.py }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim, run_options: --memory 2g }, command: python /app/train.py }
",
            }],
    },
    checks: &[Check::AnyTask(check)],
};

fn check(task: &AnyTask<'_>, findings: &mut Collector) {
    let field = task.container.and_then(|container| container.get()?.run_options.as_ref());
    let (Some(field), Some(scan)) = (field.map(Field::span), task.run_options()) else { return };
    for problem in &scan.problems {
        // What only the embedded nodes refuse, or what has merely no sense, is no mistake here.
        if matches!(problem, InvalidRunOptions::NotEmulated { .. } | InvalidRunOptions::Refused { .. }) {
            continue;
        }
        let mut message = problem.to_string();
        if let Some(cause) = std::error::Error::source(problem) {
            message.push_str(&format!(": {cause}"));
        }
        findings.push(RULE.finding(message).at(field, ""));
    }
}
