//! A task needs something to run.

use super::rule::{JobScope, Rule, members};
use crate::batch::command_line;
use crate::diagnostic::{Code, Collector, Diagnostic, Severity};
use crate::recipe::codes;
use crate::recipe::document::{Command, Field, Recipe, Task};

const CODE: Code = Code {
    name: "missing-command",
    severity: Severity::Error,
    summary: "a task without a container has no command",
    explanation: "Inside a container an absent command means the image's own entry point. On the node itself there is \
                  nothing to run without a command.",
    examples: &[],
};

pub(super) struct CommandPresent;

impl Rule for CommandPresent {
    fn codes(&self) -> &'static [&'static Code] {
        &[&CODE]
    }

    fn check_recipe(&self, recipe: &Recipe, findings: &mut Collector) {
        for entry in members(recipe.pools.as_ref()).unwrap_or_default() {
            let start_task = entry.value.get().and_then(|pool| pool.start_task.as_ref()?.get());
            let Some(start_task) = start_task else { continue };
            check_quotes(&start_task.command, findings);
            if start_task.container.is_none() && start_task.command.get().is_some_and(is_empty) {
                let finding = Diagnostic::new(&CODE, "a start task on the node itself needs a command");
                findings.push(finding.at(start_task.command.span(), "there is nothing to run"));
            }
        }
    }

    fn check_task(&self, job: &JobScope<'_>, task: &Task, findings: &mut Collector) {
        if let Some(command) = &task.command {
            check_quotes(command, findings);
        }
        let nothing_to_run = task.command.as_ref().is_none_or(|command| command.get().is_some_and(is_empty));
        // Where the pool demands a container, that is the one thing to complain about.
        let container_pool = job.pool().is_some_and(|pool| pool.container.is_some());
        if !nothing_to_run || task.container.is_some() || container_pool {
            return;
        }
        if let Some(span) = task.command.as_ref().map(Field::span).or(task.id.as_ref().map(Field::span)) {
            findings.push(
                Diagnostic::new(&CODE, "a task without a container needs a command")
                    .at(span, "there is nothing to run")
                    .help("give it a `command`, or a `container` whose image has an entry point"),
            );
        }
    }
}

fn is_empty(command: &Command) -> bool {
    match command {
        Command::Line(line) => line.trim().is_empty(),
        Command::Arguments(arguments) => arguments.is_empty(),
    }
}

fn check_quotes(command: &Field<Command>, findings: &mut Collector) {
    if let Some(Command::Line(line)) = command.get()
        && let Err(error) = command_line::split(line)
    {
        findings.push(
            Diagnostic::new(&codes::INVALID_VALUE, "the command cannot be split into arguments")
                .at(command.span(), error.to_string())
                .help("write it as a list: [\"program\", \"argument\"]"),
        );
    }
}
