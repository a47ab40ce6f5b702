//! A part of the node is mounted once.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::MountSource;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "duplicate-mount",
        severity: Severity::Warning,
        summary: "a part of the node is mounted twice",
        explanation: "Every part of the node is mounted at one path, so the second mention has no effect, not even its \
                      `read_only`.",
        examples: &[Example {
            bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim, mounts: [task, shared, ⟦shared⟧] }, command: train }
",
            good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim, mounts: [task, shared] }, command: train }
",
        }],
    },
    checks: &[Check::AnyTask(check)],
};

fn check(task: &AnyTask<'_>, findings: &mut Collector) {
    let mounts = task.container.and_then(|container| container.get()?.mounts.as_ref()?.get());
    let mut seen: Vec<MountSource> = Vec::new();
    for field in mounts.into_iter().flatten() {
        let Some(source) = field.get().and_then(|mount| mount.source.get().copied()) else { continue };
        if seen.contains(&source) {
            findings.push(RULE.finding("this part of the node is mounted already").at(field.span(), ""));
        }
        seen.push(source);
    }
}
