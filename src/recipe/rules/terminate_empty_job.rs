//! A job without tasks has completed all of them.

use super::rule::{Check, Rule};
use super::scope::JobScope;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::OnComplete;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "terminate-empty-job",
        severity: Severity::Warning,
        summary: "a job that ends when its tasks have completed has none",
        explanation: "To Batch a job without tasks has completed all of them: with `on_complete: terminate` it ends at \
                      once, and takes no tasks afterwards.",
        examples: &[Example {
            bad: "\
jobs:
  train:
    pool: { id: shared }
    on_complete: ⟦terminate⟧
    tasks: {}
",
            good: "\
jobs:
  train:
    pool: { id: shared }
    tasks: {}
",
        }],
    },
    checks: &[Check::Job(check)],
};

fn check(scope: &JobScope<'_>, findings: &mut Collector) {
    let Some(job) = scope.job.filter(|job| job.manager_task.is_none()) else { return };
    let is_empty = scope.tasks.complete && scope.tasks.templates.is_empty();
    if let Some(on_complete) = &job.on_complete
        && on_complete.get() == Some(&OnComplete::Terminate)
        && is_empty
    {
        findings.push(
            RULE.finding("a job without tasks ends as soon as it is there")
                .at(on_complete.span(), "all of its tasks have completed, as there are none"),
        );
    }
}
