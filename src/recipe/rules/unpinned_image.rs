//! An image that is pinned is the same tomorrow.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use super::scope::PoolScope;
use crate::batch::ImageReference;
use crate::diagnostic::{Code, Collector, Example, Severity, Span, quote};
use crate::recipe::document::Field;

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
    for image in scope.prefetched() {
        if let Some(name) = image.get() {
            check(name, image.span(), findings);
        }
    }
}

fn check_task(task: &AnyTask<'_>, findings: &mut Collector) {
    let Some(container) = task.container.and_then(Field::get) else { return };
    // An image that the pool prefetches has been looked at there.
    let prefetched = task.prefetched().any(|image| image.get() == container.image.get());
    if let Some(name) = container.image.get().filter(|_| !prefetched) {
        check(name, container.image.span(), findings);
    }
}

fn check(name: &str, span: Span, findings: &mut Collector) {
    let Ok(image) = name.parse::<ImageReference>() else { return };
    if image.digest().is_some() || image.tag() != Some("latest") || name.starts_with(BUILT_IN) {
        return;
    }
    let message = match name.ends_with(":latest") {
        true => format!("the image {} is not pinned", quote(name)),
        false => format!("the image {} has no tag, which means `latest`", quote(name)),
    };
    findings.push(
        RULE.finding(message)
            .at(span, "this may be another image tomorrow, and on another node")
            .help("name a version: a tag such as `:1.4`, or a digest"),
    );
}
