//! Whoever writes to a container must be allowed to.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::TextOrSecret;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "output-without-access",
        severity: Severity::Warning,
        summary: "files are uploaded to a container without a right to write there",
        explanation: "Writing to a container of Azure Blob Storage needs a signature in its URL, which as a secret is \
                      a reference (`container_url: { env: … }`), or an `identity` of the pool.",
        examples: &[Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: team/train:1.4 }, output_files: [{ file_pattern: \"model/**\", destination: { container: { container_url: ⟦\"https://data.blob.core.windows.net/out\"⟧ } }, upload_options: { upload_condition: task_success } }] }
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
    for output in task.output_files.and_then(|files| files.get()).into_iter().flatten() {
        let container = output.get().and_then(|output| output.destination.get()?.container.get());
        let Some(container) = container.filter(|container| container.identity.is_none()) else { continue };
        if let Some(TextOrSecret::Plain(_)) = container.container_url.get().map(|url| &url.0) {
            findings.push(
                RULE.finding("nothing allows the nodes to write to this container")
                    .at(container.container_url.span(), "")
                    .help("add an `identity` of the pool, or take a URL with a signature: `{ env: NAME }`"),
            );
        }
    }
}
