//! A pool has the nodes that a task wants.

use super::rule::{Check, Rule};
use super::scope::JobScope;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::{Field, Task};

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "too-many-instances",
        severity: Severity::Warning,
        summary: "a multi-instance task wants more nodes than its pool has",
        explanation: "The task waits until the pool has as many nodes as it wants at the same time.",
        examples: &[Example {
                bad: "\
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
      solve: { container: { image: team/solver:2 }, command: solve, multi_instance: { number_of_instances: ⟦8⟧, coordination_command: start } }
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
    let wanted = task.multi_instance.as_ref().and_then(|multi| multi.get()?.number_of_instances.as_ref());
    let (Some(pool), Some(wanted)) = (job.pool(), wanted) else { return };
    let Some(nodes) = pool.nodes.get().filter(|nodes| nodes.autoscale.is_none()) else { return };
    let count = |field: &Option<Field<i32>>| match field {
        Some(field) => field.get().copied(),
        None => Some(0),
    };
    let (Some(dedicated), Some(spot), Some(number)) =
        (count(&nodes.dedicated), count(&nodes.spot), wanted.get())
    else {
        return;
    };
    let there = i64::from(dedicated) + i64::from(spot);
    if there > 0 && i64::from(*number) > there {
        findings.push(
            RULE.finding(format!("the task wants {number} nodes, and its pool has {there}"))
                .at(wanted.span(), "")
                .at(pool.nodes.span(), "this is what the pool has"),
        );
    }
}
