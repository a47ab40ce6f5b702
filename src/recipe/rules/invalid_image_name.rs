//! The name of a container image can be read.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use super::scope::PoolScope;
use crate::batch::ImageReference;
use crate::diagnostic::{Code, Collector, Example, Severity, Span};
use crate::recipe::document::Field;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "invalid-image-name",
        severity: Severity::Error,
        summary: "the name of a container image cannot be read",
        explanation: "An image is named as for `docker pull`: `[registry/]repository[:tag][@digest]`, in lower case \
                      and without `https://`. No node could fetch anything else.",
        examples: &[
            Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: ⟦https://ghcr.io/team/train:1.4⟧ }, command: train }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: ghcr.io/team/train:1.4 }, command: train }
",
            },
            Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: ⟦team/Train:1.4⟧ }, command: train }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: team/train:1.4 }, command: train }
",
            },
        ],
    },
    checks: &[Check::Pool(check_pool), Check::AnyTask(check_task)],
};

fn check_pool(scope: &PoolScope<'_>, findings: &mut Collector) {
    for image in scope.prefetched() {
        if let Some(name) = image.get() {
            check(name, image.span(), findings);
        }
    }
}

fn check_task(task: &AnyTask<'_>, findings: &mut Collector) {
    let Some(container) = task.container.and_then(Field::get) else { return };
    if let Some(name) = container.image.get() {
        check(name, container.image.span(), findings);
    }
}

fn check(name: &str, span: Span, findings: &mut Collector) {
    let Err(error) = name.parse::<ImageReference>() else { return };
    let finding = RULE.finding(error.to_string()).at(span, "");
    findings.push(match name.split_once("://") {
        Some((_, rest)) => finding.help(format!("leave the scheme out: `{}`", rest.trim_end_matches('/'))),
        None => finding,
    });
}
