//! Relative outputs are in the task's folder.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::WorkingDirectory;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "outputs-elsewhere",
        severity: Severity::Warning,
        summary: "outputs are looked for in the task's folder, and the command starts in the image",
        explanation: "Patterns of outputs are relative to the task's working directory on the node. A command that \
                      starts in the image's own folder writes relative paths there, where no pattern finds them. \
                      `../std*.txt` is always there.",
        examples: &[Example {
                bad: "\
storage: { container_url: { env: FILES_URL } }
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: team/train:1.4, working_directory: image }, outputs: [{ pattern: ⟦\"model/**\"⟧ }] }
",
                good: "\
storage: { container_url: { env: FILES_URL } }
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: team/train:1.4 }, outputs: [{ pattern: \"model/**\" }] }
",
            }, Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: team/train:1.4, working_directory: image }, output_files: [{ file_pattern: ⟦\"model/**\"⟧, destination: { container: { container_url: { env: OUT_URL } } }, upload_options: { upload_condition: task_success } }] }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: team/train:1.4 }, output_files: [{ file_pattern: \"model/**\", destination: { container: { container_url: { env: OUT_URL } } }, upload_options: { upload_condition: task_success } }] }
",
            }],
    },
    checks: &[Check::AnyTask(check)],
};

fn check(task: &AnyTask<'_>, findings: &mut Collector) {
    let Some(container) = task.container.and_then(|container| container.get()) else { return };
    let in_image =
        container.working_directory.as_ref().is_some_and(|it| it.get() == Some(&WorkingDirectory::Image));
    let elsewhere = task.run_options().and_then(|scan| scan.options.working_directory.as_deref());
    if !in_image && elsewhere.is_none_or(|folder| folder.starts_with("$AZ_BATCH")) {
        return;
    }
    for pattern in task.output_patterns() {
        if pattern.get().is_some_and(|text| !text.starts_with("..") && !text.starts_with(['/', '$', '%'])) {
            findings.push(
                RULE.finding("the command starts in the image, and this is looked for in the task's folder")
                    .at(pattern.span(), "relative to AZ_BATCH_TASK_WORKING_DIR")
                    .help("let the command write to `$AZ_BATCH_TASK_WORKING_DIR`, or start there"),
            );
        }
    }
}
