//! A task logs in to the registry that its image comes from.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use super::scope::members;
use crate::batch::image_reference::{DOCKER_HUB, server_name};
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::Field;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "registry-mismatch",
        severity: Severity::Warning,
        summary: "a task names a registry that its image does not come from",
        explanation: "The registry in a task is the login for its image. The image's own name says where it comes \
                      from: an image without a host comes from Docker Hub.",
        examples: &[Example {
            bad: "\
registries:
  acr: { server: myregistry.azurecr.io, username: ci, password: { env: ACR_PASSWORD } }
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: ⟦train:1.4⟧, registry: acr } }
",
            good: "\
registries:
  acr: { server: myregistry.azurecr.io, username: ci, password: { env: ACR_PASSWORD } }
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: myregistry.azurecr.io/train:1.4, registry: acr } }
",
        }],
    },
    checks: &[Check::AnyTask(check)],
};

fn check(task: &AnyTask<'_>, findings: &mut Collector) {
    let Some(container) = task.container.and_then(Field::get) else { return };
    let (Some(key), Some(named)) = (&container.registry, task.image()) else { return };
    let declared = members(task.recipe.registries.as_ref()).unwrap_or_default();
    let registry =
        declared.iter().find(|entry| Some(&entry.name) == key.get()).and_then(|entry| entry.value.get());
    let (Some(registry), Some(image)) = (registry, named.reference()) else { return };
    let server = match &registry.server {
        Some(server) => server.get().map(|server| server_name(server)),
        None => Some(DOCKER_HUB.to_owned()),
    };
    if let Some(server) = server.filter(|server| server != image.registry()) {
        findings.push(
            RULE.finding(format!("the image comes from `{}`, the login is for `{server}`", image.registry()))
                .at(named.span, "")
                .at(key.span(), format!("this is `{server}`"))
                .help(format!("write the registry into the image's name: `{server}/{}`", named.name)),
        );
    }
}
