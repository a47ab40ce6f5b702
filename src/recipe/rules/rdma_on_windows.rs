//! Containers use fast networks on Linux only.

use super::platform::{Platform, platform};
use super::rule::{Check, Rule};
use super::scope::PoolScope;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::catalog::VmSize;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "rdma-on-windows",
        severity: Severity::Warning,
        summary: "containers on Windows cannot use the fast network of their nodes",
        explanation: "Azure Batch gives containers remote direct memory access on Linux pools only.",
        examples: &[Example {
            bad: "\
pools:
  workers:
    vm_size: ⟦Standard_HB120rs_v3⟧
    image: { publisher: microsoftwindowsserver, offer: windowsserver, sku: 2019-datacenter-with-containers }
    container: {}
    node_agent_sku: batch.node.windows amd64
    inter_node_communication: true
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
    let has_rdma =
        pool.vm_size.get().and_then(|name| VmSize::parse(name)).is_some_and(|size| size.has_rdma());
    if has_rdma && pool.container.is_some() && platform(pool) == Some(Platform::Windows) {
        findings.push(
            RULE.finding("containers on Windows cannot use the fast network of this size")
                .at(pool.vm_size.span(), "")
                .at(pool.image.span(), "an image of Windows"),
        );
    }
}
