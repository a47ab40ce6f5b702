//! A file comes from one place.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::ResourceFile;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "resource-file-source",
        severity: Severity::Error,
        summary: "a resource file has no source, or several, or half of one",
        explanation: "A resource file comes from exactly one of `http_url`, `storage_container_url` and \
                      `auto_storage_container_name`. With `http_url` it needs a `file_path`; `blob_prefix` is for the \
                      two kinds of containers.",
        examples: &[Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, resource_files: [⟦{ http_url: \"https://data.example.org/a\", auto_storage_container_name: in, file_path: a }⟧] }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, resource_files: [{ http_url: \"https://data.example.org/a\", file_path: a }] }
",
            },
            Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, resource_files: [⟦{ http_url: \"https://data.example.org/a\" }⟧] }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, resource_files: [{ http_url: \"https://data.example.org/a\", file_path: a }] }
",
            },
            Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, resource_files: [⟦{ file_path: a }⟧] }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, resource_files: [{ auto_storage_container_name: in, file_path: a }] }
",
            }],
    },
    checks: &[Check::AnyTask(check)],
};

fn check(task: &AnyTask<'_>, findings: &mut Collector) {
    for field in task.resource_files.and_then(|files| files.get()).into_iter().flatten() {
        if let Some(problem) = field.get().and_then(problem) {
            findings.push(RULE.finding(problem).at(field.span(), ""));
        }
    }
}

fn problem(file: &ResourceFile) -> Option<&'static str> {
    let sources = [
        file.http_url.is_some(),
        file.storage_container_url.is_some(),
        file.auto_storage_container_name.is_some(),
    ];
    match sources.iter().filter(|there| **there).count() {
        0 => Some(
            "the file comes from nowhere: add `http_url`, `storage_container_url` or `auto_storage_container_name`",
        ),
        1 if file.http_url.is_some() && file.file_path.is_none() => {
            Some("a file from a URL needs a `file_path`")
        }
        1 if file.http_url.is_some() && file.blob_prefix.is_some() => Some("`blob_prefix` is for containers"),
        1 => None,
        _ => Some("the file comes from more than one place"),
    }
}
