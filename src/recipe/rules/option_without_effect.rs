//! No terminal and no input are connected to a task.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::Field;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "option-without-effect",
        severity: Severity::Note,
        summary: "a run option changes nothing",
        explanation: "`-i` and `-t` connect a container to a terminal and its input; a task has neither. A program \
                      that waits for input gets none, and one that sees a terminal may write control characters into \
                      stdout.txt.",
        examples: &[Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim, run_options: ⟦-it --rm⟧ }, command: python /app/train.py }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim, run_options: --rm }, command: python /app/train.py }
",
            }],
    },
    checks: &[Check::AnyTask(check)],
};

fn check(task: &AnyTask<'_>, findings: &mut Collector) {
    let field = task.container.and_then(|container| container.get()?.run_options.as_ref());
    let (Some(field), Some(scan)) = (field.map(Field::span), task.run_options()) else { return };
    // A name is a matter of its own.
    let idle: Vec<_> = scan.options.notes.iter().filter(|note| note.option != "--name").collect();
    let Some(first) = idle.first() else { return };
    let options: Vec<String> = idle.iter().map(|note| format!("`{}`", note.option)).collect();
    let verb = if idle.len() == 1 { "changes" } else { "change" };
    findings.push(
        RULE.finding(format!("{} {verb} nothing: {}", options.join(" and "), first.text)).at(field, ""),
    );
}
