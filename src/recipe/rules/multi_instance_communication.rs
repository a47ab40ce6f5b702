//! Nodes that work together can talk to each other.

use super::rule::{Check, Rule};
use super::scope::JobScope;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::{Field, Task};

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "multi-instance-communication",
        severity: Severity::Error,
        summary: "a multi-instance task on a pool whose nodes cannot talk to each other",
        explanation: "A multi-instance task runs on several nodes that exchange messages. On a pool without \
                      `inter_node_communication: true` it is never scheduled.",
        examples: &[Example {
                bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
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
    let is_off = match &pool.inter_node_communication {
        Some(field) => field.get() == Some(&false),
        None => true,
    };
    if is_off {
        let finding =
            RULE.finding("the nodes of the pool cannot talk to each other").at(multi_instance.span(), "");
        let place = pool.inter_node_communication.as_ref().map(Field::span);
        findings.push(match place {
            Some(span) => finding.at(span, "switched off here"),
            None => finding.help("add `inter_node_communication: true` to the pool"),
        });
    }
}
