//! Names that Batch gives to variables are its own.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use super::scope::JobScope;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::{Environment, Field};

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "reserved-variable",
        severity: Severity::Warning,
        summary: "an environment variable has a name that Batch keeps for itself",
        explanation: "Variables that begin with `AZ_BATCH_` are set by Batch: a value of one's own is overwritten, or \
                      misleads whatever relies on the name.",
        examples: &[Example {
            bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, environment: { ⟦AZ_BATCH_TASK_WORKING_DIR⟧: /data } }
",
            good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, environment: { DATA_DIR: /data } }
",
        }],
    },
    checks: &[Check::Job(check_job), Check::AnyTask(check_task)],
};

fn check_job(job: &JobScope<'_>, findings: &mut Collector) {
    check(job.job.and_then(|job| job.environment.as_ref()), findings);
}

fn check_task(task: &AnyTask<'_>, findings: &mut Collector) {
    check(task.environment, findings);
}

fn check(environment: Option<&Field<Environment>>, findings: &mut Collector) {
    for entry in environment.and_then(Field::get).into_iter().flat_map(|environment| environment.iter()) {
        if entry.name.to_ascii_uppercase().starts_with("AZ_BATCH_") {
            findings.push(
                RULE.finding(format!("`{}` is a variable of Batch", entry.name))
                    .at(entry.name_span, "")
                    .help("choose a name that does not begin with `AZ_BATCH_`"),
            );
        }
    }
}
