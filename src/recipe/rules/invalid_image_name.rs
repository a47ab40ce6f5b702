//! The name of a container image can be read.

use super::any_task::AnyTask;
use super::named_image::NamedImage;
use super::rule::{Check, Rule};
use super::scope::PoolScope;
use crate::diagnostic::{Code, Collector, Example, Severity};

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
    scope.prefetched().iter().for_each(|image| check(image, findings));
}

fn check_task(task: &AnyTask<'_>, findings: &mut Collector) {
    if let Some(image) = task.image() {
        check(image, findings);
    }
}

fn check(image: &NamedImage<'_>, findings: &mut Collector) {
    let Err(error) = &image.reference else { return };
    let finding = RULE.finding(error.to_string()).at(image.span, "");
    findings.push(match image.name.split_once("://") {
        Some((_, rest)) => finding.help(format!("leave the scheme out: `{}`", rest.trim_end_matches('/'))),
        None => finding,
    });
}
