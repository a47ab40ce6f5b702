//! Tasks rely on what the start task prepares.

use super::rule::{Check, Rule};
use super::scope::PoolScope;
use crate::diagnostic::{Code, Collector, Example, Severity};

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "start-task-not-awaited",
        severity: Severity::Warning,
        summary: "nodes take tasks before their start task has succeeded",
        explanation: "With `wait: false` a node takes tasks while its start task is still running, and also when it \
                      has failed: tasks find the node half prepared, and nothing marks it.",
        examples: &[Example {
            bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    start_task: { command: /bin/prepare, wait: ⟦false⟧ }
    nodes: { dedicated: 1 }
",
            good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    start_task: { command: /bin/prepare, wait: true }
    nodes: { dedicated: 1 }
",
        }],
    },
    checks: &[Check::Pool(check)],
};

fn check(scope: &PoolScope<'_>, findings: &mut Collector) {
    let start_task = scope.pool.start_task.as_ref().and_then(|task| task.get());
    let Some(wait) = start_task.and_then(|task| task.wait.as_ref()) else { return };
    if wait.get() == Some(&false) {
        findings.push(
            RULE.finding("nodes take tasks before the start task has succeeded")
                .at(wait.span(), "also if it fails"),
        );
    }
}
