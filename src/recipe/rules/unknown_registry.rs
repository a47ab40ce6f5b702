//! Registries are declared once, under `registries`.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use super::scope::{PoolScope, members};
use crate::diagnostic::{Code, Collector, Example, Severity, quote};
use crate::recipe::document::{Field, Recipe};
use crate::recipe::suggest;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "unknown-registry",
        severity: Severity::Error,
        summary: "a registry is used that the recipe does not declare",
        explanation: "Pools and tasks use registries by their keys under `registries`, where server and login are said \
                      once.",
        examples: &[
            Example {
                bad: "\
registries:
  acr: { server: myregistry.azurecr.io }
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: myregistry.azurecr.io/train:1.4, registry: ⟦arc⟧ } }
",
                good: "\
registries:
  acr: { server: myregistry.azurecr.io }
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: myregistry.azurecr.io/train:1.4, registry: acr } }
",
            },
            Example {
                bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: { registries: [⟦acr⟧] }
    nodes: { dedicated: 1 }
",
                good: "\
registries:
  acr: { server: myregistry.azurecr.io, username: ci, password: { env: ACR_PASSWORD } }
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: { registries: [acr] }
    nodes: { dedicated: 1 }
",
            },
        ],
    },
    checks: &[Check::Pool(check_pool), Check::AnyTask(check_task)],
};

fn check_pool(scope: &PoolScope<'_>, findings: &mut Collector) {
    let container = scope.pool.container.as_ref().and_then(Field::get);
    let registries = container.and_then(|container| container.registries.as_ref()?.get());
    for name in registries.into_iter().flatten() {
        declared(scope.recipe, name, findings);
    }
}

fn check_task(task: &AnyTask<'_>, findings: &mut Collector) {
    if let Some(name) = task.container.and_then(|container| container.get()?.registry.as_ref()) {
        declared(task.recipe, name, findings);
    }
}

fn declared(recipe: &Recipe, name: &Field<String>, findings: &mut Collector) {
    let (Some(registries), Some(key)) = (members(recipe.registries.as_ref()), name.get()) else { return };
    if registries.iter().any(|entry| entry.name == *key) {
        return;
    }
    let names = || registries.iter().map(|entry| entry.name.as_str());
    let help = match suggest::nearest(key, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if registries.is_empty() => "declare it under `registries`, with its `server`".to_owned(),
        None => format!("the recipe declares {}", suggest::list(names().map(str::to_owned))),
    };
    let finding = RULE.finding(format!("the recipe declares no registry {}", quote(key)));
    findings.push(finding.at(name.span(), "").help(help));
}
