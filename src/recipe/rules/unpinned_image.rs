//! An image that is pinned is the same tomorrow.

use super::any_task::AnyTask;
use super::named_image::NamedImage;
use super::rule::{Check, Rule};
use super::scope::PoolScope;
use crate::diagnostic::{Code, Collector, Example, Severity, quote};

/// Images that are part of the program, and change with it.
const BUILT_IN: &str = "batchyard/";

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "unpinned-image",
        severity: Severity::Warning,
        summary: "an image has no tag, or the tag `latest`",
        explanation: "What `latest` means changes, and a node keeps what it fetched once: nodes of one pool, and runs \
                      of one recipe, use different images without a word. Name a version, or pin the digest: \
                      `name:1.4@sha256:…`.",
        examples: &[
            Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: ⟦python⟧ }, command: python /app/train.py }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim }, command: python /app/train.py }
",
            },
            Example {
                bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: { prefetch: [⟦ghcr.io/team/train:latest⟧] }
    nodes: { dedicated: 1 }
",
                good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: { prefetch: [ghcr.io/team/train:1.4] }
    nodes: { dedicated: 1 }
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
    // An image that the pool prefetches has been looked at there.
    if let Some(image) = task.image().filter(|image| !task.prefetches(image)) {
        check(image, findings);
    }
}

fn check(image: &NamedImage<'_>, findings: &mut Collector) {
    let Some(reference) = image.reference() else { return };
    let name = image.name;
    if reference.digest().is_some() || reference.tag() != Some("latest") || name.starts_with(BUILT_IN) {
        return;
    }
    let message = match name.ends_with(":latest") {
        true => format!("the image {} is not pinned", quote(name)),
        false => format!("the image {} has no tag, which means `latest`", quote(name)),
    };
    findings.push(
        RULE.finding(message)
            .at(image.span, "this may be another image tomorrow, and on another node")
            .help("name a version: a tag such as `:1.4`, or a digest"),
    );
}
