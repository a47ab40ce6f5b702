//! Reading what is there.

use std::collections::{BTreeMap, BTreeSet};

use futures::{Stream, StreamExt, TryStreamExt, pin_mut};

use crate::batch::odata::ListQuery;
use crate::batch::operations::{GetJobTaskCounts, ListJobSchedules, ListJobs, ListPools, ListTasks};
use crate::batch::{ErrorCode, JobId, JobScheduleId, PoolId, TaskId};
use crate::client::{BatchClient, ClientError};
use crate::resource::{
    AllGenerations, Generation, JobContents, LiveJob, LivePool, LiveSchedule, LiveState, LiveTask, Neighbour,
    Observed, Ownership, RecipeName,
};

/// What to read: the objects that a recipe names, and all that carry its mark.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The recipe whose mark counts.
    pub recipe: RecipeName,
    /// Pools by id.
    pub pools: BTreeSet<PoolId>,
    /// Jobs by id.
    pub jobs: BTreeSet<JobId>,
    /// Job schedules by id.
    pub schedules: BTreeSet<JobScheduleId>,
}

/// Reads pools and jobs, and which jobs of others run on these pools. Tasks are a stream of their own: see [`tasks`].
///
/// # Errors
/// When the account can't be read.
pub async fn read(client: &BatchClient, scope: &Scope) -> Result<LiveState, ClientError> {
    let is_ours =
        |ownership: &Option<Ownership>| ownership.as_ref().is_some_and(|own| own.recipe == scope.recipe);
    let mut live = LiveState { api_version: client.api_version(), ..LiveState::default() };
    let pools = client.list(ListPools { query: ListQuery::default() });
    pin_mut!(pools);
    while let Some(pool) = pools.try_next().await? {
        let observed = Observed::<LivePool>::from_wire(&pool);
        let is_ours = is_ours(&observed.value.ownership);
        if Generation::in_id(&pool.id).is_some_and(|it| !is_ours && scope.pools.contains(&it.first)) {
            live.taken_pools.insert(pool.id.clone());
        }
        if scope.pools.contains(&pool.id) || is_ours {
            live.pools.insert(pool.id.clone(), observed);
        }
    }
    live.schedules = schedules(client, scope).await?;
    let jobs = client.list(ListJobs { query: ListQuery::default() });
    pin_mut!(jobs);
    while let Some(job) = jobs.try_next().await? {
        let Some(observed) = Observed::<LiveJob>::from_wire(&job) else { continue };
        let schedule = job.id.schedule().and_then(|schedule| live.schedules.get(&schedule));
        if let Some(schedule) = schedule.filter(|schedule| is_ours(&schedule.value.ownership)) {
            if !observed.value.is_over() || schedule.value.recent_job.as_deref() == Some(job.id.as_str()) {
                live.scheduled.insert(job.id.clone(), observed);
            }
            continue;
        }
        let is_ours = is_ours(&observed.value.ownership);
        if Generation::in_id(&job.id).is_some_and(|it| !is_ours && scope.jobs.contains(&it.first)) {
            live.taken_jobs.insert(job.id.clone());
        }
        let pool = observed.value.runs_on.clone().filter(|pool| live.pools.contains_key(pool));
        if let Some(pool) = pool.filter(|_| !is_ours && !observed.value.is_over()) {
            let recipe = observed.value.ownership.as_ref().map(|owner| owner.recipe.clone());
            live.neighbours.insert(job.id.clone(), Neighbour { pool, recipe });
        }
        if is_ours || scope.jobs.contains(&job.id) {
            live.jobs.insert(job.id.clone(), observed);
        }
    }
    Ok(live)
}

/// Reads which generations there are of the jobs and pools of a recipe.
///
/// # Errors
/// When the account can't be read.
pub async fn generations(client: &BatchClient, recipe: &RecipeName) -> Result<AllGenerations, ClientError> {
    let mut all = AllGenerations::default();
    let query = || ListQuery::select(&["id", "metadata"]);
    let pools = client.list(ListPools { query: query() });
    pin_mut!(pools);
    while let Some(pool) = pools.try_next().await? {
        let mark = Ownership::from_metadata(pool.metadata.as_ref());
        all.pools.note(&pool.id, mark.as_ref(), recipe);
    }
    let jobs = client.list(ListJobs { query: query() });
    pin_mut!(jobs);
    while let Some(job) = jobs.try_next().await? {
        let mark = Ownership::from_metadata(job.metadata.as_ref());
        all.jobs.note(&job.id, mark.as_ref(), recipe);
    }
    Ok(all)
}

/// Reads job schedules. An account that knows nothing of them has none.
async fn schedules(
    client: &BatchClient,
    scope: &Scope,
) -> Result<BTreeMap<JobScheduleId, Observed<LiveSchedule>>, ClientError> {
    let mut found = BTreeMap::new();
    let schedules = client.list(ListJobSchedules { query: ListQuery::default() });
    pin_mut!(schedules);
    loop {
        let schedule = match schedules.try_next().await {
            Ok(Some(schedule)) => schedule,
            Ok(None) => return Ok(found),
            Err(error) if error.code_is(ErrorCode::NOT_IMPLEMENTED_BY_EMULATOR) => return Ok(found),
            Err(error) => return Err(error),
        };
        let Some(observed) = Observed::<LiveSchedule>::from_wire(&schedule) else { continue };
        let owner = observed.value.ownership.as_ref();
        let is_ours = owner.is_some_and(|owner| owner.recipe == scope.recipe);
        if is_ours || scope.schedules.contains(&schedule.id) {
            found.insert(schedule.id.clone(), observed);
        }
    }
}

/// The tasks of a job, a page at a time, with no more of each than comparing takes.
pub fn tasks(client: &BatchClient, job: &JobId) -> impl Stream<Item = Result<LiveTask, ClientError>> + use<> {
    let query = ListQuery::select(&["id", "displayName", "state", "executionInfo"]);
    client.list(ListTasks { job_id: job.clone(), query }).map_ok(LiveTask::from)
}

/// Reads how many tasks of a job run and wait. `None` if the job is gone.
///
/// # Errors
/// When the account can't be read.
pub async fn counts(client: &BatchClient, job: &JobId) -> Result<Option<JobContents>, ClientError> {
    let counts = client.find(&GetJobTaskCounts { job_id: job.clone() }).await?;
    Ok(counts.map(|counts| JobContents::of(&counts.value.task_counts)))
}

/// Reads what a job holds: how many tasks run and wait, and which of them no recipe made. They are listed only if there are not
/// as many as the job's metadata records. `None` if the job is gone.
///
/// # Errors
/// When the account can't be read.
pub async fn contents(
    client: &BatchClient,
    job: &JobId,
    recorded: Option<u64>,
    manager: Option<&TaskId>,
) -> Result<Option<JobContents>, ClientError> {
    let Some(counts) = client.find(&GetJobTaskCounts { job_id: job.clone() }).await? else { return Ok(None) };
    let counts = counts.value.task_counts;
    let mut held = JobContents::of(&counts);
    let all = held.running + held.waiting + u64::from(counts.completed);
    if recorded != Some(all) {
        for_each_task(client, job, |task| held.foreign.observe(&task, manager)).await?;
    }
    Ok(Some(held))
}

/// The ids of tasks that failed, as they come.
pub fn failed_tasks(
    client: &BatchClient,
    job: &JobId,
) -> impl Stream<Item = Result<TaskId, ClientError>> + use<> {
    let filter = Some("executionInfo/result eq 'failure'".to_owned());
    let query = ListQuery { filter, ..ListQuery::select(&["id"]) };
    client.list(ListTasks { job_id: job.clone(), query }).map_ok(|task| task.id)
}

/// Collects a stream of tasks into a comparison.
///
/// # Errors
/// When the account can't be read.
pub async fn for_each_task(
    client: &BatchClient,
    job: &JobId,
    mut take: impl FnMut(LiveTask),
) -> Result<(), ClientError> {
    let tasks = tasks(client, job);
    pin_mut!(tasks);
    while let Some(task) = tasks.next().await {
        take(task?);
    }
    Ok(())
}
