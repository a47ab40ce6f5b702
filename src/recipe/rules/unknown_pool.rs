//! A job runs on a pool that is there.

use super::rule::{Check, Rule};
use super::scope::{JobScope, members};
use crate::diagnostic::{Code, Collector, Example, Severity, quote};
use crate::recipe::document::PoolChoice;
use crate::recipe::suggest;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "unknown-pool",
        severity: Severity::Error,
        summary: "a job names a pool that the recipe does not have",
        explanation: "A word under `pool` is the key of a pool of the same recipe. A pool that exists already is named by \
                      its id: `pool: { id: shared-pool }`.",
        examples: &[Example {
            bad: "\
jobs:
  train:
    pool: ⟦shared⟧
    tasks:
      epoch: { command: train }
",
            good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train }
",
        }],
    },
    checks: &[Check::Job(check)],
};

fn check(job: &JobScope<'_>, findings: &mut Collector) {
    let Some(field) = job.job.map(|job| &job.pool) else { return };
    let (Some(PoolChoice::Key(key)), Some(pools)) = (field.get(), members(job.recipe.pools.as_ref())) else {
        return;
    };
    if job.declared_pool.is_some() {
        return;
    }
    let names = || pools.iter().map(|entry| entry.name.as_str());
    let finding = RULE.finding(format!("the recipe has no pool {}", quote(key))).at(field.span(), "");
    findings.push(match suggest::nearest(key, names()) {
        Some(near) => finding.help(format!("did you mean `{near}`?")),
        None if pools.is_empty() => {
            finding.help("name a pool that exists already by its id: `pool: { id: … }`")
        }
        None => finding
            .help(format!("the recipe has {}", suggest::list(names().map(str::to_owned))))
            .help("name a pool that exists already by its id: `pool: { id: … }`"),
    });
}
