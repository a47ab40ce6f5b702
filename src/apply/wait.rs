//! Waiting until the jobs of a recipe have nothing more to do, and telling what their tasks did.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use tokio_util::sync::CancellationToken;

use crate::batch::model::{BatchJobState, BatchTask, BatchTaskCounts};
use crate::batch::odata::{ListQuery, Select};
use crate::batch::operations::{GetJob, GetJobTaskCounts, ListTasks};
use crate::batch::{DateTime, JobId, PoolId, TaskId};
use crate::client::{BatchClient, ClientError};
use crate::clock::Clock;
use crate::observe::{
    Held, PoolStatus, TaskEnd, WaitingJob, awaits_release, hear, held_tasks, pool_status,
    waits_for_preparation,
};

use super::event::{ApplyEvent, Observer};

/// How to wait.
#[derive(Debug, Clone)]
pub struct WaitOptions {
    /// How long to pause between looks.
    pub poll_interval: Duration,
    /// How long to wait at the most; `None` means without limit.
    pub timeout: Option<Duration>,
    /// Up to how many tasks a job's tasks are told one by one, with their output; of larger jobs only failures are, up to as many.
    pub told_tasks: u64,
    /// Tasks that had ended before anything was applied: they are not told.
    pub ended_before: EndedTasks,
    /// The most bytes of output that are fetched for each task.
    pub output_limit: u64,
    /// The clock that pauses are measured by.
    pub clock: Arc<dyn Clock>,
}

/// Tasks that have ended, each with when: a task that is made anew under the same id is another one.
pub type EndedTasks = HashSet<(JobId, TaskId, Option<DateTime>)>;

/// The tasks of these jobs that have ended and that waiting would tell of, up to `told_tasks` of each job.
///
/// # Errors
/// When the account can't be read.
pub async fn ended_tasks(
    client: &BatchClient,
    jobs: impl IntoIterator<Item = &JobId>,
    told_tasks: u64,
) -> Result<EndedTasks, WaitError> {
    let mut ended = EndedTasks::new();
    for job in jobs {
        let counts = client.find(&GetJobTaskCounts { job_id: job.clone() }).await?;
        let Some(counts) = counts.map(|answer| answer.value.task_counts) else { continue };
        let tasks = told(client, job, &counts, told_tasks).await?;
        ended.extend(tasks.iter().map(|task| identity(job, task)));
    }
    Ok(ended)
}

/// Why waiting ended without a result.
#[derive(Debug, thiserror::Error)]
pub enum WaitError {
    /// The account can't be read.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// How a job ended up.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct JobEnd {
    /// The job.
    pub job: JobId,
    /// Tasks that succeeded.
    pub succeeded: u64,
    /// Tasks that failed.
    pub failed: u64,
    /// Tasks that still run.
    pub running: u64,
    /// Tasks that still wait.
    pub waiting: u64,
    /// Why they wait; only looked into where none runs.
    pub held: Vec<Held>,
}

impl JobEnd {
    /// Whether every task did what it should.
    pub fn is_healthy(&self) -> bool {
        self.failed == 0 && self.running == 0 && self.waiting == 0
    }
}

/// Why waiting ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitEnd {
    /// Nothing more will happen by itself.
    #[default]
    NothingMore,
    /// The user stopped waiting.
    Interrupted,
    /// Time was up.
    TimedOut,
}

/// How waiting ended.
#[derive(Debug, Clone, Default)]
pub struct WaitReport {
    /// Why.
    pub end: WaitEnd,
    /// The jobs.
    pub jobs: Vec<JobEnd>,
    /// The pools.
    pub pools: Vec<PoolStatus>,
}

impl WaitReport {
    /// Whether every task did what it should, and every node can work.
    pub fn is_healthy(&self) -> bool {
        self.jobs.iter().all(JobEnd::is_healthy) && !self.pools.iter().any(PoolStatus::is_troubled)
    }
}

/// Waits until no task of these jobs can do anything more, telling `observer` what happens. Pools without a job are waited for
/// too: until each of their nodes can work or can't.
///
/// # Errors
/// When the account can't be read.
pub async fn wait_for_jobs(
    client: &BatchClient,
    jobs: &[(JobId, Option<PoolId>)],
    pools: &BTreeSet<PoolId>,
    options: &WaitOptions,
    observer: &dyn Observer,
    stop: &CancellationToken,
) -> Result<WaitReport, WaitError> {
    let mut waiter =
        Waiter { client, options, observer, told: options.ended_before.clone(), troubled: HashSet::new() };
    let started = options.clock.now();
    let mut pause = Duration::from_millis(20).min(options.poll_interval);
    loop {
        let (mut report, over) = waiter.look(jobs, pools).await?;
        if over {
            return Ok(report);
        }
        let waited = options.clock.now().duration_since(started).unsigned_abs();
        if options.timeout.is_some_and(|limit| waited >= limit) {
            report.end = WaitEnd::TimedOut;
            return Ok(report);
        }
        let left = options.timeout.map_or(pause, |limit| limit.saturating_sub(waited));
        tokio::select! {
            () = options.clock.sleep(pause.min(left)) => {}
            () = stop.cancelled() => {
                report.end = WaitEnd::Interrupted;
                return Ok(report);
            }
        }
        pause = (pause * 3 / 2).min(options.poll_interval);
    }
}

struct Waiter<'a> {
    client: &'a BatchClient,
    options: &'a WaitOptions,
    observer: &'a dyn Observer,
    /// Tasks that were told, or need not be.
    told: EndedTasks,
    /// Troubles of nodes and pools that were told.
    troubled: HashSet<String>,
}

impl Waiter<'_> {
    /// One look at everything, and whether nothing more will happen.
    async fn look(
        &mut self,
        jobs: &[(JobId, Option<PoolId>)],
        pools: &BTreeSet<PoolId>,
    ) -> Result<(WaitReport, bool), WaitError> {
        let named = jobs.iter().filter_map(|(_, pool)| pool.as_ref());
        let wanted: BTreeSet<&PoolId> = pools.iter().chain(named).collect();
        let mut found = BTreeMap::new();
        for id in wanted {
            let Some(mut pool) = pool_status(self.client, id).await? else { continue };
            self.tell_pool(&mut pool).await;
            found.insert(id.clone(), pool);
        }
        let mut over = pools.iter().all(|pool| found.get(pool).is_none_or(PoolStatus::is_settled));
        let mut report = WaitReport::default();
        for (job, pool_id) in jobs {
            let counts = self.counts(job).await?;
            self.tell_completed(job, &counts).await?;
            let pool = pool_id.as_ref().map(|id| (id, found.get(id)));
            let mut end = self.job_end(job, &counts, pool).await?;
            // Why tasks wait was found out after they were counted: if they have gone on meanwhile, they may not wait at all.
            if end.held.iter().any(|held| held.why.is_final()) && self.counts(job).await? != counts {
                end.held.clear();
                over = false;
            }
            self.observer.on(ApplyEvent::JobProgress {
                job: job.clone(),
                completed: u64::from(counts.completed),
                running: end.running,
                total: total(&counts),
                held: &end.held,
            });
            over &= end.running == 0 && end.held.iter().all(|held| held.why.is_final());
            over = over && (end.waiting > 0 || !awaits_release(self.client, job).await?);
            report.jobs.push(end);
        }
        report.pools = found.into_values().collect();
        Ok((report, over))
    }

    async fn counts(&self, job: &JobId) -> Result<BatchTaskCounts, ClientError> {
        let request = GetJobTaskCounts { job_id: job.clone() };
        Ok(self.client.send(&request).await?.value.task_counts)
    }

    /// How a job is doing. Why its tasks wait is only looked into once none runs: what runs may change it.
    async fn job_end(
        &self,
        job: &JobId,
        counts: &BatchTaskCounts,
        pool: Option<(&PoolId, Option<&PoolStatus>)>,
    ) -> Result<JobEnd, ClientError> {
        let running = u64::from(counts.running);
        let mut held = Vec::new();
        // While nodes are on their way there is no need to list the tasks that could never use them.
        let known = pool.and_then(|(_, pool)| pool);
        let on_its_way = known.and_then(PoolStatus::hold).filter(|hold| !hold.is_final());
        if let Some(why) = on_its_way.filter(|_| running == 0 && counts.active > 0) {
            held.push(Held { tasks: u64::from(counts.active), why });
        } else if running == 0 && counts.active > 0 {
            let select =
                Select::of(&["id", "state", "executionInfo", "usesTaskDependencies", "jobPreparationTask"]);
            let there = self.client.send(&GetJob { job_id: job.clone(), select }).await?.value;
            let state = there.state.unwrap_or(BatchJobState::Active);
            let depends = there.uses_task_dependencies == Some(true);
            let prepares = waits_for_preparation(there.job_preparation_task.as_ref());
            // None runs.
            let waiting = WaitingJob { id: job, state: &state, depends, prepares, at_once: 0 };
            held = match pool {
                Some((id, pool)) => held_tasks(self.client, &waiting, counts, (Some(id), pool)).await?,
                // The service makes the pool, and says which it is when it has.
                None => {
                    let made = there.execution_info.and_then(|info| info.pool_id);
                    let pool = match &made {
                        Some(id) => pool_status(self.client, id).await?,
                        None => None,
                    };
                    held_tasks(self.client, &waiting, counts, (made.as_ref(), pool.as_ref())).await?
                }
            };
        }
        Ok(JobEnd {
            job: job.clone(),
            succeeded: u64::from(counts.succeeded),
            failed: u64::from(counts.failed),
            running,
            waiting: u64::from(counts.active),
            held,
        })
    }

    /// Tells how a pool is doing, and once what is wrong with it.
    async fn tell_pool(&mut self, pool: &mut PoolStatus) {
        self.observer.on(ApplyEvent::PoolProgress { pool: pool.id.clone(), nodes: pool.states() });
        if pool.node_troubles.iter().any(|trouble| !self.troubled.contains(trouble.node.as_str())) {
            hear(self.client, &mut pool.node_troubles).await;
        }
        for trouble in &pool.node_troubles {
            if self.troubled.insert(trouble.node.to_string()) {
                self.observer.on(ApplyEvent::NodeTrouble(trouble));
            }
        }
        for problem in &pool.resize_errors {
            if self.troubled.insert(format!("{} {problem}", pool.id)) {
                self.observer.on(ApplyEvent::PoolTrouble { pool, problem });
            }
        }
    }

    /// Tells the tasks that completed since the last look, with their output.
    async fn tell_completed(&mut self, job: &JobId, counts: &BatchTaskCounts) -> Result<(), ClientError> {
        for task in told(self.client, job, counts, self.options.told_tasks).await? {
            if self.told.insert(identity(job, &task)) {
                let end = TaskEnd::read(self.client, job, &task, self.options.output_limit).await;
                self.observer.on(ApplyEvent::TaskEnded(&end));
            }
        }
        Ok(())
    }
}

/// The tasks of a job that have ended and are told of, in the order in which they ended: all of a small job, of a large one those
/// that failed.
async fn told(
    client: &BatchClient,
    job: &JobId,
    counts: &BatchTaskCounts,
    limit: u64,
) -> Result<Vec<BatchTask>, ClientError> {
    let tells_all = total(counts) <= limit;
    if (if tells_all { counts.completed } else { counts.failed }) == 0 {
        return Ok(Vec::new());
    }
    let filter = if tells_all { "state eq 'completed'" } else { "executionInfo/result eq 'failure'" };
    let query = ListQuery {
        filter: Some(filter.to_owned()),
        max_results: (!tells_all).then_some(100),
        ..ListQuery::select(&TaskEnd::PROPERTIES)
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let tasks = client.list(ListTasks { job_id: job.clone(), query }).take(limit);
    let mut ended: Vec<BatchTask> = tasks.try_collect().await?;
    ended.sort_by_key(end_time);
    Ok(ended)
}

fn end_time(task: &BatchTask) -> Option<DateTime> {
    task.execution_info.as_ref().and_then(|info| info.end_time)
}

fn identity(job: &JobId, task: &BatchTask) -> (JobId, TaskId, Option<DateTime>) {
    (job.clone(), task.id.clone(), end_time(task))
}

fn total(counts: &BatchTaskCounts) -> u64 {
    u64::from(counts.active) + u64::from(counts.running) + u64::from(counts.completed)
}
