//! What an account has.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::batch::model::{
    AllocationState, BatchJob, BatchJobSchedule, BatchJobScheduleState, BatchJobState, BatchMetadataItem,
    BatchPool, BatchPoolState, BatchTask, BatchTaskCounts, BatchTaskExecutionResult, BatchTaskState,
    ResizeError,
};
use crate::batch::{ApiVersion, DateTime, ETag, JobId, JobScheduleId, PoolId, TaskId};

use super::{
    AllGenerations, JobScheduleSpec, JobSpec, Ownership, PoolSpec, RecipeName, TaskDigest, TaskSpec,
};

/// A fact that was read, with the version of the object it was read from.
#[derive(Debug, Clone)]
pub struct Observed<T> {
    /// The fact.
    pub value: T,
    /// The version of the object.
    pub etag: Option<ETag>,
}

/// What an account has, as far as it concerns one recipe: the objects that the recipe names, and those that carry its mark.
#[derive(Debug, Clone, Default)]
pub struct LiveState {
    /// The version of the REST API that it was read in, and will be changed in.
    pub api_version: ApiVersion,
    /// Pools.
    pub pools: BTreeMap<PoolId, Observed<LivePool>>,
    /// Jobs.
    pub jobs: BTreeMap<JobId, Observed<LiveJob>>,
    /// Job schedules.
    pub schedules: BTreeMap<JobScheduleId, Observed<LiveSchedule>>,
    /// Jobs that the recipe's schedules have made: those that are not over, and the last one of each schedule.
    pub scheduled: BTreeMap<JobId, Observed<LiveJob>>,
    /// Jobs of others, not over, that run on one of these pools.
    pub neighbours: BTreeMap<JobId, Neighbour>,
    /// Ids of jobs of others that look like those of later generations of jobs of the recipe.
    pub taken_jobs: BTreeSet<JobId>,
    /// Ids of pools of others that look like those of later generations of pools of the recipe.
    pub taken_pools: BTreeSet<PoolId>,
    /// What jobs hold, for those that a plan would disturb.
    pub contents: BTreeMap<JobId, JobContents>,
}

/// A job that is not the recipe's and runs on a pool that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    /// The pool.
    pub pool: PoolId,
    /// The recipe that owns the job; `None` means that an SDK or a person made it.
    pub recipe: Option<RecipeName>,
}

/// What a job holds at the moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobContents {
    /// How many of its tasks run.
    pub running: u64,
    /// How many of its tasks wait.
    pub waiting: u64,
    /// Tasks in it that no recipe made.
    pub foreign: ForeignTasks,
}

impl JobContents {
    /// What counts of a job's tasks say. They don't tell who made the tasks.
    pub fn of(counts: &BatchTaskCounts) -> Self {
        let (running, waiting) = (u64::from(counts.running), u64::from(counts.active));
        Self { running, waiting, foreign: ForeignTasks::default() }
    }

    /// Whether a task has not completed.
    pub fn has_unfinished(&self) -> bool {
        self.running + self.waiting > 0
    }
}

/// Tasks that no recipe made: they carry no digest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignTasks {
    /// How many there are.
    pub count: u64,
    /// How many of them have not completed.
    pub unfinished: u64,
    /// The ids of some.
    pub samples: Vec<TaskId>,
}

impl ForeignTasks {
    /// How many ids are kept.
    const SAMPLES: usize = 3;

    /// Counts a task in, if no recipe made it. The job manager task is made by the service, of what the job says.
    pub fn observe(&mut self, task: &LiveTask, manager: Option<&TaskId>) {
        if task.digest.is_some() || Some(&task.id) == manager {
            return;
        }
        self.count += 1;
        self.unfinished += u64::from(task.state != BatchTaskState::Completed);
        if self.samples.len() < Self::SAMPLES {
            self.samples.push(task.id.clone());
        }
    }

    /// The ids, for people: `a, b, c and 4 more`.
    pub fn named(&self) -> String {
        let ids: Vec<_> = self.samples.iter().map(TaskId::as_str).collect();
        match self.count.saturating_sub(ids.len() as u64) {
            0 => ids.join(", "),
            more => format!("{} and {more} more", ids.join(", ")),
        }
    }
}

/// A pool that is there.
#[derive(Debug, Clone)]
pub struct LivePool {
    /// Its spec.
    pub spec: PoolSpec,
    /// Whose it is; `None` means no recipe's.
    pub ownership: Option<Ownership>,
    /// All of its metadata.
    pub metadata: Vec<BatchMetadataItem>,
    /// Its state.
    pub state: BatchPoolState,
    /// Whether its nodes are changing.
    pub allocation_state: AllocationState,
    /// How many dedicated nodes it has.
    pub current_dedicated: i32,
    /// How many Spot nodes it has.
    pub current_spot: i32,
    /// Why it does not have as many nodes as it should, as `code: message`.
    pub resize_errors: Vec<String>,
}

/// A job that is there.
#[derive(Debug, Clone)]
pub struct LiveJob {
    /// Its spec.
    pub spec: JobSpec,
    /// Whose it is; `None` means no recipe's.
    pub ownership: Option<Ownership>,
    /// All of its metadata.
    pub metadata: Vec<BatchMetadataItem>,
    /// Its state.
    pub state: BatchJobState,
    /// When it came into that state.
    pub since: Option<DateTime>,
    /// The pool that it runs on: also one that the service made for it.
    pub runs_on: Option<PoolId>,
}

/// A job schedule that is there.
#[derive(Debug, Clone)]
pub struct LiveSchedule {
    /// Its spec.
    pub spec: JobScheduleSpec,
    /// Whose it is; `None` means no recipe's.
    pub ownership: Option<Ownership>,
    /// All of its metadata.
    pub metadata: Vec<BatchMetadataItem>,
    /// Its state.
    pub state: BatchJobScheduleState,
    /// When it makes the next job.
    pub next_run: Option<DateTime>,
    /// The job that it made last.
    pub recent_job: Option<String>,
}

impl LiveState {
    /// The generations of what a recipe owns.
    pub fn generations(&self, recipe: &RecipeName) -> AllGenerations {
        let mut all = AllGenerations::default();
        all.jobs.note_taken(&self.taken_jobs);
        all.pools.note_taken(&self.taken_pools);
        for (id, job) in &self.jobs {
            all.jobs.note(id, job.value.ownership.as_ref(), recipe);
        }
        for (id, pool) in &self.pools {
            all.pools.note(id, pool.value.ownership.as_ref(), recipe);
        }
        all
    }

    /// What of it a recipe owns, without jobs that another generation has followed.
    #[must_use]
    pub fn own(mut self, recipe: &RecipeName) -> Self {
        let followed = self.generations(recipe).jobs.followed();
        let ours =
            |ownership: &Option<Ownership>| ownership.as_ref().is_some_and(|own| own.recipe == *recipe);
        self.pools.retain(|_, pool| ours(&pool.value.ownership));
        self.jobs.retain(|id, job| ours(&job.value.ownership) && !followed.contains(id));
        self.schedules.retain(|_, schedule| ours(&schedule.value.ownership));
        self
    }
}

impl LiveSchedule {
    /// Whether it is known that the schedule holds no secrets; see [`LivePool::had_no_secrets`].
    pub fn had_no_secrets(&self) -> bool {
        self.ownership.as_ref().and_then(|owner| owner.digest.as_ref()) == Some(&self.spec.digest())
    }

    /// Whether it makes no more jobs and can't be changed.
    pub fn is_over(&self) -> bool {
        matches!(self.state, BatchJobScheduleState::Completed | BatchJobScheduleState::Terminating)
    }
}

impl LivePool {
    /// Whether it is known that the pool holds no secrets: the digest that was recorded covers references to them and not their
    /// values, so it follows from what the service returns only if there were none.
    pub fn had_no_secrets(&self) -> bool {
        self.ownership.as_ref().and_then(|owner| owner.digest.as_ref()) == Some(&self.spec.digest())
    }
}

impl LivePool {
    /// Whether it has fewer nodes than it was told to have, and gets none any more by itself.
    pub fn lacks_nodes(&self) -> bool {
        let is_short =
            self.current_dedicated < self.spec.dedicated_nodes || self.current_spot < self.spec.spot_nodes;
        let is_at_rest =
            self.state == BatchPoolState::Active && self.allocation_state == AllocationState::Steady;
        is_short && is_at_rest && self.spec.autoscale.is_none()
    }
}

impl LiveJob {
    /// Whether it is known that the job holds no secrets; see [`LivePool::had_no_secrets`].
    pub fn had_no_secrets(&self) -> bool {
        self.ownership.as_ref().and_then(|owner| owner.digest.as_ref()) == Some(&self.spec.digest())
    }

    /// Whether the job takes no more tasks and can't be changed.
    pub fn is_over(&self) -> bool {
        matches!(self.state, BatchJobState::Completed | BatchJobState::Terminating | BatchJobState::Deleting)
    }
}

/// What a list tells of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveTask {
    /// Its id.
    pub id: TaskId,
    /// The digest that it carries; `None` means that no recipe made it.
    pub digest: Option<TaskDigest>,
    /// Its state.
    pub state: BatchTaskState,
    /// How it ended, if it did.
    pub result: Option<BatchTaskExecutionResult>,
}

impl Observed<LivePool> {
    /// The pool of a wire object.
    pub fn from_wire(pool: &BatchPool) -> Self {
        let value = LivePool {
            spec: PoolSpec::from_wire(pool),
            ownership: Ownership::from_metadata(pool.metadata.as_ref()),
            metadata: pool.metadata.clone().unwrap_or_default(),
            state: pool.state.clone().unwrap_or(BatchPoolState::Active),
            allocation_state: pool.allocation_state.clone().unwrap_or(AllocationState::Steady),
            current_dedicated: pool.current_dedicated_nodes.unwrap_or(0),
            current_spot: pool.current_low_priority_nodes.unwrap_or(0),
            resize_errors: pool.resize_errors.iter().flatten().map(said).collect(),
        };
        Self { value, etag: pool.e_tag.as_deref().map(ETag::new) }
    }
}

fn said(error: &ResizeError) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let values = error.values.iter().flatten();
    let details = values.map(|pair| format!("; {}: {}", text(&pair.name), text(&pair.value)));
    format!("{}: {}{}", text(&error.code), text(&error.message), details.collect::<String>())
}

impl Observed<LiveJob> {
    /// The job of a wire object; `None` if it does not say which pool it runs on.
    pub fn from_wire(job: &BatchJob) -> Option<Self> {
        let named = || job.pool_info.as_ref()?.pool_id.clone();
        let value = LiveJob {
            spec: JobSpec::from_wire(job)?,
            ownership: Ownership::from_metadata(job.metadata.as_ref()),
            metadata: job.metadata.clone().unwrap_or_default(),
            state: job.state.clone().unwrap_or(BatchJobState::Active),
            since: job.state_transition_time,
            runs_on: job.execution_info.as_ref().and_then(|info| info.pool_id.clone()).or_else(named),
        };
        Some(Self { value, etag: job.e_tag.as_deref().map(ETag::new) })
    }
}

impl Observed<LiveSchedule> {
    /// The schedule of a wire object; `None` if it does not say which jobs it makes.
    pub fn from_wire(schedule: &BatchJobSchedule) -> Option<Self> {
        let execution = schedule.execution_info.clone().unwrap_or_default();
        let value = LiveSchedule {
            spec: JobScheduleSpec::from_wire(schedule)?,
            ownership: Ownership::from_metadata(schedule.metadata.as_ref()),
            metadata: schedule.metadata.clone().unwrap_or_default(),
            state: schedule.state.clone().unwrap_or(BatchJobScheduleState::Active),
            next_run: execution.next_run_time,
            recent_job: execution.recent_job.and_then(|job| job.id),
        };
        Some(Self { value, etag: schedule.e_tag.as_deref().map(ETag::new) })
    }
}

impl From<BatchTask> for LiveTask {
    fn from(task: BatchTask) -> Self {
        Self {
            digest: task.display_name.as_deref().and_then(TaskSpec::digest_in),
            state: task.state.unwrap_or(BatchTaskState::Active),
            result: task.execution_info.and_then(|info| info.result),
            id: task.id,
        }
    }
}
