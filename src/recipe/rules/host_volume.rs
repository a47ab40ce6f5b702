//! What is on a node belongs to the node.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use crate::diagnostic::{Code, Collector, Example, Severity, quote};
use crate::recipe::document::Field;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "host-volume",
        severity: Severity::Note,
        summary: "a container sees a folder of its node outside of Batch's folders",
        explanation: "Folders outside of AZ_BATCH_NODE_ROOT_DIR are those of the virtual machine: what a task writes \
                      there is lost with the node and seen by every other task on it. Files for several tasks belong \
                      to `$AZ_BATCH_NODE_SHARED_DIR`.",
        examples: &[Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim, run_options: ⟦-v /data:/data⟧ }, command: python /app/train.py }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim, run_options: -v $AZ_BATCH_NODE_SHARED_DIR:/data }, command: python /app/train.py }
",
            }],
    },
    checks: &[Check::AnyTask(check)],
};

fn check(task: &AnyTask<'_>, findings: &mut Collector) {
    let field = task.container.and_then(|container| container.get()?.run_options.as_ref());
    let (Some(field), Some(scan)) = (field.map(Field::span), task.run_options()) else { return };
    for folder in &scan.options.host_folders {
        let folder = folder.to_string_lossy();
        if !folder.starts_with('$') && !EXPECTED.iter().any(|expected| folder.starts_with(expected)) {
            findings.push(
                RULE.finding(format!("{} is a folder of the virtual machine", quote(&folder)))
                    .at(field, "other tasks on the node see it too, and it goes with the node"),
            );
        }
    }
}

/// Folders of Batch, and those of the system that containers share for good reasons.
const EXPECTED: &[&str] =
    &["/mnt", "/opt/batch", "/dev", "/sys", "/proc", "/tmp", "/run", "/var/run", "/etc", "/usr", "/lib"];
