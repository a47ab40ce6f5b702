//! What a rule is, and what rules look at.

use crate::diagnostic::{Code, Collector};
use crate::recipe::document::{
    Entries, Field, Job, NamedEntry, Pool, PoolChoice, Recipe, Task, TaskContainer, entries,
};
use crate::recipe::expand::ResolvedJob;

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
