//! A pool has a formula or fixed numbers of nodes.

use super::rule::{Check, Rule};
use super::scope::PoolScope;
use crate::diagnostic::{Code, Collector, Example, Severity};

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "autoscale-with-counts",
        severity: Severity::Error,
        summary: "a pool has an autoscale formula and fixed numbers of nodes",
        explanation: "With a formula the number of nodes is what it says. Azure Batch refuses a pool that has both.",
        examples: &[Example {
            bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: { dedicated: ⟦2⟧, autoscale: { formula: $TargetDedicatedNodes = 4 } }
",
            good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: { autoscale: { formula: $TargetDedicatedNodes = 4 } }
",
        }],
    },
    checks: &[Check::Pool(check)],
};

fn check(scope: &PoolScope<'_>, findings: &mut Collector) {
    let Some(nodes) = scope.pool.nodes.get() else { return };
    let Some(autoscale) = &nodes.autoscale else { return };
    for count in [&nodes.dedicated, &nodes.spot].into_iter().flatten() {
        findings.push(
            RULE.finding("the formula sets the number of nodes")
                .at(count.span(), "remove this, or the formula")
                .at(autoscale.span(), "the formula"),
        );
    }
}
