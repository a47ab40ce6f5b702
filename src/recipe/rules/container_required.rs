//! On a pool with containers every task runs in one.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use crate::diagnostic::{Code, Collector, Example, Severity};

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "container-required",
        severity: Severity::Error,
        summary: "a task without a container on a pool that runs containers",
        explanation: "Azure Batch demands container settings from every task of a pool that has a container \
                      configuration; only tasks around those of a job, such as start tasks, may run on the node itself. \
                      Use a second pool for tasks without containers.",
        examples: &[Example {
            bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: { dedicated: 1 }
jobs:
  train:
    pool: workers
    tasks:
      ⟦epoch⟧: { command: python /app/train.py }
",
            good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: { dedicated: 1 }
jobs:
  train:
    pool: workers
    tasks:
      epoch: { command: python /app/train.py, container: { image: python:3.13-slim } }
",
        }],
    },
    checks: &[Check::AnyTask(check)],
};

fn check(task: &AnyTask<'_>, findings: &mut Collector) {
    let configuration = task.pool.and_then(|pool| pool.container.as_ref());
    if let (Some(configuration), None) = (configuration, task.container)
        && task.wants_container()
    {
        findings.push(
            RULE.finding(format!(
                "the {} has no `container`, but its pool runs containers",
                task.kind.noun()
            ))
            .at(task.span, "this task would run on the node itself")
            .at(configuration.span(), "this makes every task of the pool a container task")
            .help("add `container: { image: … }` to the task"),
        );
    }
}
