//! A command that is one line can be split into arguments.

use super::rule::{Check, Rule};
use super::scope::AnyTask;
use crate::batch::command_line;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::Command;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "unbalanced-quotes",
        severity: Severity::Error,
        summary: "a command cannot be split into arguments",
        explanation: "A command that is one line is split at blanks. Quotes keep blanks together and backslashes take \
                      the meaning from the next character, as in a shell; a quote that is opened must be closed. A list \
                      needs no quoting.",
        examples: &[Example {
            bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      greet: { command: ⟦echo it's late⟧ }
",
            good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      greet: { command: [echo, it's late] }
",
        }],
    },
    checks: &[Check::AnyTask(check)],
};

fn check(task: &AnyTask<'_>, findings: &mut Collector) {
    let Some(command) = task.command else { return };
    if let Some(Command::Line(line)) = command.get()
        && let Err(error) = command_line::split(line)
    {
        findings.push(
            RULE.finding("the command cannot be split into arguments")
                .at(command.span(), error.to_string())
                .help("write it as a list: [\"program\", \"argument\"]"),
        );
    }
}
