//! Fast networks are for nodes that talk to each other.

use super::rule::{Check, Rule};
use super::scope::PoolScope;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::catalog::VmSize;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "rdma-without-communication",
        severity: Severity::Note,
        summary: "nodes with a fast network cannot talk to each other",
        explanation: "Sizes with remote direct memory access cost more for their network, which only a pool with \
                      `inter_node_communication: true` uses.",
        examples: &[Example {
            bad: "\
pools:
  workers:
    vm_size: ⟦Standard_HB120rs_v3⟧
    image: ubuntu-22.04-container
    container: {}
    nodes: { dedicated: 2 }
",
            good: "\
pools:
  workers:
    vm_size: Standard_HB120rs_v3
    image: ubuntu-22.04-container
    container: {}
    inter_node_communication: true
    nodes: { dedicated: 2 }
",
        }],
    },
    checks: &[Check::Pool(check)],
};

fn check(scope: &PoolScope<'_>, findings: &mut Collector) {
    let pool = scope.pool;
    let size = pool.vm_size.get().and_then(|name| VmSize::parse(name));
    if pool.inter_node_communication.is_none() && size.is_some_and(|size| size.has_rdma()) {
        findings.push(
            RULE.finding("the fast network of this size is not used")
                .at(pool.vm_size.span(), "")
                .help("add `inter_node_communication: true`, or say `false` if that is meant"),
        );
    }
}
