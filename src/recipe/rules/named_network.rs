//! A node has no networks but Docker's own.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use crate::batch::run_options::NetworkMode;
use crate::diagnostic::{Code, Collector, Example, Severity, quote};
use crate::recipe::document::Field;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "named-network",
        severity: Severity::Warning,
        summary: "a container joins a network that nodes do not have",
        explanation: "Nodes have the networks `bridge`, `host` and `none`. Any other must have been made on every node \
                      before the task, by a start task for instance.",
        examples: &[Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim, run_options: ⟦--network train-net⟧ }, command: python /app/train.py }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim, run_options: --network host }, command: python /app/train.py }
",
            }],
    },
    checks: &[Check::AnyTask(check)],
};

fn check(task: &AnyTask<'_>, findings: &mut Collector) {
    let field = task.container.and_then(|container| container.get()?.run_options.as_ref());
    let (Some(field), Some(scan)) = (field.map(Field::span), task.run_options()) else { return };
    let NetworkMode::Named(name) = scan.options.network.clone().unwrap_or_default() else { return };
    let makes_networks = task.pool.is_some_and(|pool| pool.start_task.is_some());
    if name != "bridge" && name != "nat" && !makes_networks {
        findings.push(
            RULE.finding(format!("nodes have no network {}", quote(&name)))
                .at(field, "")
                .help("use `host`, `none` or the default, or make the network in a start task"),
        );
    }
}
