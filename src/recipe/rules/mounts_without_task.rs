//! A container that does not see its task's folder cannot start in it.

use super::any_task::{AnyTask, TaskKind};
use super::rule::{Check, Rule};
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::{Field, MountSource, WorkingDirectory};

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "mounts-without-task",
        severity: Severity::Error,
        summary: "a container starts in the task's folder but does not mount it",
        explanation: "`mounts` replaces the mount of the whole Batch folder. Without `task` in the list (`startup` for a \
                      start task) the working directory does not exist inside the container, so the command must start \
                      in the image's WORKDIR.",
        examples: &[Example {
            bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: team/train:1.4, mounts: ⟦[shared]⟧ } }
",
            good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: team/train:1.4, mounts: [task, shared] } }
",
        }],
    },
    checks: &[Check::AnyTask(check)],
};

fn check(task: &AnyTask<'_>, findings: &mut Collector) {
    let (needed, name) = match task.kind {
        TaskKind::Start => (MountSource::Startup, "startup"),
        TaskKind::Preparation => (MountSource::JobPrep, "job_prep"),
        _ => (MountSource::Task, "task"),
    };
    let Some(container) = task.container.and_then(Field::get) else { return };
    let starts_in_task = match &container.working_directory {
        Some(directory) => directory.get() == Some(&WorkingDirectory::Task),
        None => true,
    };
    let Some(field) = &container.mounts else { return };
    let Some(mounts) = field.get() else { return };
    let sources: Option<Vec<MountSource>> =
        mounts.iter().map(|mount| mount.get()?.source.get().copied()).collect();
    if starts_in_task && sources.is_some_and(|sources| !sources.contains(&needed)) {
        findings.push(
            RULE.finding("the container does not mount the folder that it starts in")
                .at(field.span(), format!("`{name}` is not among the mounts"))
                .help(format!(
                    "add `{name}` to the mounts, or start in the image: `working_directory: image`"
                )),
        );
    }
}
