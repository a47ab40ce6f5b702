//! What a rule is, and all of them.

use crate::diagnostic::{Code, Collector};
use crate::recipe::document::{
    Entries, Field, Job, NamedEntry, Pool, PoolChoice, Recipe, Task, TaskContainer, entries,
};
use crate::recipe::expand::{ResolvedJob, ResolvedRecipe};

use super::{
    command, container_required, container_unsupported, dependencies, image_not_prefetched, mounts_without_task,
    pool_image, registry_login, slots, unique_ids, unknown_pool, unknown_registry,
};

/// A check. It implements the methods for what it looks at.
pub trait Rule: Sync {
    /// The codes of its own that it raises.
    fn codes(&self) -> &'static [&'static Code];

    /// Looks at the recipe without its tasks.
    fn check_recipe(&self, _recipe: &Recipe, _findings: &mut Collector) {}

    /// Looks at a job and the names of its tasks.
    fn check_job(&self, _job: &JobScope<'_>, _findings: &mut Collector) {}

    /// Looks at one task.
    fn check_task(&self, _job: &JobScope<'_>, _task: &Task, _findings: &mut Collector) {}
}

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

/// A job and what its tasks run on.
#[derive(Debug, Clone, Copy)]
pub struct JobScope<'a> {
    /// The recipe without its tasks.
    pub recipe: &'a Recipe,
    /// The job, if it could be understood.
    pub job: Option<&'a Job>,
    /// Its tasks.
    pub tasks: &'a ResolvedJob,
}

impl<'a> JobScope<'a> {
    /// The job's pool, if it is one of this recipe and could be understood.
    pub fn pool(&self) -> Option<&'a Pool> {
        let PoolChoice::Key(key) = self.job?.pool.get()? else { return None };
        members(self.recipe.pools.as_ref())?.iter().find(|entry| entry.name == *key)?.value.get()
    }
}

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

/// The members of a map: none if it is absent, `None` if it could not be understood.
pub(super) fn members<T>(field: Option<&Field<Entries<T>>>) -> Option<&[NamedEntry<T>]> {
    match field {
        Some(map) => map.get().map(|_| entries(field)),
        None => Some(&[]),
    }
}

/// The containers of start tasks, with their pools.
pub(super) fn start_containers(recipe: &Recipe) -> impl Iterator<Item = (&Pool, &Field<TaskContainer>)> {
    members(recipe.pools.as_ref()).unwrap_or_default().iter().filter_map(|entry| {
        let pool = entry.value.get()?;
        Some((pool, pool.start_task.as_ref()?.get()?.container.as_ref()?))
    })
}
