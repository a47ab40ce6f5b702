//! A task fits on a node.

use super::rule::{Check, Rule};
use super::scope::JobScope;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::Task;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "too-many-slots",
        severity: Severity::Error,
        summary: "a task takes more slots than a node of its pool has",
        explanation: "No node could ever take the task; it would stay active for ever.",
        examples: &[Example {
            bad: "\
pools:
  workers:
    vm_size: Standard_D4s_v3
    image: ubuntu-22.04
    nodes: { dedicated: 1 }
    slots_per_node: 4
jobs:
  train:
    pool: workers
    tasks:
      epoch: { command: train, slots: ⟦8⟧ }
",
            good: "\
pools:
  workers:
    vm_size: Standard_D4s_v3
    image: ubuntu-22.04
    nodes: { dedicated: 1 }
    slots_per_node: 8
jobs:
  train:
    pool: workers
    tasks:
      epoch: { command: train, slots: 8 }
",
        }],
    },
    checks: &[Check::Task(check)],
};

fn check(job: &JobScope<'_>, task: &Task, findings: &mut Collector) {
    let (Some(pool), Some(slots)) = (job.pool(), &task.slots) else { return };
    let available = match &pool.slots_per_node {
        Some(field) => field.get().copied(),
        None => Some(1),
    };
    let (Some(wanted), Some(available)) = (slots.get(), available) else { return };
    if *wanted <= available {
        return;
    }
    let message = format!("the task takes {wanted} slots, but a node of its pool has {available}");
    let finding = RULE.finding(message).at(slots.span(), "");
    findings.push(match &pool.slots_per_node {
        Some(field) => finding.at(field.span(), "this is what a node has"),
        None => finding.note("the pool has no `slots_per_node`, so a node has one slot"),
    });
}
