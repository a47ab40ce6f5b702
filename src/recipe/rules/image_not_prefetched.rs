//! A pool that prefetches should prefetch what its tasks use.

use super::any_task::AnyTask;
use super::named_image::NamedImage;
use super::rule::{Check, Rule};
use crate::batch::ImageReference;
use crate::diagnostic::{Code, Collector, Example, Severity, quote};
use crate::recipe::document::Field;
use crate::recipe::suggest;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "image-not-prefetched",
        severity: Severity::Warning,
        summary: "a task's image is not among those that its pool prefetches",
        explanation: "The first task on each node that uses the image waits until it is fetched, and its wall-clock \
                      time includes the wait. Often the image in `prefetch` and the image of the task were meant to be \
                      the same.",
        examples: &[Example {
            bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: { prefetch: [python:3.12-slim] }
    nodes: { dedicated: 1 }
jobs:
  train:
    pool: workers
    tasks:
      epoch: { container: { image: ⟦python:3.13-slim⟧ }, command: python /app/train.py }
",
            good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: { prefetch: [python:3.13-slim] }
    nodes: { dedicated: 1 }
jobs:
  train:
    pool: workers
    tasks:
      epoch: { container: { image: python:3.13-slim }, command: python /app/train.py }
",
        }],
    },
    checks: &[Check::AnyTask(check)],
};

fn check(task: &AnyTask<'_>, findings: &mut Collector) {
    let prefetch = task.pool.and_then(|pool| pool.container.as_ref()?.get()?.prefetch.as_ref());
    let (Some(prefetch), Some(image)) = (prefetch, task.image()) else { return };
    let fetched: Option<Vec<&String>> = prefetch.get().into_iter().flatten().map(Field::get).collect();
    let Some(fetched) = fetched.filter(|fetched| !fetched.is_empty()) else { return };
    // Mostly the names are the same to the letter, and need not be read.
    if task.prefetches(image) || fetched.iter().any(|name| is_named(image, name)) {
        return;
    }
    let near = suggest::nearest(image.name, fetched.iter().map(|name| name.as_str()));
    findings.push(
        RULE.finding(format!("the pool does not prefetch {}", quote(image.name)))
            .at(image.span, "the first task on each node waits for this image")
            .at(prefetch.span(), "the pool prefetches these")
            .maybe_help(near.map(|near| format!("did you mean {}?", quote(near)))),
    );
}

/// Whether an image is also called by this name.
fn is_named(image: &NamedImage<'_>, name: &str) -> bool {
    let other = name.parse::<ImageReference>().ok();
    other.is_some() && image.reference() == other.as_ref()
}

#[cfg(test)]
mod tests {
    use super::{NamedImage, is_named};
    use crate::diagnostic::Span;

    fn are_same(name: &str, other: &str) -> bool {
        is_named(&NamedImage { name, span: Span::default(), reference: name.parse() }, other)
    }

    #[test]
    fn short_and_full_names_of_an_image_are_the_same() {
        assert!(are_same("busybox", "docker.io/library/busybox:latest"));
        assert!(are_same("docker.io/busybox", "busybox"));
        assert!(are_same("index.docker.io/library/busybox", "busybox"));
        assert!(are_same("a/b:1", "docker.io/a/b:1"));
        assert!(are_same("localhost:5000/b", "localhost:5000/b:latest"));
        assert!(!are_same("busybox:1", "busybox"));
        let digest = "0".repeat(64);
        let pinned = format!("r.io/b@sha256:{digest}");
        assert!(are_same(&pinned, &pinned) && !are_same(&pinned, "r.io/b"));
    }
}
