//! Secrets in variables are references.

use super::rule::{Check, Rule};
use super::secret_words::{is_secret_name, may_be_secret};
use crate::diagnostic::{Code, Collector, Example, Severity, quote};
use crate::recipe::node::{Node, NodeKind};

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "secret-in-environment",
        severity: Severity::Warning,
        summary: "a variable that sounds like a secret has a value in the recipe",
        explanation: "Recipes are shared, committed and copied; whoever reads one should not learn its secrets. \
                      Variables take references: `{ env: NAME }` or `{ file: PATH }`, which are \
                      looked up when the task is submitted.",
        examples: &[Example {
            bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch:
        command: train
        environment: { DB_PASSWORD: ⟦correct-horse⟧ }
",
            good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch:
        command: train
        environment: { DB_PASSWORD: { env: DB_PASSWORD } }
",
        }],
    },
    checks: &[Check::Written(check)],
};

fn check(tree: &Node, findings: &mut Collector) {
    match &tree.kind {
        NodeKind::Mapping(entries) => {
            for entry in entries {
                if entry.key == "environment" {
                    variables(&entry.value, findings);
                }
                check(&entry.value, findings);
            }
        }
        NodeKind::Sequence(items) => items.iter().for_each(|item| check(item, findings)),
        NodeKind::Scalar(_) | NodeKind::Damaged => {}
    }
}

fn variables(environment: &Node, findings: &mut Collector) {
    for entry in environment.entries().iter().filter(|entry| is_secret_name(&entry.key)) {
        let NodeKind::Scalar(scalar) = &entry.value.kind else { continue };
        if entry.value.is_template() || !may_be_secret(&scalar.text) {
            continue;
        }
        findings.hide(entry.value.span);
        findings.push(
            RULE.finding(format!("the value of {} stands in the recipe", quote(&entry.key)))
                .at(entry.value.span, "everybody who reads the recipe knows it")
                .help(format!(
                    "`{}: {{ env: NAME }}` takes it from the environment of whoever applies the recipe",
                    entry.key
                )),
        );
    }
}
