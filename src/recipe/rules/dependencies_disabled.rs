//! Dependencies are for jobs that allow them.

use super::rule::{Check, Rule};
use super::scope::JobScope;
use crate::diagnostic::{Code, Collector, Example, Severity};

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "dependencies-disabled",
        severity: Severity::Error,
        summary: "tasks depend on each other in a job that does not allow it",
        explanation: "`uses_task_dependencies` is true by itself when a task has `depends_on`. Switched off, Azure \
                      Batch refuses every such task.",
        examples: &[Example {
            bad: "\
jobs:
  train:
    pool: { id: shared }
    uses_task_dependencies: ⟦false⟧
    tasks:
      prepare: { command: prepare }
      epoch: { command: train, depends_on: [prepare] }
",
            good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      prepare: { command: prepare }
      epoch: { command: train, depends_on: [prepare] }
",
        }],
    },
    checks: &[Check::Job(check)],
};

fn check(scope: &JobScope<'_>, findings: &mut Collector) {
    let Some(flag) = scope.job.and_then(|job| job.uses_task_dependencies.as_ref()) else { return };
    let dependent = scope.tasks.templates.iter().find(|template| !template.depends_on.is_empty());
    if let Some(dependent) = dependent.filter(|_| flag.get() == Some(&false)) {
        findings.push(
            RULE.finding("tasks of this job depend on each other")
                .at(flag.span(), "remove this")
                .at(dependent.name_span, "this task has `depends_on`"),
        );
    }
}
