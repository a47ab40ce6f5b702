//! A formula is evaluated every 5 minutes to 7 days.

use std::time::Duration;

use super::rule::{Check, Rule};
use super::scope::PoolScope;
use crate::diagnostic::{Code, Collector, Example, Severity};

const SHORTEST: Duration = Duration::from_secs(5 * 60);
const LONGEST: Duration = Duration::from_secs(168 * 3_600);

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "autoscale-interval",
        severity: Severity::Error,
        summary: "an autoscale formula is evaluated too often or too rarely",
        explanation: "Azure Batch evaluates a formula every 5 minutes at most, and every 168 hours at least.",
        examples: &[Example {
            bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: { autoscale: { formula: $TargetDedicatedNodes = 4, evaluation_interval: ⟦1m⟧ } }
",
            good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: { autoscale: { formula: $TargetDedicatedNodes = 4, evaluation_interval: 5m } }
",
        }],
    },
    checks: &[Check::Pool(check)],
};

fn check(scope: &PoolScope<'_>, findings: &mut Collector) {
    let autoscale = scope.pool.nodes.get().and_then(|nodes| nodes.autoscale.as_ref()?.get());
    let Some(interval) = autoscale.and_then(|autoscale| autoscale.evaluation_interval.as_ref()) else {
        return;
    };
    if interval.get().is_some_and(|interval| !(SHORTEST..=LONGEST).contains(&interval.0)) {
        findings
            .push(RULE.finding("a formula is evaluated every 5 minutes to 7 days").at(interval.span(), ""));
    }
}
