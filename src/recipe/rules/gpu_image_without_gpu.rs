//! An image for graphics processors runs where there are some.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use crate::batch::ImageReference;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::catalog::VmSize;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "gpu-image-without-gpu",
        severity: Severity::Warning,
        summary: "an image for graphics processors on nodes that have none",
        explanation: "By its name the image is built for graphics processors, and the nodes of the pool have none: the \
                      program fails, or computes slowly on the processors.",
        examples: &[Example {
            bad: "\
pools:
  workers:
    vm_size: Standard_D4s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: { dedicated: 1 }
jobs:
  train:
    pool: workers
    tasks:
      epoch: { container: { image: ⟦tensorflow/tensorflow:2.16.1-gpu⟧ }, command: python /app/train.py }
",
            good: "\
pools:
  workers:
    vm_size: Standard_NC4as_T4_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: { dedicated: 1 }
jobs:
  train:
    pool: workers
    tasks:
      epoch: { container: { image: tensorflow/tensorflow:2.16.1-gpu }, command: python /app/train.py }
",
        }],
    },
    checks: &[Check::AnyTask(check)],
};

fn check(task: &AnyTask<'_>, findings: &mut Collector) {
    let (Some(pool), Some(named)) = (task.pool, task.image()) else { return };
    let size = pool.vm_size.get().and_then(|name| VmSize::parse(name));
    let (Some(size), Some(image)) = (size, named.reference()) else { return };
    if !size.has_gpu() && wants_gpu(image) {
        findings.push(
            RULE.finding("the image is for graphics processors, and the nodes have none")
                .at(named.span, "")
                .at(pool.vm_size.span(), "this size has none")
                .help("choose a size such as Standard_NC4as_T4_v3, or an image without GPU support"),
        );
    }
}

/// Whether a word of the name says so: `2.16.1-gpu`, `nvidia/cuda`, `12.1-cudnn8`.
fn wants_gpu(image: &ImageReference) -> bool {
    let text = format!("{} {}", image.repository(), image.tag().unwrap_or_default());
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let mut before = "";
    words.any(|word| {
        let negated = matches!(before, "no" | "non" | "without" | "cpu");
        before = word;
        !negated
            && (word == "gpu" || word == "nvidia" || word.starts_with("cuda") || word.starts_with("cudnn"))
    })
}
