//! Containers need a pool that is prepared for them.

use super::rule::{JobScope, Rule, start_containers};
use crate::diagnostic::{Code, Collector, Diagnostic, Severity, Span};
use crate::recipe::document::{Pool, Recipe, Task};

const CODE: Code = Code {
    name: "container-unsupported",
    severity: Severity::Error,
    summary: "a container task on a pool that is not prepared for containers",
    explanation: "A pool runs container tasks only if it has a `container` section. An empty one, `container: {}`, is \
                  enough: images are then fetched when a task needs them.",
    examples: &[],
};

pub(super) struct ContainerUnsupported;

impl Rule for ContainerUnsupported {
    fn codes(&self) -> &'static [&'static Code] {
        &[&CODE]
    }

    fn check_recipe(&self, recipe: &Recipe, findings: &mut Collector) {
        for (pool, container) in start_containers(recipe) {
            check(pool, container.span(), "start task", findings);
        }
    }

    fn check_task(&self, job: &JobScope<'_>, task: &Task, findings: &mut Collector) {
        if let (Some(pool), Some(container)) = (job.pool(), &task.container) {
            check(pool, container.span(), "task", findings);
        }
    }
}

fn check(pool: &Pool, container: Span, what: &str, findings: &mut Collector) {
    if pool.container.is_none() {
        findings.push(
            Diagnostic::new(&CODE, format!("the {what} runs in a container, but its pool runs none"))
                .at(container, "")
                .help(
                    "add `container: {}` to the pool, or the images to fetch: `container: { prefetch: […] }`",
                ),
        );
    }
}
