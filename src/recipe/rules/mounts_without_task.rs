//! A container that does not see its task's folder cannot start in it.

use super::rule::{JobScope, Rule, start_containers};
use crate::diagnostic::{Code, Collector, Diagnostic, Severity};
use crate::recipe::document::{Field, MountSource, Recipe, Task, TaskContainer, WorkingDirectory};

const CODE: Code = Code {
    name: "mounts-without-task",
    severity: Severity::Error,
    summary: "a container starts in the task's folder but does not mount it",
    explanation: "`mounts` replaces the mount of the whole Batch folder. Without `task` in the list (`startup` for a start \
                  task) the working directory does not exist inside the container, so the command must start in the \
                  image's WORKDIR.",
    examples: &[],
};

pub(super) struct MountsWithoutTask;

impl Rule for MountsWithoutTask {
    fn codes(&self) -> &'static [&'static Code] {
        &[&CODE]
    }

    fn check_recipe(&self, recipe: &Recipe, findings: &mut Collector) {
        for (_, container) in start_containers(recipe) {
            check(container, MountSource::Startup, "startup", findings);
        }
    }

    fn check_task(&self, _: &JobScope<'_>, task: &Task, findings: &mut Collector) {
        if let Some(container) = &task.container {
            check(container, MountSource::Task, "task", findings);
        }
    }
}

fn check(container: &Field<TaskContainer>, needed: MountSource, name: &str, findings: &mut Collector) {
    let Some(container) = container.get() else { return };
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
            Diagnostic::new(&CODE, "the container does not mount the folder that it starts in")
                .at(field.span(), format!("`{name}` is not among the mounts"))
                .help(format!(
                    "add `{name}` to the mounts, or start in the image: `working_directory: image`"
                )),
        );
    }
}
