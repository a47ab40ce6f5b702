//! Spot nodes may not come back.

use super::rule::{Check, Rule};
use super::scope::PoolScope;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::OnChange;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "drain-with-spot",
        severity: Severity::Note,
        summary: "a change of the pool may give its Spot nodes away",
        explanation: "`on_change: drain` takes all nodes from the pool, changes it, and asks for the nodes again. Spot \
                      nodes are given out as capacity allows: there may be fewer afterwards, or none.",
        examples: &[Example {
            bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    on_change: ⟦drain⟧
    nodes: { spot: 8 }
",
            good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    on_change: stop
    nodes: { spot: 8 }
",
        }],
    },
    checks: &[Check::Pool(check)],
};

fn check(scope: &PoolScope<'_>, findings: &mut Collector) {
    let pool = scope.pool;
    let spot = pool.nodes.get().and_then(|nodes| nodes.spot.as_ref());
    let (Some(on_change), Some(spot)) = (&pool.on_change, spot) else { return };
    if on_change.get() == Some(&OnChange::Drain) && spot.get().is_some_and(|spot| *spot > 0) {
        findings.push(
            RULE.finding("after a change the pool may get fewer Spot nodes than it had")
                .at(on_change.span(), "this takes all nodes away and asks for them again")
                .at(spot.span(), "given out as capacity allows"),
        );
    }
}
