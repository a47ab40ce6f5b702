//! Keys and signatures are known by their looks.

use super::rule::{Check, Rule};
use super::secret_words::known_secret;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::node::{Node, NodeKind};

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "secret-in-text",
        severity: Severity::Warning,
        summary: "a key or signature is written into the recipe",
        explanation: "Shared access signatures, account keys and access tokens open what they belong to for whoever \
                      has them, and recipes are shared, committed and copied. Use a reference, `{ env: NAME }`, or a \
                      managed identity. A value that has been written down should be considered known and be replaced.",
        examples: &[Example {
            bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch:
        command: train
        environment: { DATA: ⟦AccountName=data;AccountKey=ZmFrZSBmYWtlIGZha2UgZmFrZSBmYWtlIGZha2U=⟧ }
",
            good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch:
        command: train
        environment: { DATA: { env: DATA_ACCOUNT } }
",
        }],
    },
    checks: &[Check::Written(check)],
};

fn check(tree: &Node, findings: &mut Collector) {
    match &tree.kind {
        NodeKind::Mapping(entries) => entries.iter().for_each(|entry| check(&entry.value, findings)),
        NodeKind::Sequence(items) => items.iter().for_each(|item| check(item, findings)),
        NodeKind::Scalar(scalar) => {
            let Some(what) = known_secret(&scalar.text) else { return };
            findings.hide(tree.span);
            findings.push(
                RULE.finding(format!("{what} is written into the recipe"))
                    .at(tree.span, "everybody who reads the recipe can use it")
                    .help("put a reference in its place, `{ env: NAME }`, or use a managed identity")
                    .help("if it was real, consider it known and replace it"),
            );
        }
        NodeKind::Damaged => {}
    }
}
