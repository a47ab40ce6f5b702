//! What rules look at: a part of the recipe together with what is around it.

use std::cell::OnceCell;

use crate::batch::run_options::{InvalidRunOptions, RunOptions};
use crate::diagnostic::Span;
use crate::recipe::document::{
    Command, Elevation, Entries, Environment, Field, Job, NamedEntry, Pool, PoolChoice, Recipe, Task,
    TaskContainer, entries,
};
use crate::recipe::expand::ResolvedJob;

/// A pool of the recipe.
#[derive(Debug, Clone, Copy)]
pub struct PoolScope<'a> {
    /// The recipe without its tasks.
    pub recipe: &'a Recipe,
    /// The place of the pool's name.
    pub name_span: Span,
    /// The pool.
    pub pool: &'a Pool,
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

/// Which kind of task it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskKind {
    /// The start task of a pool.
    Start,
    /// A task of a job.
    Ordinary,
}

/// Run options, parsed to their end.
#[derive(Debug)]
pub(super) struct ScannedOptions {
    /// What they say.
    pub(super) options: RunOptions,
    /// What is wrong with them.
    pub(super) problems: Vec<InvalidRunOptions>,
}

/// A task of any kind, by what all kinds have.
#[derive(Debug)]
pub struct AnyTask<'a> {
    /// The recipe without its tasks.
    pub recipe: &'a Recipe,
    /// The pool that it runs on, if that is one of this recipe and could be understood.
    pub pool: Option<&'a Pool>,
    /// Which kind.
    pub kind: TaskKind,
    /// Where to point when the task as a whole is meant: its id, or its name.
    pub span: Span,
    /// What it runs.
    pub command: Option<&'a Field<Command>>,
    /// The container that it runs in.
    pub container: Option<&'a Field<TaskContainer>>,
    /// Its environment variables.
    pub environment: Option<&'a Field<Environment>>,
    /// What it may do on its node, if it is one of those that say so.
    pub elevation: Option<&'a Field<Elevation>>,
    /// Its run options, once a rule has asked for them.
    scanned: OnceCell<Option<ScannedOptions>>,
}

impl<'a> PoolScope<'a> {
    /// All pools of a recipe that could be understood.
    pub(super) fn all(recipe: &'a Recipe) -> impl Iterator<Item = Self> {
        members(recipe.pools.as_ref()).unwrap_or_default().iter().filter_map(move |entry| {
            Some(Self { recipe, name_span: entry.name_span, pool: entry.value.get()? })
        })
    }

    /// The images that the pool prefetches.
    pub(super) fn prefetched(&self) -> impl Iterator<Item = &'a Field<String>> {
        prefetched(self.pool)
    }

    /// The tasks that belong to the pool itself.
    pub(super) fn tasks(self) -> impl Iterator<Item = AnyTask<'a>> {
        let field = self.pool.start_task.as_ref();
        field.and_then(|field| Some((field.span(), field.get()?))).into_iter().map(move |(span, start)| {
            AnyTask {
                recipe: self.recipe,
                pool: Some(self.pool),
                kind: TaskKind::Start,
                span,
                command: Some(&start.command),
                container: start.container.as_ref(),
                environment: start.environment.as_ref(),
                elevation: start.elevation.as_ref(),
                scanned: OnceCell::new(),
            }
        })
    }
}

impl<'a> JobScope<'a> {
    /// The job's pool, if it is one of this recipe and could be understood.
    pub fn pool(&self) -> Option<&'a Pool> {
        let PoolChoice::Key(key) = self.job?.pool.get()? else { return None };
        members(self.recipe.pools.as_ref())?.iter().find(|entry| entry.name == *key)?.value.get()
    }

    /// A task of the job as one of any kind.
    pub(super) fn any_task(&self, task: &'a Task) -> AnyTask<'a> {
        AnyTask {
            recipe: self.recipe,
            pool: self.pool(),
            kind: TaskKind::Ordinary,
            span: task.id.as_ref().map(Field::span).unwrap_or_default(),
            command: task.command.as_ref(),
            container: task.container.as_ref(),
            environment: task.environment.as_ref(),
            elevation: None,
            scanned: OnceCell::new(),
        }
    }
}

impl<'a> AnyTask<'a> {
    /// The images that the task's pool prefetches.
    pub(super) fn prefetched(&self) -> impl Iterator<Item = &'a Field<String>> {
        self.pool.into_iter().flat_map(prefetched)
    }

    /// The run options of its container. `None` if it has none that could be understood.
    pub(super) fn run_options(&self) -> Option<&ScannedOptions> {
        let scan = || {
            let text = self.container?.get()?.run_options.as_ref()?.get()?;
            let (options, problems) = RunOptions::scan(text);
            Some(ScannedOptions { options, problems })
        };
        self.scanned.get_or_init(scan).as_ref()
    }

    /// Whether it runs as root. `None` if that could not be understood.
    pub(super) fn is_admin(&self) -> Option<bool> {
        match self.elevation {
            Some(elevation) => elevation.get().map(|elevation| *elevation == Elevation::Admin),
            None => Some(false),
        }
    }
}

fn prefetched(pool: &Pool) -> impl Iterator<Item = &Field<String>> {
    let list = pool.container.as_ref().and_then(|container| container.get()?.prefetch.as_ref()?.get());
    list.into_iter().flatten()
}

impl TaskKind {
    /// What it is called in a message, after an article.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Start => "start task",
            Self::Ordinary => "task",
        }
    }
}

/// The members of a map: none if it is absent, `None` if it could not be understood.
pub(super) fn members<T>(field: Option<&Field<Entries<T>>>) -> Option<&[NamedEntry<T>]> {
    match field {
        Some(map) => map.get().map(|_| entries(field)),
        None => Some(&[]),
    }
}
