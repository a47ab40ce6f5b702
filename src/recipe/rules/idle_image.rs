//! An image of an operating system does nothing by itself.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::Command;

/// Official images whose command is a shell or the prompt of a language.
const IDLE: &[&str] = &[
    "almalinux",
    "alpine",
    "amazonlinux",
    "archlinux",
    "bash",
    "busybox",
    "centos",
    "debian",
    "fedora",
    "golang",
    "julia",
    "node",
    "openjdk",
    "oraclelinux",
    "perl",
    "php",
    "python",
    "r-base",
    "rockylinux",
    "ruby",
    "rust",
    "ubuntu",
];

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "idle-image",
        severity: Severity::Warning,
        summary: "a task runs an image that only starts a shell, without a command",
        explanation: "Without a command the image's own entry point runs. Images of operating systems and languages \
                      start a shell or a prompt, which ends at once with success, as no input is connected to a task.",
        examples: &[Example {
            bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: ⟦python:3.13-slim⟧ } }
",
            good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim }, command: python /app/train.py }
",
        }],
    },
    checks: &[Check::AnyTask(check)],
};

fn check(task: &AnyTask<'_>, findings: &mut Collector) {
    let has_command = task.command.is_some_and(|command| !command.get().is_some_and(is_empty));
    let has_entrypoint = task.run_options().is_some_and(|scan| scan.options.entrypoint.is_some());
    let Some(named) = task.image().filter(|_| !has_command && !has_entrypoint) else { return };
    let Some(image) = named.reference() else { return };
    let official = image.repository().strip_prefix("library/").filter(|_| image.registry() == "docker.io");
    if official.is_some_and(|official| IDLE.contains(&official)) {
        findings.push(
            RULE.finding("this image does nothing without a command")
                .at(named.span, "it starts a shell or a prompt, which ends at once")
                .help("give the task a `command`"),
        );
    }
}

fn is_empty(command: &Command) -> bool {
    match command {
        Command::Line(line) => line.trim().is_empty(),
        Command::Arguments(arguments) => arguments.is_empty(),
    }
}
