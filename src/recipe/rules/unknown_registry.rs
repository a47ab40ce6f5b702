//! Registries are declared once, under `registries`.

use super::rule::{JobScope, Rule, members, start_containers};
use crate::diagnostic::{Code, Collector, Diagnostic, Severity, quote};
use crate::recipe::document::{Field, Recipe, Task};
use crate::recipe::suggest;

const CODE: Code = Code {
    name: "unknown-registry",
    severity: Severity::Error,
    summary: "a registry is used that the recipe does not declare",
    explanation: "Pools and tasks use registries by their keys under `registries`, where server and login are said once.",
    examples: &[],
};

pub(super) struct UnknownRegistry;

impl Rule for UnknownRegistry {
    fn codes(&self) -> &'static [&'static Code] {
        &[&CODE]
    }

    fn check_recipe(&self, recipe: &Recipe, findings: &mut Collector) {
        for entry in members(recipe.pools.as_ref()).unwrap_or_default() {
            let container = entry.value.get().and_then(|pool| pool.container.as_ref()?.get());
            let registries = container.and_then(|container| container.registries.as_ref()?.get());
            for name in registries.into_iter().flatten() {
                check(recipe, name, findings);
            }
        }
        for (_, container) in start_containers(recipe) {
            if let Some(name) = container.get().and_then(|container| container.registry.as_ref()) {
                check(recipe, name, findings);
            }
        }
    }

    fn check_task(&self, job: &JobScope<'_>, task: &Task, findings: &mut Collector) {
        if let Some(name) = task.container.as_ref().and_then(|container| container.get()?.registry.as_ref()) {
            check(job.recipe, name, findings);
        }
    }
}

fn check(recipe: &Recipe, name: &Field<String>, findings: &mut Collector) {
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
    let finding = Diagnostic::new(&CODE, format!("the recipe declares no registry {}", quote(key)));
    findings.push(finding.at(name.span(), "").help(help));
}
