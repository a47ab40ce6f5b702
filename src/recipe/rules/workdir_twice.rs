//! A container starts in one folder.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use crate::diagnostic::{Code, Collector, Example, Severity, quote};
use crate::recipe::document::Field;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "workdir-twice",
        severity: Severity::Warning,
        summary: "`--workdir` among the run options overrides `working_directory`",
        explanation: "`working_directory` says where the command starts; `--workdir` among the run options says it \
                      again, and wins.",
        examples: &[Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim, working_directory: image, run_options: ⟦--workdir /app⟧ }, command: python train.py }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim, run_options: --workdir /app }, command: python train.py }
",
            }],
    },
    checks: &[Check::AnyTask(check)],
};

fn check(task: &AnyTask<'_>, findings: &mut Collector) {
    let field = task.container.and_then(|container| container.get()?.run_options.as_ref());
    let (Some(field), Some(scan)) = (field.map(Field::span), task.run_options()) else { return };
    let said = task.container.and_then(|container| container.get()?.working_directory.as_ref());
    if let (Some(said), Some(folder)) = (said, &scan.options.working_directory) {
        findings.push(
            RULE.finding(format!("the command starts in {}", quote(folder)))
                .at(field, "`--workdir` wins")
                .at(said.span(), "this has no effect"),
        );
    }
}
