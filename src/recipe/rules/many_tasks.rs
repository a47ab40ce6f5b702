//! A product grows fast.

use super::rule::{Check, Rule};
use super::scope::JobScope;
use crate::diagnostic::{Code, Collector, Example, Severity};

/// More tasks than this are worth a word.
const MANY: u64 = 20_000;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "many-tasks",
        severity: Severity::Note,
        summary: "a job has very many tasks",
        explanation: "`for_each` makes a task for every combination of its values. Adding 100,000 tasks takes minutes, \
                      and Batch does not vouch for the counts of a job with more than 200,000.",
        examples: &[Example {
            bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      ⟦epoch⟧: { for_each: { rate: { range: [1, 150] }, seed: { range: [1, 150] } }, command: train }
",
            good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { for_each: { rate: { range: [1, 15] }, seed: { range: [1, 15] } }, command: train }
",
        }],
    },
    checks: &[Check::Job(check)],
};

fn check(scope: &JobScope<'_>, findings: &mut Collector) {
    let total: u64 = scope.tasks.templates.iter().map(|template| template.count()).sum();
    let largest = scope.tasks.templates.iter().max_by_key(|template| template.count());
    if let Some(largest) = largest.filter(|_| total > MANY) {
        findings.push(
            RULE.finding(format!("the job has {total} tasks"))
                .at(largest.name_span, format!("{} of them are of this name", largest.count())),
        );
    }
}
