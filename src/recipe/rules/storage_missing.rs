//! Local files and kept files need a container.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::Field;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "storage-missing",
        severity: Severity::Error,
        summary: "files are to be uploaded, and the recipe names no container for them",
        explanation: "Nodes cannot see this machine: a local file of `inputs` goes to them by way of a container of Azure Blob \
                      Storage, and `outputs` go to one. The recipe's `storage` names it, by a URL with a signature that allows to \
                      read, create and write (`sp=rcw`).",
        examples: &[Example {
            bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, outputs: [⟦{ pattern: \"model/**\" }⟧] }
",
            good: "\
storage: { container_url: { env: FILES_URL } }
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, outputs: [{ pattern: \"model/**\" }] }
",
        }],
    },
    checks: &[Check::AnyTask(check)],
};

fn check(task: &AnyTask<'_>, findings: &mut Collector) {
    if task.recipe.storage.is_some() {
        return;
    }
    let inputs = task.inputs.and_then(Field::get).into_iter().flatten();
    let local = inputs.filter(|input| input.get().is_some_and(|input| input.path.is_some())).map(Field::span);
    let outputs = task.outputs.and_then(Field::get).into_iter().flatten();
    let kept = outputs.filter(|output| output.get().is_some_and(|output| output.container_url.is_none()));
    for span in local.chain(kept.map(Field::span)) {
        findings.push(
            RULE.finding("nothing says which container this goes to")
                .at(span, "")
                .help("add `storage: { container_url: { env: NAME } }` to the recipe"),
        );
    }
}
