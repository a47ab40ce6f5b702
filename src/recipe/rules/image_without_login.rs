//! An image of a private registry needs a login.

use super::any_task::AnyTask;
use super::named_image::NamedImage;
use super::rule::{Check, Rule};
use super::scope::{PoolScope, members};
use crate::batch::image_reference::{DOCKER_HUB, server_name};
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::{Field, Pool, Recipe};

/// Hosts of Azure container registries, which as a rule want a login.
const PRIVATE: &[&str] = &[".azurecr.io", ".azurecr.cn", ".azurecr.us"];

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "image-without-login",
        severity: Severity::Warning,
        summary: "an image comes from a private registry, and nothing logs in to it",
        explanation: "Nodes log in to the registries that their pool names under `container.registries`, and a task to \
                      the one that it names itself. Without a login only registries that let anyone read give out \
                      images.",
        examples: &[Example {
                bad: "\
registries:
  acr: { server: myregistry.azurecr.io, username: ci, password: { env: ACR_PASSWORD } }
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: { prefetch: [⟦myregistry.azurecr.io/train:1.4⟧] }
    nodes: { dedicated: 1 }
",
                good: "\
registries:
  acr: { server: myregistry.azurecr.io, username: ci, password: { env: ACR_PASSWORD } }
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: { prefetch: [myregistry.azurecr.io/train:1.4], registries: [acr] }
    nodes: { dedicated: 1 }
",
            },
            Example {
                bad: "\
pools:
  workers: { vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {}, nodes: { dedicated: 1 } }
jobs:
  train:
    pool: workers
    tasks:
      epoch: { container: { image: ⟦myregistry.azurecr.io/train:1.4⟧ } }
",
                good: "\
registries:
  acr: { server: myregistry.azurecr.io, identity: /subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/pull }
pools:
  workers: { vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {}, nodes: { dedicated: 1 } }
jobs:
  train:
    pool: workers
    tasks:
      epoch: { container: { image: myregistry.azurecr.io/train:1.4, registry: acr } }
",
            }],
    },
    checks: &[Check::Pool(check_pool), Check::AnyTask(check_task)],
};

fn check_pool(scope: &PoolScope<'_>, findings: &mut Collector) {
    for image in scope.prefetched() {
        check(scope.recipe, scope.pool, image, findings);
    }
}

fn check_task(task: &AnyTask<'_>, findings: &mut Collector) {
    let Some(container) = task.container.and_then(Field::get) else { return };
    if let (Some(pool), Some(image), None) = (task.pool, task.image(), &container.registry)
        && !task.prefetches(image)
    {
        check(task.recipe, pool, image, findings);
    }
}

fn check(recipe: &Recipe, pool: &Pool, named: &NamedImage<'_>, findings: &mut Collector) {
    let Some(image) = named.reference() else { return };
    let (Some(declared), Some(used)) = (members(recipe.registries.as_ref()), used(pool)) else { return };
    let same_host = |server: &Option<Field<String>>| match server {
        Some(server) => server.get().is_none_or(|server| server_name(server) == image.registry()),
        None => image.registry() == DOCKER_HUB,
    };
    let mut fitting =
        declared.iter().filter(|entry| entry.value.get().is_none_or(|registry| same_host(&registry.server)));
    let is_private = PRIVATE.iter().any(|host| image.registry().ends_with(host));
    match fitting.clone().next() {
        Some(_) if fitting.any(|entry| used.contains(&entry.name)) || image.registry() == DOCKER_HUB => {}
        Some(entry) => findings.push(
            RULE.finding(format!("nothing logs in to `{}` for this image", image.registry()))
                .at(named.span, "")
                .at(entry.name_span, "the login is declared, but this pool does not use it")
                .help(format!("name it in the pool's container: `registries: [{}]`", entry.name)),
        ),
        None if is_private => findings.push(
            RULE.finding(format!("nothing logs in to `{}` for this image", image.registry()))
                .at(named.span, "")
                .help("declare the registry under `registries` and name it in the pool's container: `registries: […]`"),
        ),
        None => {}
    }
}

/// The keys of the registries that a pool logs in to. `None` if they could not be understood.
fn used(pool: &Pool) -> Option<Vec<String>> {
    let Some(container) = &pool.container else { return Some(Vec::new()) };
    match &container.get()?.registries {
        Some(registries) => registries.get()?.iter().map(|key| key.get().cloned()).collect(),
        None => Some(Vec::new()),
    }
}
