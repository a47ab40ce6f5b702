//! A task fits on a node.

use super::rule::{JobScope, Rule};
use crate::diagnostic::{Code, Collector, Diagnostic, Severity};
use crate::recipe::document::Task;

const CODE: Code = Code {
    name: "too-many-slots",
    severity: Severity::Error,
    summary: "a task takes more slots than a node of its pool has",
    explanation: "No node could ever take the task; it would stay active for ever.",
    examples: &[],
};

pub(super) struct Slots;

impl Rule for Slots {
    fn codes(&self) -> &'static [&'static Code] {
        &[&CODE]
    }

    fn check_task(&self, job: &JobScope<'_>, task: &Task, findings: &mut Collector) {
        let (Some(pool), Some(slots)) = (job.pool(), &task.slots) else { return };
        let available = match &pool.slots_per_node {
            Some(field) => field.get().copied(),
            None => Some(1),
        };
        let (Some(wanted), Some(available)) = (slots.get(), available) else { return };
        if *wanted <= available {
            return;
        }
        let message = format!("the task takes {wanted} slots, but a node of its pool has {available}");
        let finding = Diagnostic::new(&CODE, message).at(slots.span(), "");
        findings.push(match &pool.slots_per_node {
            Some(field) => finding.at(field.span(), "this is what a node has"),
            None => finding.note("the pool has no `slots_per_node`, so a node has one slot"),
        });
    }
}
