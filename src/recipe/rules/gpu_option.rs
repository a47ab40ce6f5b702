//! Batch gives containers the graphics processors of their node.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use crate::batch::run_options::InvalidRunOptions;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::Field;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "gpu-option",
        severity: Severity::Note,
        summary: "`--gpus` is not needed",
        explanation: "On nodes that have graphics processors Batch makes containers with access to all of them. \
                      `--gpus` among the run options repeats that, and the embedded nodes, which have none, refuse it.",
        examples: &[Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim, run_options: ⟦--rm --gpus all⟧ }, command: python /app/train.py }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim, run_options: --rm }, command: python /app/train.py }
",
            }],
    },
    checks: &[Check::AnyTask(check)],
};

fn check(task: &AnyTask<'_>, findings: &mut Collector) {
    let field = task.container.and_then(|container| container.get()?.run_options.as_ref());
    let (Some(field), Some(scan)) = (field.map(Field::span), task.run_options()) else { return };
    let is_gpus = |problem: &InvalidRunOptions| matches!(problem, InvalidRunOptions::NotEmulated { option, .. } if option == "--gpus");
    if scan.problems.iter().any(is_gpus) {
        findings.push(RULE.finding("Batch gives a container the GPUs of its node by itself").at(field, ""));
    }
}
