//! Every input comes from one place and goes to one.

use super::any_task::{AnyTask, TaskKind};
use super::rule::{Check, Rule};
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::{Input, entries};

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "input-source",
        severity: Severity::Error,
        summary: "an input comes from no place or from two, or goes nowhere",
        explanation: "An input is a local file or folder (`path`), or a file of the web (`url`), which has no name to keep, so \
                      that `to` is required. Where it goes is below the task's working directory.",
        examples: &[
            Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, inputs: [⟦{ url: \"https://data.example.org/a\" }⟧] }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, inputs: [{ url: \"https://data.example.org/a\", to: a }] }
",
            },
            Example {
                bad: "\
storage: { container_url: { env: FILES_URL } }
jobs:
  train:
    pool:
      auto:
        pool:
          vm_size: Standard_D2s_v3
          image: ubuntu-22.04-container
          container: {}
          nodes: { dedicated: 1 }
          start_task: { command: sh setup, inputs: [⟦{ path: recipe.yaml, to: setup }⟧] }
    tasks:
      epoch: { container: { image: team/train:1.4 } }
",
                good: "\
storage: { container_url: { env: FILES_URL } }
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: { dedicated: 1 }
    start_task: { command: sh setup, inputs: [{ path: recipe.yaml, to: setup }] }
jobs:
  train:
    pool: workers
    tasks:
      epoch: { container: { image: team/train:1.4 } }
",
            },
            Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, inputs: [⟦{ url: \"https://data.example.org/a\", to: ../a }⟧] }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, inputs: [{ url: \"https://data.example.org/a\", to: in/a }] }
",
            },
        ],
    },
    checks: &[Check::AnyTask(check)],
};

fn check(task: &AnyTask<'_>, findings: &mut Collector) {
    let mut pools = entries(task.recipe.pools.as_ref()).iter().filter_map(|pool| pool.value.get());
    let is_declared = task.pool.is_some_and(|pool| pools.any(|declared| std::ptr::eq(declared, pool)));
    let of_auto_pool = task.kind == TaskKind::Start && !is_declared;
    for field in task.inputs.and_then(|inputs| inputs.get()).into_iter().flatten() {
        let Some(input) = field.get() else { continue };
        let unshared =
            "an auto pool is made with its job, and gets no local files: declare the pool under `pools`";
        let unshared = (of_auto_pool && input.path.is_some()).then_some(unshared);
        if let Some(problem) = problem(input).or(unshared) {
            findings.push(RULE.finding(problem).at(field.span(), ""));
        }
    }
}

fn problem(input: &Input) -> Option<&'static str> {
    match (&input.path, &input.url, &input.to) {
        (Some(_), Some(_), _) => Some("the input comes from two places: keep one of `path` and `url`"),
        (None, None, _) => Some("the input comes from nowhere: add `path` or `url`"),
        (None, Some(_), None) => Some("a file of the web needs a name: add `to`"),
        (_, _, Some(to)) => {
            let to = to.get()?;
            let leaves = to.starts_with('/') || to.split('/').any(|step| step == "..");
            leaves.then_some("`to` leaves the task's working directory: it is relative and has no `..`")
        }
        _ => None,
    }
}
