//! Reading what is there.

use std::collections::BTreeSet;

use futures::{Stream, StreamExt, TryStreamExt, pin_mut};

use crate::batch::odata::ListQuery;
use crate::batch::operations::{ListJobs, ListPools, ListTasks};
use crate::batch::{JobId, PoolId};
use crate::client::{BatchClient, ClientError};
use crate::resource::{LiveJob, LivePool, LiveState, LiveTask, Observed, Ownership, RecipeName};

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
        let observed = Observed::<LivePool>::from_wire(&pool);
        if scope.pools.contains(&pool.id) || is_ours(&observed.value.ownership) {
            live.pools.insert(pool.id.clone(), observed);
        }
    }
    let jobs = client.list(ListJobs { query: ListQuery::default() });
    pin_mut!(jobs);
    while let Some(job) = jobs.try_next().await? {
        let Some(observed) = Observed::<LiveJob>::from_wire(&job) else { continue };
        if scope.jobs.contains(&job.id) || is_ours(&observed.value.ownership) {
            live.jobs.insert(job.id.clone(), observed);
        }
    }
    Ok(live)
}

/// The tasks of a job, a page at a time, with no more of each than comparing takes.
pub fn tasks(client: &BatchClient, job: &JobId) -> impl Stream<Item = Result<LiveTask, ClientError>> + use<> {
    let query = ListQuery::select(&["id", "displayName", "state", "executionInfo"]);
    client.list(ListTasks { job_id: job.clone(), query }).map_ok(LiveTask::from)
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
