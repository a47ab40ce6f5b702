//! Docker Hub has one name.

use super::any_task::AnyTask;
use super::named_image::NamedImage;
use super::rule::{Check, Rule};
use super::scope::PoolScope;
use crate::diagnostic::{Code, Collector, Example, Severity};

/// Hosts of Docker Hub that are no names of images.
const ALIASES: &[&str] =
    &["index.docker.io", "registry-1.docker.io", "registry.hub.docker.com", "hub.docker.com"];

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "docker-hub-alias",
        severity: Severity::Warning,
        summary: "an image of Docker Hub is named by another host of Docker Hub",
        explanation: "Images of Docker Hub are named `name:tag`, or in full `docker.io/library/name:tag`. Under the \
                      name of one of its servers an engine takes the same image for another one: it is fetched twice, \
                      without the login for `docker.io`.",
        examples: &[Example {
            bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: ⟦index.docker.io/library/python:3.13-slim⟧ }, command: train }
",
            good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: docker.io/library/python:3.13-slim }, command: train }
",
        }],
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
    let host = image.name.split('/').next().unwrap_or_default();
    let Some(alias) = ALIASES.iter().find(|alias| alias.eq_ignore_ascii_case(host)) else { return };
    if let Some(reference) = image.reference() {
        findings.push(
            RULE.finding(format!("`{alias}` is a server of Docker Hub, not its name"))
                .at(image.span, "")
                .help(format!("write `{reference}`")),
        );
    }
}
