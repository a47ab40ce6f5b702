//! What rules look at: a part of the recipe together with what is around it.

use std::cell::OnceCell;
use std::collections::HashMap;

use super::any_task::{AnyTask, TaskKind};
use super::named_image::NamedImage;
use crate::diagnostic::{Sources, Span};
use crate::recipe::document::{
    AutoPool, Entries, Field, InboundNatPool, Job, NamedEntry, Pool, PoolChoice, Recipe, Task, entries,
};
use crate::recipe::expand::ResolvedJob;

/// The tasks of a job that cannot have any of its own.
static NO_TASKS: ResolvedJob = ResolvedJob { key: String::new(), templates: Vec::new(), complete: true };

/// A pool of the recipe, or one that a job makes for itself.
#[derive(Debug)]
pub struct PoolScope<'a> {
    /// The recipe without its tasks.
    pub recipe: &'a Recipe,
    /// The texts that places point into.
    pub sources: &'a Sources,
    /// The place of the pool's name.
    pub name_span: Span,
    /// The pool.
    pub pool: &'a Pool,
    /// The images that it prefetches, once a rule has asked for them.
    prefetched: OnceCell<Vec<NamedImage<'a>>>,
}

/// A job and what its tasks run on.
#[derive(Debug, Clone, Copy)]
pub struct JobScope<'a> {
    /// The recipe without its tasks.
    pub recipe: &'a Recipe,
    /// The job, if it could be understood.
    pub job: Option<&'a Job>,
    /// The pool of the recipe that the job names, if there is one.
    pub declared_pool: Option<&'a Field<Pool>>,
    /// Its tasks.
    pub tasks: &'a ResolvedJob,
    /// Whether a schedule makes it. Such a job has no tasks of its own.
    pub is_scheduled: bool,
}

impl<'a> PoolScope<'a> {
    /// All pools of a recipe that could be understood.
    pub(super) fn all(recipe: &'a Recipe, sources: &'a Sources) -> impl Iterator<Item = Self> {
        let own = members(recipe.pools.as_ref())
            .unwrap_or_default()
            .iter()
            .filter_map(move |entry| Some(Self::new(recipe, sources, entry.name_span, entry.value.get()?)));
        let jobs =
            members(recipe.jobs.as_ref()).unwrap_or_default().iter().filter_map(|entry| entry.value.get());
        let autos = jobs.chain(scheduled(recipe)).filter_map(move |job| {
            let auto = auto_pool(job)?;
            Some(Self::new(recipe, sources, auto.pool.span(), &auto.pool.get()?.0))
        });
        own.chain(autos)
    }

    fn new(recipe: &'a Recipe, sources: &'a Sources, name_span: Span, pool: &'a Pool) -> Self {
        Self { recipe, sources, name_span, pool, prefetched: OnceCell::new() }
    }

    /// The images that the pool prefetches, as far as their names could be understood.
    pub(super) fn prefetched(&self) -> &[NamedImage<'a>] {
        self.prefetched.get_or_init(|| prefetched(self.pool).filter_map(NamedImage::read).collect())
    }

    /// The ports by which the pool's nodes can be reached; none if that could not be understood.
    pub(super) fn inbound_nat_pools(&self) -> &'a [NamedEntry<InboundNatPool>] {
        let network = self.pool.network.as_ref().and_then(Field::get);
        let endpoints = network.and_then(|network| network.endpoints.as_ref()?.get());
        endpoints.and_then(|endpoints| members(Some(&endpoints.inbound_nat_pools))).unwrap_or_default()
    }

    /// The tasks that belong to the pool itself.
    pub(super) fn tasks(&self) -> impl Iterator<Item = AnyTask<'a>> {
        let field = self.pool.start_task.as_ref();
        field.and_then(|field| AnyTask::start(self.recipe, self.pool, field)).into_iter()
    }
}

impl<'a> JobScope<'a> {
    /// All jobs with tasks of their own.
    pub fn all(recipe: &'a Recipe, resolved: &'a [ResolvedJob]) -> Vec<Self> {
        let (jobs, pools) = (by_name(recipe.jobs.as_ref()), by_name(recipe.pools.as_ref()));
        let scope = |tasks: &'a ResolvedJob| {
            let job = jobs.get(tasks.key.as_str()).and_then(|field| field.get());
            let declared_pool = job.and_then(|job| declared_pool(job, &pools));
            Self { recipe, job, declared_pool, tasks, is_scheduled: false }
        };
        resolved.iter().map(scope).collect()
    }

    /// All jobs that schedules make.
    pub(super) fn scheduled(recipe: &'a Recipe) -> impl Iterator<Item = Self> {
        let pools = by_name(recipe.pools.as_ref());
        scheduled(recipe).map(move |job| Self {
            recipe,
            job: Some(job),
            declared_pool: declared_pool(job, &pools),
            tasks: &NO_TASKS,
            is_scheduled: true,
        })
    }

    /// The job's pool, if it is one of this recipe, or the job's own, and could be understood.
    pub fn pool(&self) -> Option<&'a Pool> {
        let job = self.job?;
        match job.pool.get()? {
            PoolChoice::Key(_) => self.declared_pool?.get(),
            PoolChoice::Auto(_) => Some(&auto_pool(job)?.pool.get()?.0),
            PoolChoice::Existing(_) => None,
        }
    }

    /// The tasks that belong to the job itself.
    pub(super) fn own_tasks(&self) -> impl Iterator<Item = AnyTask<'a>> {
        let (recipe, pool) = (self.recipe, self.pool());
        self.job.into_iter().flat_map(move |job| {
            let manager = job.manager_task.as_ref();
            let preparation = job.preparation_task.as_ref();
            let release = job.release_task.as_ref();
            [
                manager.and_then(|field| AnyTask::manager(recipe, pool, field)),
                preparation.and_then(|field| AnyTask::preparation(recipe, pool, field)),
                release.and_then(|field| AnyTask::release(recipe, pool, field)),
            ]
            .into_iter()
            .flatten()
        })
    }

    /// A task of the job as one of any kind.
    pub(super) fn any_task(&self, task: &'a Task) -> AnyTask<'a> {
        AnyTask::ordinary(self.recipe, self.pool(), task)
    }
}

impl<'a> AnyTask<'a> {
    /// Whether the task's pool prefetches an image under this very name.
    pub(super) fn prefetches(&self, image: &NamedImage<'_>) -> bool {
        self.pool
            .into_iter()
            .flat_map(prefetched)
            .any(|other| other.get().is_some_and(|name| name == image.name))
    }

    /// Whether it must run in a container if its pool runs any.
    pub(super) fn wants_container(&self) -> bool {
        matches!(self.kind, TaskKind::Ordinary | TaskKind::Manager)
    }
}

/// The jobs that schedules make and that could be understood.
fn scheduled(recipe: &Recipe) -> impl Iterator<Item = &Job> {
    let schedules = members(recipe.schedules.as_ref()).unwrap_or_default();
    schedules.iter().filter_map(|entry| Some(&entry.value.get()?.job.get()?.0))
}

/// The members of a map by their names; of several with one name the first.
fn by_name<T>(field: Option<&Field<Entries<T>>>) -> HashMap<&str, &Field<T>> {
    entries(field).iter().rev().map(|entry| (entry.name.as_str(), &entry.value)).collect()
}

fn declared_pool<'a>(job: &Job, pools: &HashMap<&str, &'a Field<Pool>>) -> Option<&'a Field<Pool>> {
    match job.pool.get()? {
        PoolChoice::Key(key) => pools.get(key.as_str()).copied(),
        PoolChoice::Auto(_) | PoolChoice::Existing(_) => None,
    }
}

fn auto_pool(job: &Job) -> Option<&AutoPool> {
    match job.pool.get()? {
        PoolChoice::Auto(auto) => auto.get(),
        _ => None,
    }
}

fn prefetched(pool: &Pool) -> impl Iterator<Item = &Field<String>> {
    let list = pool.container.as_ref().and_then(|container| container.get()?.prefetch.as_ref()?.get());
    list.into_iter().flatten()
}

/// The members of a map: none if it is absent, `None` if it could not be understood.
pub(super) fn members<T>(field: Option<&Field<Entries<T>>>) -> Option<&[NamedEntry<T>]> {
    match field {
        Some(map) => map.get().map(|_| entries(field)),
        None => Some(&[]),
    }
}
