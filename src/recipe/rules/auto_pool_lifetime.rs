//! A pool for a schedule needs a schedule.

use super::rule::{Check, Rule};
use super::scope::JobScope;
use crate::batch::model::BatchPoolLifetimeOption;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::PoolChoice;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "auto-pool-lifetime",
        severity: Severity::Error,
        summary: "a job without a schedule has a pool that lives as long as its schedule",
        explanation: "`pool_lifetime_option: job_schedule` shares one pool among the jobs of a schedule. Azure Batch \
                      refuses it for a job without one.",
        examples: &[Example {
                bad: "\
jobs:
  train:
    pool: { auto: { pool_lifetime_option: ⟦job_schedule⟧, pool: { vm_size: Standard_D2s_v3, image: ubuntu-24.04, nodes: { dedicated: 1 } } } }
    tasks:
      epoch: { command: train }
",
                good: "\
jobs:
  train:
    pool: { auto: { pool_lifetime_option: job, pool: { vm_size: Standard_D2s_v3, image: ubuntu-24.04, nodes: { dedicated: 1 } } } }
    tasks:
      epoch: { command: train }
",
            }],
    },
    checks: &[Check::Job(check)],
};

fn check(scope: &JobScope<'_>, findings: &mut Collector) {
    let Some(PoolChoice::Auto(auto)) =
        scope.job.filter(|_| !scope.is_scheduled).and_then(|job| job.pool.get())
    else {
        return;
    };
    let Some(lifetime) = auto.get().and_then(|auto| auto.pool_lifetime_option.as_ref()) else { return };
    if lifetime.get().is_some_and(|lifetime| lifetime.value() == BatchPoolLifetimeOption::JobSchedule) {
        findings.push(RULE.finding("this job has no schedule").at(lifetime.span(), "use `job`"));
    }
}
