//! A task needs something to run.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use super::scope::JobScope;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::{Command, Field, Task};

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "missing-command",
        severity: Severity::Error,
        summary: "a task without a container has no command, or a coordination command is empty",
        explanation: "Inside a container an absent command means the image's own entry point. On the node itself there \
                      is nothing to run without a command, and the service refuses a coordination command that is empty.",
        examples: &[
            Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      ⟦epoch⟧: { retries: 2 }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { retries: 2, command: train }
",
            },
            Example {
                bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04
    nodes: { dedicated: 1 }
    start_task: { command: ⟦\"\"⟧, elevation: admin }
",
                good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04
    nodes: { dedicated: 1 }
    start_task: { command: apt-get update, elevation: admin }
",
            },
            Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      solve:
        container: { image: team/solver:2 }
        multi_instance: { number_of_instances: 2, coordination_command: ⟦\"\"⟧ }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      solve:
        container: { image: team/solver:2 }
        multi_instance: { number_of_instances: 2, coordination_command: /usr/sbin/sshd }
",
            },
        ],
    },
    checks: &[Check::AnyTask(check), Check::Task(check_coordination)],
};

fn check(task: &AnyTask<'_>, findings: &mut Collector) {
    let nothing_to_run = task.command.is_none_or(|command| command.get().is_some_and(is_empty));
    // Where the pool demands a container, that is the one thing to complain about.
    let wants_container = task.wants_container() && task.pool.is_some_and(|pool| pool.container.is_some());
    if !nothing_to_run || task.container.is_some() || wants_container {
        return;
    }
    let what = task.kind.noun();
    findings.push(
        RULE.finding(format!("a {what} without a container needs a command"))
            .at(task.command.map_or(task.span, |command| command.span()), "there is nothing to run")
            .help("give it a `command`, or a `container` whose image has an entry point"),
    );
}

fn check_coordination(_job: &JobScope<'_>, task: &Task, findings: &mut Collector) {
    let multi_instance = task.multi_instance.as_ref().and_then(Field::get);
    let Some(command) = multi_instance.map(|settings| &settings.coordination_command) else { return };
    if command.get().is_some_and(is_empty) {
        findings.push(
            RULE.finding("a task that runs on several nodes at once needs a coordination command")
                .at(command.span(), "there is nothing to run")
                .help("start what the nodes reach each other by, as an SSH server, or say `true`"),
        );
    }
}

fn is_empty(command: &Command) -> bool {
    match command {
        Command::Line(line) => line.trim().is_empty(),
        Command::Arguments(arguments) => arguments.is_empty(),
    }
}
