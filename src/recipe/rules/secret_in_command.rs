//! Secrets are not arguments.

use super::rule::{Check, Rule};
use super::secret_words::secret_arguments;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::node::{Node, NodeKind};

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "secret-in-command",
        severity: Severity::Warning,
        summary: "an argument that sounds like a secret has a value in the recipe",
        explanation: "The arguments of a task can be read in the recipe, in the account, and by every process on the \
                      node. Pass a secret in a variable of the environment, as a reference, and let the program read \
                      it there.",
        examples: &[Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: ⟦train --db-password correct-horse⟧ }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, environment: { DB_PASSWORD: { env: DB_PASSWORD } } }
",
            },
            Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim, run_options: ⟦-e API_KEY=correct-horse⟧ }, command: python /app/train.py }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: python:3.13-slim }, command: python /app/train.py, environment: { API_KEY: { env: API_KEY } } }
",
            }],
    },
    checks: &[Check::Written(check)],
};

fn check(tree: &Node, findings: &mut Collector) {
    match &tree.kind {
        NodeKind::Mapping(entries) => {
            for entry in entries {
                if matches!(entry.key.as_str(), "command" | "coordination_command" | "run_options") {
                    arguments(&entry.value, findings);
                }
                check(&entry.value, findings);
            }
        }
        NodeKind::Sequence(items) => items.iter().for_each(|item| check(item, findings)),
        NodeKind::Scalar(_) | NodeKind::Damaged => {}
    }
}

fn arguments(command: &Node, findings: &mut Collector) {
    let words: Vec<(&str, &Node)> = match &command.kind {
        NodeKind::Scalar(scalar) => vec![(scalar.text.as_str(), command)],
        NodeKind::Sequence(items) => items.iter().filter_map(|item| Some((text(item)?, item))).collect(),
        NodeKind::Mapping(_) | NodeKind::Damaged => Vec::new(),
    };
    // Every item may be a script with words of its own.
    let split = words.iter().flat_map(|(text, node)| text.split_whitespace().map(move |word| (word, *node)));
    for (name, node) in secret_arguments(split) {
        findings.hide(node.span);
        findings.push(
            RULE.finding(format!("the value of `{name}` stands in the recipe"))
                .at(node.span, "everybody who reads the recipe or the task knows it")
                .help("pass it in the environment: `environment: { NAME: { env: NAME } }`"),
        );
    }
}

fn text(node: &Node) -> Option<&str> {
    match &node.kind {
        NodeKind::Scalar(scalar) => Some(&scalar.text),
        _ => None,
    }
}
