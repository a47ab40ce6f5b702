//! A pool without nodes runs nothing.

use super::rule::{Check, Rule};
use super::scope::JobScope;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::Field;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "pool-without-nodes",
        severity: Severity::Note,
        summary: "a job runs on a pool that has no nodes",
        explanation: "The tasks of the job wait until somebody resizes the pool.",
        examples: &[Example {
            bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: ⟦{ dedicated: 0 }⟧
jobs:
  train:
    pool: workers
    tasks:
      epoch: { container: { image: python:3.13-slim }, command: python /app/train.py }
",
            good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: { dedicated: 1 }
jobs:
  train:
    pool: workers
    tasks:
      epoch: { container: { image: python:3.13-slim }, command: python /app/train.py }
",
        }],
    },
    checks: &[Check::Job(check)],
};

fn check(job: &JobScope<'_>, findings: &mut Collector) {
    let Some(pool) = job.pool() else { return };
    // A formula sets the number of nodes once the pool is there.
    let Some(nodes) = pool.nodes.get().filter(|nodes| nodes.autoscale.is_none()) else { return };
    let is_zero = |count: &Option<Field<i32>>| count.as_ref().is_none_or(|count| count.get() == Some(&0));
    if is_zero(&nodes.dedicated) && is_zero(&nodes.spot) {
        findings.push(
            RULE.finding("the pool has no nodes, so the tasks of its jobs wait")
                .at(pool.nodes.span(), "")
                .help("give it nodes: `nodes: { dedicated: 1 }`"),
        );
    }
}
