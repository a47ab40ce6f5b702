//! Allocating nodes takes its time.

use std::time::Duration;

use super::rule::{Check, Rule};
use super::scope::PoolScope;
use crate::diagnostic::{Code, Collector, Example, Severity};

const SHORTEST: Duration = Duration::from_secs(5 * 60);

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "resize-timeout",
        severity: Severity::Error,
        summary: "a resize has less than 5 minutes",
        explanation: "Azure Batch refuses a pool whose `resize_timeout` is below 5 minutes.",
        examples: &[Example {
            bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    resize_timeout: ⟦1m⟧
    nodes: { dedicated: 2 }
",
            good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    resize_timeout: 10m
    nodes: { dedicated: 2 }
",
        }],
    },
    checks: &[Check::Pool(check)],
};

fn check(scope: &PoolScope<'_>, findings: &mut Collector) {
    let Some(timeout) = &scope.pool.resize_timeout else { return };
    if timeout.get().is_some_and(|timeout| timeout.0 < SHORTEST) {
        findings.push(RULE.finding("a resize has at least 5 minutes").at(timeout.span(), ""));
    }
}
