//! A name of one's own for a container is taken after its first use.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::Field;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "container-name",
        severity: Severity::Warning,
        summary: "a container gets a fixed name",
        explanation: "Two containers of one name cannot be on one node: the second task with the name, or the second \
                      try of the same task, fails while the first container is there. Batch gives every container a \
                      name by itself.",
        examples: &[Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim, run_options: ⟦--name train⟧ }, command: python /app/train.py }
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
    if let Some(name) = &scan.options.name {
        findings.push(
            RULE.finding(format!("a node can have only one container called `{name}`"))
                .at(field, "a second task, or a second try, fails while the first container is there")
                .help("leave `--name` out: Batch names containers itself"),
        );
    }
}
