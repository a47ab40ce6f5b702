//! Nodes that work together do nothing else.

use super::rule::{Check, Rule};
use super::scope::JobScope;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::Task;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "multi-instance-slots",
        severity: Severity::Error,
        summary: "a multi-instance task on a pool whose nodes run several tasks at once",
        explanation: "A multi-instance task takes whole nodes: on a pool with more than one slot for each node it is \
                      never scheduled.",
        examples: &[Example {
                bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    inter_node_communication: true
    slots_per_node: 4
    nodes: { dedicated: 2 }
jobs:
  train:
    pool: workers
    tasks:
      solve: { container: { image: team/solver:2 }, command: solve, multi_instance: ⟦{ number_of_instances: 2, coordination_command: start }⟧ }
",
                good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    inter_node_communication: true
    slots_per_node: 1
    nodes: { dedicated: 2 }
jobs:
  train:
    pool: workers
    tasks:
      solve: { container: { image: team/solver:2 }, command: solve, multi_instance: { number_of_instances: 2, coordination_command: start } }
",
            }],
    },
    checks: &[Check::Task(check)],
};

fn check(job: &JobScope<'_>, task: &Task, findings: &mut Collector) {
    let (Some(pool), Some(multi_instance)) = (job.pool(), &task.multi_instance) else { return };
    let Some(slots) = &pool.slots_per_node else { return };
    if slots.get().is_some_and(|slots| *slots > 1) {
        findings.push(
            RULE.finding("a multi-instance task needs nodes with one slot")
                .at(multi_instance.span(), "")
                .at(slots.span(), "this is what a node has"),
        );
    }
}
