//! How a recipe's objects are doing: what `status` shows.

use futures::{TryStreamExt, pin_mut};
use serde::Serialize;

use crate::batch::model::{BatchJobScheduleState, BatchJobState, BatchTaskCounts};
use crate::batch::odata::ListQuery;
use crate::batch::operations::{GetJobTaskCounts, ListTasks};
use crate::batch::{DateTime, JobId, JobScheduleId, PoolId};
use crate::client::{BatchClient, ClientError};
use crate::resource::{Applied, LiveState};

use super::hold::Held;
use super::last_words::hear;
use super::pool_status::{PoolStatus, pool_status};
use super::preparation::waits_for_preparation;
use super::task_end::TaskEnd;
use super::waiting::{WaitingJob, held_tasks};

/// How many failed tasks of a job are shown.
const SHOWN_FAILURES: usize = 10;
/// How much of the end of their output is.
const SHOWN_OUTPUT: u64 = 2 * 1024;

/// How a recipe's objects are doing.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Status {
    /// Its pools.
    pub pools: Vec<PoolStatus>,
    /// Its jobs.
    pub jobs: Vec<JobStatus>,
    /// Its job schedules.
    pub schedules: Vec<ScheduleStatus>,
    /// When one of them was written last, and by whom.
    pub last_applied: Option<Applied>,
}

impl Status {
    /// Whether every task did what it should or may yet, and every node can work.
    pub fn is_healthy(&self) -> bool {
        self.jobs.iter().all(JobStatus::is_healthy) && !self.pools.iter().any(PoolStatus::is_troubled)
    }

    /// Whether the account has nothing of the recipe.
    pub fn is_empty(&self) -> bool {
        self.pools.is_empty() && self.jobs.is_empty() && self.schedules.is_empty()
    }

    /// Whether nothing will change by itself.
    pub fn is_over(&self) -> bool {
        self.jobs.iter().all(JobStatus::is_over)
            && self.pools.iter().all(PoolStatus::is_settled)
            && self.schedules.iter().all(ScheduleStatus::is_over)
    }
}

/// How a job schedule is doing.
#[derive(Debug, Clone, Serialize)]
pub struct ScheduleStatus {
    /// The schedule.
    pub id: JobScheduleId,
    /// Its state.
    pub state: BatchJobScheduleState,
    /// When it makes the next job; none while it is not active, whatever time the service still names.
    pub next_run: Option<DateTime>,
    /// The job that it made last.
    pub recent_job: Option<String>,
}

/// How a job is doing.
#[derive(Debug, Clone, Serialize)]
pub struct JobStatus {
    /// The job.
    pub id: JobId,
    /// Its state.
    pub state: BatchJobState,
    /// Its pool.
    pub pool: Option<PoolId>,
    /// How many tasks are in which state.
    pub tasks: BatchTaskCounts,
    /// Some of the tasks that failed.
    pub failures: Vec<TaskEnd>,
    /// Why tasks wait.
    pub held: Vec<Held>,
}

impl ScheduleStatus {
    /// Whether it makes no jobs, unless somebody changes it.
    pub fn is_over(&self) -> bool {
        matches!(self.state, BatchJobScheduleState::Completed | BatchJobScheduleState::Disabled)
    }
}

impl JobStatus {
    /// Whether no task failed or is held for good.
    pub fn is_healthy(&self) -> bool {
        self.tasks.failed == 0 && !self.held.iter().any(|held| held.why.is_final())
    }

    /// Whether no task runs, or will.
    pub fn is_over(&self) -> bool {
        self.tasks.running == 0 && self.held.iter().all(|held| held.why.is_final())
    }
}

fn last_applied(live: &LiveState) -> Option<Applied> {
    let pools = live.pools.values().filter_map(|pool| pool.value.ownership.as_ref());
    let jobs = live.jobs.values().filter_map(|job| job.value.ownership.as_ref());
    let schedules = live.schedules.values().filter_map(|schedule| schedule.value.ownership.as_ref());
    let marks = pools.chain(jobs).chain(schedules);
    marks.filter_map(|mark| mark.applied.clone()).max_by_key(|applied| applied.at)
}

/// Reads how the objects of `live` are doing.
///
/// # Errors
/// When the account can't be read.
pub async fn status(client: &BatchClient, live: &LiveState) -> Result<Status, ClientError> {
    let mut status = Status { last_applied: last_applied(live), ..Status::default() };
    for id in live.pools.keys() {
        let Some(mut pool) = pool_status(client, id).await? else { continue };
        hear(client, &mut pool.node_troubles).await;
        status.pools.push(pool);
    }
    for (id, job) in live.jobs.iter().chain(&live.scheduled) {
        let Some(counts) = client.find(&GetJobTaskCounts { job_id: id.clone() }).await? else { continue };
        let tasks = counts.value.task_counts;
        let pool_id = job.value.runs_on.as_ref();
        let known = status.pools.iter().find(|pool| Some(&pool.id) == pool_id).cloned();
        let pool = match (known, pool_id) {
            (None, Some(id)) if tasks.active > 0 => pool_status(client, id).await?,
            (known, _) => known,
        };
        let state = job.value.state.clone();
        let depends = job.value.spec.uses_task_dependencies;
        let prepares = waits_for_preparation(job.value.spec.preparation_task.as_ref());
        let at_once = job.value.spec.max_parallel_tasks;
        let waiting = WaitingJob { id, state: &state, depends, prepares, at_once };
        status.jobs.push(JobStatus {
            held: held_tasks(client, &waiting, &tasks, (pool_id, pool.as_ref())).await?,
            failures: if tasks.failed > 0 { failures(client, id).await? } else { Vec::new() },
            id: id.clone(),
            state,
            pool: pool_id.cloned(),
            tasks,
        });
    }
    status.schedules = live
        .schedules
        .iter()
        .map(|(id, schedule)| ScheduleStatus {
            id: id.clone(),
            state: schedule.value.state.clone(),
            next_run: schedule
                .value
                .next_run
                .filter(|_| schedule.value.state == BatchJobScheduleState::Active),
            recent_job: schedule.value.recent_job.clone(),
        })
        .collect();
    Ok(status)
}

/// Some of the tasks of a job that failed, with the end of what they printed.
async fn failures(client: &BatchClient, job: &JobId) -> Result<Vec<TaskEnd>, ClientError> {
    let query = ListQuery {
        filter: Some("executionInfo/result eq 'failure'".to_owned()),
        ..ListQuery::select(&TaskEnd::PROPERTIES)
    };
    let failed = client.list(ListTasks { job_id: job.clone(), query });
    pin_mut!(failed);
    let mut failures = Vec::new();
    while let Some(task) = failed.try_next().await? {
        failures.push(TaskEnd::read(client, job, &task, SHOWN_OUTPUT).await);
        if failures.len() == SHOWN_FAILURES {
            break;
        }
    }
    Ok(failures)
}
