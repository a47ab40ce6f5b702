//! Finding out why tasks wait.

use std::collections::{BTreeSet, HashSet};

use futures::{TryStreamExt, pin_mut};

use crate::batch::model::{BatchJobState, BatchTask, BatchTaskCounts, BatchTaskState};
use crate::batch::odata::{ListQuery, Select};
use crate::batch::operations::{GetJob, GetJobTaskCounts, GetTask, ListTasks};
use crate::batch::{JobId, PoolId, TaskId};
use crate::client::{BatchClient, ClientError};

use super::blocked::{self, Blocked};
use super::hold::{Held, Hold, NAMED};
use super::pool_status::{PoolStatus, pool_status};
use super::preparation::{unprepared, waits_for_preparation};
use super::queue::{hold_of_needs, queued};

/// A job whose tasks wait.
#[derive(Debug, Clone, Copy)]
pub struct WaitingJob<'a> {
    /// The job.
    pub id: &'a JobId,
    /// Its state.
    pub state: &'a BatchJobState,
    /// Whether its tasks may depend on each other.
    pub depends: bool,
    /// Whether its nodes run a preparation task that the others wait for.
    pub prepares: bool,
    /// How many of its tasks may run at once; not positive if that has no limit.
    pub at_once: i32,
}

/// Why the waiting tasks of a job wait, the most final reasons first. Their job is on `pool`, whose
/// id is not known as long as the service has not made it, and which is absent if it does not exist.
///
/// # Errors
/// When the account can't be read.
pub async fn held_tasks(
    client: &BatchClient,
    job: &WaitingJob<'_>,
    counts: &BatchTaskCounts,
    (pool_id, pool): (Option<&PoolId>, Option<&PoolStatus>),
) -> Result<Vec<Held>, ClientError> {
    let mut held = Vec::new();
    let waiting = u64::from(counts.active);
    if waiting == 0 {
        return Ok(held);
    }
    let blocked = if job.depends { blocked::blocked(client, job.id, counts).await? } else { Blocked::new() };
    // The counts lag behind the list now and then, so they don't bound it.
    for has_failed in [true, false] {
        let causes =
            || blocked.values().filter(|cause| cause.has_failed == has_failed).map(|cause| &cause.task);
        let tasks = causes().count() as u64;
        if tasks > 0 {
            let mut causes: Vec<TaskId> = causes().collect::<BTreeSet<_>>().into_iter().cloned().collect();
            causes.truncate(NAMED);
            held.push(Held { tasks, why: blocked_by(causes, has_failed) });
        }
    }
    let rest = waiting.saturating_sub(blocked.len() as u64);
    if rest > 0 {
        let mut why = hold_of_job(job.state, pool_id, pool);
        if job.prepares && matches!(why, Hold::Queued { .. }) {
            why = unprepared(client, job.id, pool).await?.unwrap_or(why);
        }
        match pool.filter(|_| matches!(why, Hold::Queued { .. })) {
            Some(pool) => {
                if job.at_once > 0 && i64::from(counts.running) >= i64::from(job.at_once) {
                    why = Hold::AtOnce { limit: job.at_once };
                }
                held.extend(queued(client, job.id, pool, (&blocked, rest), why).await?);
            }
            None => held.push(Held { tasks: rest, why }),
        }
    }
    Ok(held)
}

fn blocked_by(causes: Vec<TaskId>, have_failed: bool) -> Hold {
    if have_failed { Hold::Blocked { failed: causes } } else { Hold::BlockedBySuccess { succeeded: causes } }
}

/// Why tasks wait that depend on none that failed.
fn hold_of_job(state: &BatchJobState, pool_id: Option<&PoolId>, pool: Option<&PoolStatus>) -> Hold {
    if *state != BatchJobState::Active {
        return Hold::JobNotActive { state: state.clone() };
    }
    let Some(pool_id) = pool_id else { return Hold::PoolToCome };
    let Some(pool) = pool else { return Hold::NoPool { pool: pool_id.clone() } };
    pool.hold().unwrap_or_else(|| Hold::Queued { pool: pool_id.clone(), nodes: pool.states() })
}

/// Why a task waits; `None` if it does not wait, or is gone.
///
/// # Errors
/// When the account can't be read.
pub async fn hold_of_task(
    client: &BatchClient,
    job_id: &JobId,
    task_id: &TaskId,
) -> Result<Option<Hold>, ClientError> {
    let request = GetTask { job_id: job_id.clone(), task_id: task_id.clone(), select: Select::default() };
    let Some(task) = client.find(&request).await?.map(|answer| answer.value) else { return Ok(None) };
    if task.state != Some(BatchTaskState::Active) {
        return Ok(None);
    }
    if let Some(hold) = hold_of_dependencies(client, job_id, &task).await? {
        return Ok(Some(hold));
    }
    let request = GetJob { job_id: job_id.clone(), select: Select::default() };
    let Some(job) = client.find(&request).await?.map(|answer| answer.value) else { return Ok(None) };
    let state = job.state.unwrap_or(BatchJobState::Active);
    let made = job.execution_info.and_then(|info| info.pool_id);
    let Some(pool_id) = job.pool_info.and_then(|info| info.pool_id).or(made) else {
        return Ok(Some(hold_of_job(&state, None, None)));
    };
    let pool = pool_status(client, &pool_id).await?;
    if waits_for_preparation(job.job_preparation_task.as_ref())
        && let Some(hold) = unprepared(client, job_id, pool.as_ref()).await?
    {
        return Ok(Some(hold));
    }
    let hold = hold_of_job(&state, Some(&pool_id), pool.as_ref());
    let lacking = pool.as_ref().filter(|_| matches!(hold, Hold::Queued { .. }));
    Ok(Some(lacking.and_then(|pool| hold_of_needs(&task, pool)).unwrap_or(hold)))
}

async fn hold_of_dependencies(
    client: &BatchClient,
    job_id: &JobId,
    task: &BatchTask,
) -> Result<Option<Hold>, ClientError> {
    let dependencies: HashSet<String> = blocked::dependencies(task).into_iter().collect();
    if dependencies.is_empty() {
        return Ok(None);
    }
    let Some(counts) = client.find(&GetJobTaskCounts { job_id: job_id.clone() }).await? else {
        return Ok(None);
    };
    let mut blocked = blocked::blocked(client, job_id, &counts.value.task_counts).await?;
    if let Some(cause) = blocked.remove(&task.id.key()) {
        return Ok(Some(blocked_by(vec![cause.task], cause.has_failed)));
    }
    let query = ListQuery { filter: Some("state ne 'completed'".to_owned()), ..ListQuery::select(&["id"]) };
    let tasks = client.list(ListTasks { job_id: job_id.clone(), query });
    pin_mut!(tasks);
    let (mut unfinished, mut count) = (Vec::new(), 0);
    while let Some(other) = tasks.try_next().await? {
        if dependencies.contains(&other.id.key()) {
            count += 1;
            if unfinished.len() < NAMED {
                unfinished.push(other.id);
            }
        }
    }
    Ok((count > 0).then_some(Hold::Dependencies { unfinished, count }))
}
