//! A privileged container owns its node.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::Field;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "privileged-container",
        severity: Severity::Warning,
        summary: "a container is privileged",
        explanation: "A privileged container may do on its node whatever root may, also to the tasks beside it. Most \
                      programs need a single capability (`--cap-add`) or none.",
        examples: &[Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim, run_options: ⟦--privileged⟧ }, command: python /app/train.py }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim, run_options: --cap-add SYS_PTRACE }, command: python /app/train.py }
",
            }],
    },
    checks: &[Check::AnyTask(check)],
};

fn check(task: &AnyTask<'_>, findings: &mut Collector) {
    let field = task.container.and_then(|container| container.get()?.run_options.as_ref());
    let (Some(field), Some(scan)) = (field.map(Field::span), task.run_options()) else { return };
    if scan.options.privileged {
        findings.push(
            RULE.finding("a privileged container may change its node and all tasks on it")
                .at(field, "")
                .help("give it the one capability that it needs: `--cap-add …`"),
        );
    }
}
