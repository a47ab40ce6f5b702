//! Containers need a pool that is prepared for them.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use crate::diagnostic::{Code, Collector, Example, Severity};

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "container-unsupported",
        severity: Severity::Error,
        summary: "a container task on a pool that is not prepared for containers",
        explanation: "A pool runs container tasks only if it has a `container` section. An empty one, `container: {}`, \
                      is enough: images are then fetched when a task needs them.",
        examples: &[
            Example {
                bad: "\
pools:
  workers: { vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, nodes: { dedicated: 1 } }
jobs:
  train:
    pool: workers
    tasks:
      epoch: { container: ⟦{ image: team/train:1.4 }⟧ }
",
                good: "\
pools:
  workers: { vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {}, nodes: { dedicated: 1 } }
jobs:
  train:
    pool: workers
    tasks:
      epoch: { container: { image: team/train:1.4 } }
",
            },
            Example {
                bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    nodes: { dedicated: 1 }
    start_task: { command: prepare, container: ⟦{ image: team/train:1.4 }⟧ }
",
                good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: { dedicated: 1 }
    start_task: { command: prepare, container: { image: team/train:1.4 } }
",
            },
        ],
    },
    checks: &[Check::AnyTask(check)],
};

fn check(task: &AnyTask<'_>, findings: &mut Collector) {
    let (Some(pool), Some(container)) = (task.pool, task.container) else { return };
    if pool.container.is_none() {
        let what = task.kind.noun();
        findings.push(
            RULE.finding(format!("the {what} runs in a container, but its pool runs none"))
                .at(container.span(), "")
                .help(
                    "add `container: {}` to the pool, or the images to fetch: `container: { prefetch: […] }`",
                ),
        );
    }
}
