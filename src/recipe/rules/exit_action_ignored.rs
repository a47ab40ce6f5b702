//! A job acts on exit codes if it is told to.

use super::rule::{Check, Rule};
use super::scope::JobScope;
use crate::batch::model::BatchTaskFailureMode;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::{ExitConditions, ExitOptions, Field, Task};

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "exit-action-ignored",
        severity: Severity::Error,
        summary: "an exit code is to act on a job that does not act on exit codes",
        explanation: "`job_action` needs `on_task_failure: perform_exit_options_job_action` on the job; Azure Batch \
                      refuses tasks that have one without the other.",
        examples: &[Example {
            bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, exit_conditions: { default: { job_action: ⟦terminate⟧ } } }
",
            good: "\
jobs:
  train:
    pool: { id: shared }
    on_task_failure: perform_exit_options_job_action
    tasks:
      epoch: { command: train, exit_conditions: { default: { job_action: terminate } } }
",
        }],
    },
    checks: &[Check::Task(check)],
};

fn check(scope: &JobScope<'_>, task: &Task, findings: &mut Collector) {
    let (Some(job), Some(conditions)) = (scope.job, task.exit_conditions.as_ref().and_then(Field::get))
    else {
        return;
    };
    let acts = match &job.on_task_failure {
        Some(mode) => {
            mode.get().is_none_or(|mode| mode.value() == BatchTaskFailureMode::PerformExitOptionsJobAction)
        }
        None => false,
    };
    if acts {
        return;
    }
    for action in options(conditions).filter_map(|options| options.job_action.as_ref()) {
        findings.push(
            RULE.finding("the job does not act on how its tasks end")
                .at(action.span(), "")
                .help("add `on_task_failure: perform_exit_options_job_action` to the job"),
        );
    }
}

fn options(conditions: &ExitConditions) -> impl Iterator<Item = &ExitOptions> {
    let codes = conditions.exit_codes.as_ref().and_then(Field::get).into_iter().flatten();
    let codes = codes.filter_map(|code| code.get()?.exit_options.get());
    let ranges = conditions.exit_code_ranges.as_ref().and_then(Field::get).into_iter().flatten();
    let ranges = ranges.filter_map(|range| range.get()?.exit_options.get());
    let others = [&conditions.pre_processing_error, &conditions.file_upload_error, &conditions.default];
    codes.chain(ranges).chain(others.into_iter().flatten().filter_map(Field::get))
}
