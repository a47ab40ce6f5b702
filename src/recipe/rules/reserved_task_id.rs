//! The tasks around a job have ids, too.

use super::rule::{Check, Rule};
use super::scope::JobScope;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::{Field, Task};

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "reserved-task-id",
        severity: Severity::Error,
        summary: "a task has the id of the preparation or release task of its job",
        explanation: "Preparation and release tasks are called `jobpreparation` and `jobrelease` unless they have ids \
                      of their own. Azure Batch refuses another task of that name in the job.",
        examples: &[Example {
            bad: "\
jobs:
  train:
    pool: { id: shared }
    preparation_task: { command: prepare }
    tasks:
      ⟦jobpreparation⟧: { command: train }
",
            good: "\
jobs:
  train:
    pool: { id: shared }
    preparation_task: { command: prepare }
    tasks:
      epoch: { command: train }
",
        }],
    },
    checks: &[Check::Task(check)],
};

fn check(scope: &JobScope<'_>, task: &Task, findings: &mut Collector) {
    let (Some(job), Some(field)) = (scope.job, &task.id) else { return };
    let Some(id) = field.get() else { return };
    let preparation = job.preparation_task.as_ref().and_then(Field::get);
    let preparation = preparation.map(|task| task.id.as_ref().map_or(Some("jobpreparation"), text));
    let release = job.release_task.as_ref().and_then(Field::get);
    let release = release.map(|task| task.id.as_ref().map_or(Some("jobrelease"), text));
    let mut taken = [preparation, release].into_iter().flatten().flatten();
    if taken.any(|taken| taken.eq_ignore_ascii_case(id)) {
        findings
            .push(RULE.finding(format!("`{id}` is the id of a task around the job")).at(field.span(), ""));
    }
}

fn text(field: &Field<String>) -> Option<&str> {
    field.get().map(String::as_str)
}
