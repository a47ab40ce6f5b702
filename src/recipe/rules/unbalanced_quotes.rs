//! A command that is one line can be split into arguments.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use super::scope::JobScope;
use crate::batch::command_line::{self, InvalidCommandLine};
use crate::diagnostic::{Code, Collector, Example, Severity, Span};
use crate::recipe::document::{Command, Field, Task};

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
    checks: &[Check::AnyTask(check_command), Check::Task(check_coordination)],
};

fn check_command(task: &AnyTask<'_>, findings: &mut Collector) {
    if let (Some(command), Some(error)) = (task.command, task.invalid_command()) {
        report(command.span(), error, findings);
    }
}

fn check_coordination(_: &JobScope<'_>, task: &Task, findings: &mut Collector) {
    if let Some(multi_instance) = task.multi_instance.as_ref().and_then(Field::get)
        && let command = &multi_instance.coordination_command
        && let Some(Command::Line(line)) = command.get()
        && let Err(error) = command_line::split(line)
    {
        report(command.span(), &error, findings);
    }
}

fn report(command: Span, error: &InvalidCommandLine, findings: &mut Collector) {
    findings.push(
        RULE.finding("the command cannot be split into arguments")
            .at(command, error.to_string())
            .help("write it as a list: [\"program\", \"argument\"]"),
    );
}
