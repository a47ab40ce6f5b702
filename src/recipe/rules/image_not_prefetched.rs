//! A pool that prefetches should prefetch what its tasks use.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
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
    let container = task.container.and_then(Field::get);
    let (Some(prefetch), Some(container)) = (prefetch, container) else { return };
    let fetched: Option<Vec<&String>> = prefetch.get().into_iter().flatten().map(Field::get).collect();
    let (Some(fetched), Some(image)) = (fetched, container.image.get()) else { return };
    if fetched.is_empty() || fetched.iter().any(|name| canonical(name) == canonical(image)) {
        return;
    }
    let near = suggest::nearest(image, fetched.iter().map(|name| name.as_str()));
    findings.push(
        RULE.finding(format!("the pool does not prefetch {}", quote(image)))
            .at(container.image.span(), "the first task on each node waits for this image")
            .at(prefetch.span(), "the pool prefetches these")
            .maybe_help(near.map(|near| format!("did you mean {}?", quote(near)))),
    );
}

/// The full name of an image: registry, repository and tag or digest.
fn canonical(image: &str) -> String {
    let (first, rest) = image.split_once('/').unwrap_or(("", image));
    let is_host = first.contains(['.', ':']) || first == "localhost";
    let repository = match (is_host, first) {
        (true, "docker.io") if !rest.contains('/') => format!("docker.io/library/{rest}"),
        (true, _) => image.to_owned(),
        (false, "") => format!("docker.io/library/{rest}"),
        (false, _) => format!("docker.io/{image}"),
    };
    let name = repository.rsplit('/').next().unwrap_or_default();
    if name.contains([':', '@']) { repository } else { format!("{repository}:latest") }
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn short_and_full_names_of_an_image_are_the_same() {
        assert_eq!(canonical("busybox"), canonical("docker.io/library/busybox:latest"));
        assert_eq!(canonical("docker.io/busybox"), canonical("busybox"));
        assert_eq!(canonical("a/b:1"), "docker.io/a/b:1");
        assert_eq!(canonical("localhost:5000/b"), "localhost:5000/b:latest");
        assert_eq!(canonical("r.io/b@sha256:0"), "r.io/b@sha256:0");
        assert_ne!(canonical("busybox:1"), canonical("busybox"));
    }
}
