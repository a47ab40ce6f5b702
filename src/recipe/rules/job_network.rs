//! Jobs choose a network where their pool lets them.

use super::rule::{Check, Rule};
use super::scope::JobScope;
use crate::batch::model::DynamicVNetAssignmentScope;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::Pool;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "job-network",
        severity: Severity::Error,
        summary: "a job has a network, and its pool does not let jobs choose one",
        explanation: "The nodes of a pool join the networks of their jobs only if it has `network: { \
                      dynamic_vnet_assignment_scope: job }`. Azure Batch refuses the job otherwise.",
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
    network: ⟦{ subnet_id: /subscriptions/s/subnets/a, skip_withdraw_from_vnet: false }⟧
    tasks:
      epoch: { container: { image: team/train:1.4 } }
",
            good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    network: { dynamic_vnet_assignment_scope: job }
    nodes: { dedicated: 2 }
jobs:
  train:
    pool: workers
    network: { subnet_id: /subscriptions/s/subnets/a, skip_withdraw_from_vnet: false }
    tasks:
      epoch: { container: { image: team/train:1.4 } }
",
        }],
    },
    checks: &[Check::Job(check)],
};

fn check(scope: &JobScope<'_>, findings: &mut Collector) {
    let Some(network) = scope.job.and_then(|job| job.network.as_ref()) else { return };
    if scope.pool().is_some_and(|pool| !may_choose(pool)) {
        findings.push(
            RULE.finding("the pool does not let jobs choose a network")
                .at(network.span(), "")
                .help("add `network: { dynamic_vnet_assignment_scope: job }` to the pool"),
        );
    }
}

/// Whether jobs may choose a network, or that cannot be told.
fn may_choose(pool: &Pool) -> bool {
    let Some(network) = &pool.network else { return false };
    let Some(network) = network.get() else { return true };
    let Some(scope) = &network.dynamic_vnet_assignment_scope else { return false };
    scope.get().is_none_or(|scope| scope.value() == DynamicVNetAssignmentScope::Job)
}
