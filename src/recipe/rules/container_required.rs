//! On a pool with containers every task runs in one.

use super::rule::{JobScope, Rule};
use crate::diagnostic::{Code, Collector, Diagnostic, Severity};
use crate::recipe::document::{Field, Task};

const CODE: Code = Code {
    name: "container-required",
    severity: Severity::Error,
    summary: "a task without a container on a pool that runs containers",
    explanation: "Azure Batch demands container settings from every task of a pool that has a container configuration; \
                  only start tasks may run on the node itself. Use a second pool for tasks without containers.",
    examples: &[],
};

pub(super) struct ContainerRequired;

impl Rule for ContainerRequired {
    fn codes(&self) -> &'static [&'static Code] {
        &[&CODE]
    }

    fn check_task(&self, job: &JobScope<'_>, task: &Task, findings: &mut Collector) {
        let Some(pool) = job.pool() else { return };
        if let (Some(configuration), None) = (&pool.container, &task.container)
            && let Some(place) = task.id.as_ref().map(Field::span)
        {
            findings.push(
                Diagnostic::new(&CODE, "the task has no `container`, but its pool runs containers")
                    .at(place, "this task would run on the node itself")
                    .at(configuration.span(), "this makes every task of the pool a container task")
                    .help("add `container: { image: … }` to the task"),
            );
        }
    }
}
