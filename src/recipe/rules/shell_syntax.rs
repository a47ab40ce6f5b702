//! No shell reads a command.

use super::any_task::AnyTask;
use super::program::Program;
use super::rule::{Check, Rule};
use crate::diagnostic::{Code, Collector, Example, Severity};

/// What only a shell understands, when it is a word of its own.
const OPERATORS: &[&str] =
    &["&&", "||", "|", ">", ">>", "<", "<<", "2>", "2>>", "&>", "2>&1", ">&2", "|&", ";", "&"];
/// What is no program but part of a shell.
const BUILTINS: &[&str] =
    &["cd", "export", "source", "set", "unset", "alias", "ulimit", "umask", "eval", "exec", "."];
/// Programs for which these words have a meaning of their own.
const EXEMPT: &[&str] = &["expr", "test", "[", "find", "jq", "awk", "gawk", "sed", "dot", "echo", "printf"];

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "shell-syntax",
        severity: Severity::Warning,
        summary: "a command uses a shell, but no shell reads it",
        explanation: "A command is split into words and handed to the program as it is. `|`, `>`, `&&` and the like \
                      arrive as arguments, and `cd` or `export` are no programs. Ask for a shell: `[/bin/sh, -c, \
                      \"…\"]`, on Windows `[cmd, /c, …]`.",
        examples: &[
            Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: ⟦prepare && train > log.txt⟧ }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: [/bin/sh, -c, \"prepare && train > log.txt\"] }
",
            },
            Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: ⟦cd /app⟧ }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: [/bin/sh, -c, \"cd /app && train\"] }
",
            },
        ],
    },
    checks: &[Check::AnyTask(check)],
};

fn check(task: &AnyTask<'_>, findings: &mut Collector) {
    let Some(command) = task.command else { return };
    let Some(program) = task.program() else { return };
    let name = program.name();
    let entrypoint = task.run_options().is_some_and(|scan| scan.options.entrypoint.is_some());
    if program.reads_shell()
        || entrypoint
        || EXEMPT.contains(&name.as_str()) && !has(program, &["&&", "||", ">"])
    {
        return;
    }
    let message = if BUILTINS.contains(&name.as_str()) {
        format!("`{name}` is part of a shell, and no shell reads this command")
    } else if let Some(operator) = OPERATORS.iter().find(|operator| has(program, &[operator])) {
        format!("`{operator}` is for a shell, and no shell reads this command")
    } else {
        return;
    };
    findings.push(
        RULE.finding(message).at(command.span(), "").help("ask for a shell: `command: [/bin/sh, -c, \"…\"]`"),
    );
}

fn has(program: &Program, operators: &[&str]) -> bool {
    program.words.iter().skip(1).any(|word| operators.contains(&word.as_str()))
}
