//! A pool that stays costs money.

use super::rule::{Check, Rule};
use super::scope::JobScope;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::PoolChoice;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "kept-auto-pool",
        severity: Severity::Note,
        summary: "a pool that was made for a job stays when the job has ended",
        explanation: "With `keep_alive: true` nothing deletes the pool: it is there, and is paid for, until somebody \
                      does.",
        examples: &[Example {
                bad: "\
jobs:
  train:
    pool: { auto: { keep_alive: ⟦true⟧, pool: { vm_size: Standard_D2s_v3, image: ubuntu-24.04, nodes: { dedicated: 1 } } } }
    tasks:
      epoch: { command: train }
",
                good: "\
jobs:
  train:
    pool: { auto: { pool: { vm_size: Standard_D2s_v3, image: ubuntu-24.04, nodes: { dedicated: 1 } } } }
    tasks:
      epoch: { command: train }
",
            }],
    },
    checks: &[Check::Job(check)],
};

fn check(scope: &JobScope<'_>, findings: &mut Collector) {
    let Some(PoolChoice::Auto(auto)) = scope.job.and_then(|job| job.pool.get()) else { return };
    let Some(keep_alive) = auto.get().and_then(|auto| auto.keep_alive.as_ref()) else { return };
    if keep_alive.get() == Some(&true) {
        findings
            .push(RULE.finding("nothing deletes this pool when the job has ended").at(keep_alive.span(), ""));
    }
}
