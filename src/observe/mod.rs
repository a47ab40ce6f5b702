//! Reading an account: the client's answers become [`LiveState`].

mod status;

pub use status::{JobStatus, PoolStatus, Status, status};

use std::collections::BTreeSet;

use futures::{Stream, StreamExt, TryStreamExt, pin_mut};

use crate::batch::model::{BatchJob, BatchPool};
use crate::batch::odata::ListQuery;
use crate::batch::operations::{ListJobs, ListPools, ListTasks};
use crate::batch::{ETag, JobId, PoolId};
use crate::client::{BatchClient, ClientError};
use crate::resource::{
    JobSpec, LiveJob, LivePool, LiveState, LiveTask, Observed, Ownership, PoolSpec, RecipeName, TaskSpec,
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
}

/// Reads pools and jobs. Tasks are a stream of their own: see [`tasks`].
///
/// # Errors
/// When the account can't be read.
pub async fn read(client: &BatchClient, scope: &Scope) -> Result<LiveState, ClientError> {
    let is_ours =
        |ownership: &Option<Ownership>| ownership.as_ref().is_some_and(|own| own.recipe == scope.recipe);
    let mut live = LiveState::default();
    let pools = client.list(ListPools { query: ListQuery::default() });
    pin_mut!(pools);
    while let Some(pool) = pools.try_next().await? {
        let observed = live_pool(&pool);
        if scope.pools.contains(&pool.id) || is_ours(&observed.value.ownership) {
            live.pools.insert(pool.id.clone(), observed);
        }
    }
    let jobs = client.list(ListJobs { query: ListQuery::default() });
    pin_mut!(jobs);
    while let Some(job) = jobs.try_next().await? {
        let Some(observed) = live_job(&job) else { continue };
        if scope.jobs.contains(&job.id) || is_ours(&observed.value.ownership) {
            live.jobs.insert(job.id.clone(), observed);
        }
    }
    Ok(live)
}

/// The tasks of a job, a page at a time, with no more of each than comparing takes.
pub fn tasks(client: &BatchClient, job: &JobId) -> impl Stream<Item = Result<LiveTask, ClientError>> + use<> {
    let query = ListQuery::select(&["id", "displayName", "state", "executionInfo"]);
    client.list(ListTasks { job_id: job.clone(), query }).map_ok(|task| LiveTask {
        digest: task.display_name.as_deref().and_then(TaskSpec::digest_in),
        state: task.state.unwrap_or(crate::batch::model::BatchTaskState::Active),
        result: task.execution_info.and_then(|info| info.result),
        id: task.id,
    })
}

/// The pool of a wire object.
pub fn live_pool(pool: &BatchPool) -> Observed<LivePool> {
    use crate::batch::model::{AllocationState, BatchPoolState};
    Observed {
        etag: pool.e_tag.as_deref().map(ETag::new),
        value: LivePool {
            spec: PoolSpec::from_wire(pool),
            ownership: Ownership::from_metadata(pool.metadata.as_ref()),
            metadata: pool.metadata.clone().unwrap_or_default(),
            state: pool.state.clone().unwrap_or(BatchPoolState::Active),
            allocation_state: pool.allocation_state.clone().unwrap_or(AllocationState::Steady),
            current_dedicated: pool.current_dedicated_nodes.unwrap_or(0),
            current_spot: pool.current_low_priority_nodes.unwrap_or(0),
        },
    }
}

/// The job of a wire object; `None` for jobs on auto pools, which no recipe makes.
pub fn live_job(job: &BatchJob) -> Option<Observed<LiveJob>> {
    Some(Observed {
        etag: job.e_tag.as_deref().map(ETag::new),
        value: LiveJob {
            spec: JobSpec::from_wire(job)?,
            ownership: Ownership::from_metadata(job.metadata.as_ref()),
            metadata: job.metadata.clone().unwrap_or_default(),
            state: job.state.clone().unwrap_or(crate::batch::model::BatchJobState::Active),
            since: job.state_transition_time,
        },
    })
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
