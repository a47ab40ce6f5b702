//! A task does not outlive its job.

use super::rule::{Check, Rule};
use super::scope::JobScope;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::Task;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "wall-time-over-job",
        severity: Severity::Warning,
        summary: "a task may run longer than its job",
        explanation: "When the time of a job is over, its running tasks are ended, whatever their own limits.",
        examples: &[Example {
            bad: "\
jobs:
  train:
    pool: { id: shared }
    max_wall_time: 1h
    tasks:
      epoch: { command: train, max_wall_time: ⟦2h⟧ }
",
            good: "\
jobs:
  train:
    pool: { id: shared }
    max_wall_time: 3h
    tasks:
      epoch: { command: train, max_wall_time: 2h }
",
        }],
    },
    checks: &[Check::Task(check)],
};

fn check(scope: &JobScope<'_>, task: &Task, findings: &mut Collector) {
    let job = scope.job.and_then(|job| job.max_wall_time.as_ref());
    let (Some(job), Some(task)) = (job, &task.max_wall_time) else { return };
    if let (Some(job_limit), Some(task_limit)) = (job.get(), task.get())
        && task_limit.0 > job_limit.0
    {
        findings.push(
            RULE.finding("the task may run longer than its job")
                .at(task.span(), "")
                .at(job.span(), "then the job ends, and its tasks with it"),
        );
    }
}
