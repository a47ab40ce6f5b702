//! All rules, and how they are run.

use super::rule::{JobScope, Rule};
use super::{
    command, container_required, container_unsupported, dependencies, image_not_prefetched,
    mounts_without_task, pool_image, registry_login, slots, unique_ids, unknown_pool, unknown_registry,
};
use crate::diagnostic::Collector;
use crate::recipe::document::Task;
use crate::recipe::expand::ResolvedRecipe;

/// All rules.
pub static ALL: &[&dyn Rule] = &[
    &command::CommandPresent,
    &container_required::ContainerRequired,
    &container_unsupported::ContainerUnsupported,
    &dependencies::Dependencies,
    &image_not_prefetched::ImageNotPrefetched,
    &mounts_without_task::MountsWithoutTask,
    &pool_image::PoolImage,
    &registry_login::RegistryLogin,
    &slots::Slots,
    &unique_ids::UniqueIds,
    &unknown_pool::UnknownPool,
    &unknown_registry::UnknownRegistry,
];

/// Checks everything but single tasks.
pub fn check(recipe: &ResolvedRecipe, findings: &mut Collector) {
    let Some(document) = recipe.document.get() else { return };
    for rule in ALL {
        rule.check_recipe(document, findings);
        for tasks in &recipe.jobs {
            rule.check_job(&JobScope { recipe: document, job: recipe.job(&tasks.key), tasks }, findings);
        }
    }
}

/// Checks one task.
pub fn check_task(job: &JobScope<'_>, task: &Task, findings: &mut Collector) {
    for rule in ALL {
        rule.check_task(job, task, findings);
    }
}
