//! Every input comes from one place and goes to one.

use super::rule::{Check, Rule};
use super::scope::JobScope;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::{Input, Task};

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
    checks: &[Check::Task(check)],
};

fn check(_: &JobScope<'_>, task: &Task, findings: &mut Collector) {
    for field in task.inputs.as_ref().and_then(|inputs| inputs.get()).into_iter().flatten() {
        if let Some(problem) = field.get().and_then(problem) {
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
