//! Nobody replaces variables in a command.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::Field;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "unexpanded-variable",
        severity: Severity::Warning,
        summary: "a variable in a command that no shell reads",
        explanation: "A command is handed to the program as it is: `$AZ_BATCH_TASK_WORKING_DIR` arrives with its \
                      dollar sign. Ask for a shell, or let the program read its environment. In `run_options` and in \
                      the values of `environment` Batch replaces variables itself.",
        examples: &[
            Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: ⟦train --out $AZ_BATCH_TASK_WORKING_DIR/model⟧ }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: [/bin/sh, -c, train --out $AZ_BATCH_TASK_WORKING_DIR/model] }
",
            },
            Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: ⟦[train, --rate, \"${RATE}\"]⟧, environment: { RATE: \"0.1\" } }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: [train, --rate, \"0.1\"], environment: { RATE: \"0.1\" } }
",
            },
        ],
    },
    checks: &[Check::AnyTask(check)],
};

fn check(task: &AnyTask<'_>, findings: &mut Collector) {
    let Some(command) = task.command else { return };
    let Some(program) = task.program() else { return };
    let image = task.container.and_then(|container| container.get()?.image.get());
    // The built-in image replaces variables in its arguments; an entry point of one's own choice may be a shell.
    let replaces = image.is_some_and(|image| image.starts_with("batchyard/"))
        || task.run_options().is_some_and(|scan| scan.options.entrypoint.is_some());
    if program.reads_shell() || replaces {
        return;
    }
    let variables = task.environment.and_then(Field::get);
    let is_set = |name: &str| {
        name.starts_with("AZ_BATCH_")
            || variables.is_some_and(|variables| variables.iter().any(|entry| entry.name == name))
    };
    if let Some(name) = program.plain_arguments().flat_map(variables_in).find(|name| is_set(name)) {
        findings.push(
            RULE.finding(format!("nothing replaces `{name}` in this command"))
                .at(command.span(), "the program gets these words as they are")
                .help("ask for a shell: `command: [/bin/sh, -c, \"…\"]`"),
        );
    }
}

/// The names behind dollar signs and between percent signs.
fn variables_in(text: &str) -> impl Iterator<Item = &str> {
    let name =
        |text: &str| text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    let dollars = text.split('$').skip(1).filter_map(move |rest| {
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        rest.get(..name(rest)).filter(|name| !name.is_empty())
    });
    let percents = text.split('%').skip(1).filter(|name| name.starts_with("AZ_BATCH_"));
    dollars.chain(percents)
}
