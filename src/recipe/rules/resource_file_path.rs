//! Files come into the folder of their task.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use crate::diagnostic::{Code, Collector, Example, Severity, quote};

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "resource-file-path",
        severity: Severity::Warning,
        summary: "a resource file goes outside of its task's folder",
        explanation: "`file_path` is relative to the task's working directory. What leads outside of it is refused \
                      when the file is written, and the task fails before it starts.",
        examples: &[Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, resource_files: [{ http_url: \"https://data.example.org/a\", file_path: ⟦/data/a⟧ }] }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, resource_files: [{ http_url: \"https://data.example.org/a\", file_path: data/a }] }
",
            }],
    },
    checks: &[Check::AnyTask(check)],
};

fn check(task: &AnyTask<'_>, findings: &mut Collector) {
    let files = task.resource_files.and_then(|files| files.get()).into_iter().flatten();
    for path in files.filter_map(|file| file.get()?.file_path.as_ref()) {
        let Some(text) = path.get() else { continue };
        let has_drive = text.get(1..2) == Some(":");
        if text.starts_with('/') || has_drive || text.split(['/', '\\']).any(|part| part == "..") {
            findings.push(
                RULE.finding(format!("{} leads out of the task's working directory", quote(text)))
                    .at(path.span(), "")
                    .help("give a path that starts in the working directory"),
            );
        }
    }
}
