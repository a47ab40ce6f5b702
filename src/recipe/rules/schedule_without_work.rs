//! A scheduled job needs somebody who gives it work.

use super::rule::{Check, Rule};
use super::scope::JobScope;
use crate::diagnostic::{Code, Collector, Example, Severity};

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "schedule-without-work",
        severity: Severity::Warning,
        summary: "a schedule makes jobs that nobody gives tasks",
        explanation: "Batch makes the jobs of a schedule and starts their `manager_task`, which does the work or adds \
                      the tasks that do. Without one a job stays empty and active, and the schedule waits for its end \
                      before it makes the next.",
        examples: &[Example {
            bad: "\
schedules:
  nightly:
    recurrence: { interval: 1d }
    job: { pool: ⟦{ id: shared }⟧ }
",
            good: "\
schedules:
  nightly:
    recurrence: { interval: 1d }
    job: { pool: { id: shared }, manager_task: { command: plan } }
",
        }],
    },
    checks: &[Check::Job(check)],
};

fn check(scope: &JobScope<'_>, findings: &mut Collector) {
    let Some(job) = scope.job.filter(|job| scope.is_scheduled && job.manager_task.is_none()) else { return };
    findings.push(
        RULE.finding("nothing adds tasks to the jobs of this schedule")
            .at(job.pool.span(), "on this pool")
            .help("add a `manager_task`"),
    );
}
