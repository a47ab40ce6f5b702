//! What a recipe wants.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{AllGenerations, Generation, JobPool, JobScheduleSpec, JobSpec, PoolSpec, RecipeName, TaskSpec};
use crate::batch::{JobId, PoolId};

/// A place in a recipe.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SourceLocation {
    /// The file, as the user named it.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for SourceLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Where each field of a resource stands in its recipe, by its path inside the resource: `vm_size`, `container.prefetch`. The
/// empty path is the resource itself.
pub type FieldSources = BTreeMap<String, SourceLocation>;

/// Where a field stands; a field that is not written stands where the nearest thing around it does.
pub fn source_of(sources: &FieldSources, path: &str) -> Option<SourceLocation> {
    let mut path = path;
    loop {
        if let Some(source) = sources.get(path) {
            return Some(source.clone());
        }
        if path.is_empty() {
            return None;
        }
        path = path.rsplit_once('.').map_or("", |(outer, _)| outer);
    }
}

/// What an edit of something that can't be changed in place may do; each allows what those before it do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnChange {
    /// Nothing: the plan says what it would take, and apply refuses.
    #[default]
    Stop,
    /// Reboot nodes, some at a time, where they go by a change only then.
    Reboot,
    /// Make another pool, move the jobs there, delete the old one.
    BlueGreen,
    /// Take the nodes away, change the pool, bring them back.
    Drain,
    /// Delete the object and make it anew.
    Recreate,
}

impl OnChange {
    /// The word for it, in recipes and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Reboot => "reboot",
            Self::BlueGreen => "blue_green",
            Self::Drain => "drain",
            Self::Recreate => "recreate",
        }
    }
}

/// Everything a recipe wants, by its keys in the recipe.
#[derive(Debug, Clone)]
pub struct DesiredState {
    /// The recipe's name.
    pub recipe: RecipeName,
    /// The pools.
    pub pools: BTreeMap<String, DesiredPool>,
    /// The jobs.
    pub jobs: BTreeMap<String, DesiredJob>,
    /// The job schedules.
    pub schedules: BTreeMap<String, DesiredSchedule>,
}

impl DesiredState {
    /// What a recipe wants that is there no longer: nothing.
    pub fn nothing(recipe: RecipeName) -> Self {
        Self { recipe, pools: BTreeMap::new(), jobs: BTreeMap::new(), schedules: BTreeMap::new() }
    }

    /// What the recipe wants, with each job and each pool in its youngest generation that there is.
    #[must_use]
    pub fn at_generations(mut self, there: &AllGenerations) -> Self {
        let wanted: BTreeSet<PoolId> = self.pools.values().map(|pool| pool.spec.id.clone()).collect();
        for pool in self.pools.values_mut() {
            let first = pool.spec.id.clone();
            pool.generation = there.pools.current(&first);
            pool.next_generation = there.pools.next(&first, &wanted);
            pool.spec.id = pool.generation.id().unwrap_or(first);
        }
        let wanted: BTreeSet<JobId> = self.jobs.values().map(|job| job.spec.id.clone()).collect();
        for job in self.jobs.values_mut() {
            let first = job.spec.id.clone();
            job.generation = there.jobs.current(&first);
            job.next_generation = there.jobs.next(&first, &wanted);
            job.spec.id = job.generation.id().unwrap_or(first);
        }
        let keys: Vec<(String, PoolId)> =
            self.pools.iter().map(|(key, pool)| (key.clone(), pool.spec.id.clone())).collect();
        keys.iter().for_each(|(key, id)| self.use_pool(key, id));
        self
    }

    /// Has the jobs and schedules that run on a pool of the recipe run on the pool with this id.
    pub fn use_pool(&mut self, key: &str, id: &PoolId) {
        let on_it = |pool_key: &Option<String>| pool_key.as_deref() == Some(key);
        for job in self.jobs.values_mut().filter(|job| on_it(&job.pool_key)) {
            job.spec.pool = JobPool::Existing(id.clone());
        }
        for schedule in self.schedules.values_mut().filter(|schedule| on_it(&schedule.pool_key)) {
            schedule.spec.job.pool_info.pool_id = Some(id.clone());
        }
    }
}

/// A pool that a recipe wants.
#[derive(Debug, Clone)]
pub struct DesiredPool {
    /// The pool.
    pub spec: PoolSpec,
    /// Which of its generations this is.
    pub generation: Generation<PoolId>,
    /// The generation that would come after it; `None` if there can be none.
    pub next_generation: Option<Generation<PoolId>>,
    /// What an edit of something immutable may do.
    pub on_change: OnChange,
    /// The paths of properties that others may change; what is inside of them counts, too.
    pub ignored: Vec<&'static str>,
    /// Where its fields stand.
    pub sources: FieldSources,
}

/// A job that a recipe wants.
#[derive(Debug, Clone)]
pub struct DesiredJob {
    /// The job.
    pub spec: JobSpec,
    /// The key of its pool, if the recipe has the pool.
    pub pool_key: Option<String>,
    /// Which of its generations this is.
    pub generation: Generation<JobId>,
    /// The generation that would come after it; `None` if there can be none.
    pub next_generation: Option<Generation<JobId>>,
    /// The paths of properties that others may change; what is inside of them counts, too.
    pub ignored: Vec<&'static str>,
    /// Its tasks.
    pub tasks: TaskStream,
    /// Where its fields stand.
    pub sources: FieldSources,
}

/// A job schedule that a recipe wants.
#[derive(Debug, Clone)]
pub struct DesiredSchedule {
    /// The schedule.
    pub spec: JobScheduleSpec,
    /// The key of the pool of its jobs, if the recipe has the pool.
    pub pool_key: Option<String>,
    /// The paths of properties that others may change; what is inside of them counts, too.
    pub ignored: Vec<&'static str>,
    /// Where its fields stand.
    pub sources: FieldSources,
}

/// A task that could not be made from its recipe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TaskStreamError(pub String);

type Tasks = Box<dyn Iterator<Item = Result<TaskSpec, TaskStreamError>> + Send>;

/// The tasks of a job: made anew, one by one, each time they are asked for, so that a million of them need no memory. The order
/// is the same every time.
#[derive(Clone)]
pub struct TaskStream {
    make: Arc<dyn Fn() -> Tasks + Send + Sync>,
    count: u64,
}

impl TaskStream {
    /// A stream of `count` tasks, made by `make`.
    pub fn new<I>(count: u64, make: impl Fn() -> I + Send + Sync + 'static) -> Self
    where
        I: Iterator<Item = Result<TaskSpec, TaskStreamError>> + Send + 'static,
    {
        Self { make: Arc::new(move || Box::new(make())), count }
    }

    /// A stream of tasks that are at hand.
    pub fn from_tasks(tasks: Vec<TaskSpec>) -> Self {
        let tasks: Arc<[TaskSpec]> = tasks.into();
        let count = tasks.len() as u64;
        Self::new(count, move || {
            let tasks = tasks.clone();
            (0..tasks.len()).filter_map(move |index| tasks.get(index).cloned().map(Ok))
        })
    }

    /// How many tasks there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The tasks, from the first.
    pub fn iter(&self) -> impl Iterator<Item = Result<TaskSpec, TaskStreamError>> + Send + use<> {
        (self.make)()
    }
}

impl fmt::Debug for TaskStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskStream").field("count", &self.count).finish_non_exhaustive()
    }
}
