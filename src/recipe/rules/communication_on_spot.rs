//! Work that needs all of its nodes should not lose one.

use super::rule::{Check, Rule};
use super::scope::PoolScope;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::Field;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "communication-on-spot",
        severity: Severity::Warning,
        summary: "nodes that talk to each other are all Spot nodes",
        explanation: "A Spot node may be taken away at any time, and a task that spans nodes fails with the first of \
                      them. Batch asks for all nodes of such a pool together, which Spot capacity seldom allows.",
        examples: &[Example {
            bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    inter_node_communication: ⟦true⟧
    nodes: { spot: 8 }
",
            good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    inter_node_communication: true
    nodes: { dedicated: 8 }
",
        }],
    },
    checks: &[Check::Pool(check)],
};

fn check(scope: &PoolScope<'_>, findings: &mut Collector) {
    let Some(communication) = &scope.pool.inter_node_communication else { return };
    let Some(nodes) = scope.pool.nodes.get().filter(|nodes| nodes.autoscale.is_none()) else { return };
    let count = |field: &Option<Field<i32>>| field.as_ref().map_or(Some(0), |field| field.get().copied());
    if communication.get() == Some(&true)
        && count(&nodes.dedicated) == Some(0)
        && count(&nodes.spot) > Some(0)
    {
        findings.push(
            RULE.finding("nodes that talk to each other may be taken away one by one")
                .at(communication.span(), "")
                .at(scope.pool.nodes.span(), "Spot nodes only"),
        );
    }
}
