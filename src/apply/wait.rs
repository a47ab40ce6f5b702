//! Waiting until the jobs of a recipe have nothing more to do, and telling what their tasks did.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, pin_mut};
use tokio_util::sync::CancellationToken;

use crate::batch::model::{BatchTask, BatchTaskExecutionResult, BatchTaskState};
use crate::batch::odata::ListQuery;
use crate::batch::operations::{GetJobTaskCounts, GetTaskFile, ListTasks};
use crate::batch::{JobId, NodeId, PoolId, TaskId};
use crate::client::{BatchClient, ClientError};
use crate::clock::Clock;

use super::event::{ApplyEvent, Observer, TaskEnd};
use super::health::{self, NodeTrouble};

/// How to wait.
#[derive(Debug, Clone)]
pub struct WaitOptions {
    /// How long to pause between looks.
    pub poll_interval: Duration,
    /// Up to how many tasks a job's tasks are told one by one, with their output; of larger jobs only failures are, up to as many.
    pub told_tasks: u64,
    /// Whether tasks that had succeeded before the waiting began are passed over: nobody waited for them.
    pub only_news: bool,
    /// The most bytes of output that are fetched for each task.
    pub output_limit: u64,
    /// The clock that pauses are measured by.
    pub clock: Arc<dyn Clock>,
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
    /// Tasks that can't run any more, because one that they depend on failed.
    pub blocked: u64,
    /// Tasks that wait for nodes that will not come.
    pub starved: u64,
}

impl JobEnd {
    /// Whether every task did what it should.
    pub fn is_healthy(&self) -> bool {
        self.failed == 0 && self.blocked == 0 && self.starved == 0
    }
}

/// How waiting ended.
#[derive(Debug, Clone, Default)]
pub struct WaitReport {
    /// The jobs.
    pub jobs: Vec<JobEnd>,
    /// Nodes that can't work.
    pub troubles: Vec<NodeTrouble>,
    /// Whether the user stopped waiting.
    pub interrupted: bool,
}

impl WaitReport {
    /// Whether every task did what it should, and every node can work.
    pub fn is_healthy(&self) -> bool {
        self.jobs.iter().all(JobEnd::is_healthy) && self.troubles.is_empty()
    }
}

/// Waits until no task of these jobs can do anything more, telling `observer` what happens. Pools without a job are waited for
/// too: until each of their nodes can work or can't.
///
/// # Errors
/// When the account can't be read.
pub async fn wait_for_jobs(
    client: &BatchClient,
    jobs: &[(JobId, PoolId)],
    pools: &BTreeSet<PoolId>,
    options: &WaitOptions,
    observer: &dyn Observer,
    stop: &CancellationToken,
) -> Result<WaitReport, WaitError> {
    let mut waiter =
        Waiter { client, options, observer, told: HashSet::new(), troubled: HashSet::new(), first: true };
    let mut pause = Duration::from_millis(20).min(options.poll_interval);
    loop {
        let report = waiter.look(jobs, pools).await?;
        waiter.first = false;
        if let Some(report) = report {
            return Ok(report);
        }
        tokio::select! {
            () = options.clock.sleep(pause) => {}
            () = stop.cancelled() => return Ok(WaitReport { interrupted: true, ..WaitReport::default() }),
        }
        pause = (pause * 3 / 2).min(options.poll_interval);
    }
}

struct Waiter<'a> {
    client: &'a BatchClient,
    options: &'a WaitOptions,
    observer: &'a dyn Observer,
    /// Tasks that were told.
    told: HashSet<(JobId, TaskId)>,
    /// Nodes that were told.
    troubled: HashSet<NodeId>,
    /// Whether this is the first look.
    first: bool,
}

impl Waiter<'_> {
    /// One look at everything; the report, if nothing more will happen.
    async fn look(
        &mut self,
        jobs: &[(JobId, PoolId)],
        pools: &BTreeSet<PoolId>,
    ) -> Result<Option<WaitReport>, WaitError> {
        let mut nodes = BTreeMap::new();
        let mut report = WaitReport::default();
        for pool in pools.iter().chain(jobs.iter().map(|(_, pool)| pool)) {
            if nodes.contains_key(pool) {
                continue;
            }
            let (tally, troubles) = health::node_troubles(self.client, pool).await?;
            self.observer.on(ApplyEvent::PoolProgress { pool: pool.clone(), nodes: tally.states.clone() });
            for trouble in &troubles {
                if self.troubled.insert(trouble.node.clone()) {
                    self.observer.on(ApplyEvent::NodeTrouble(trouble));
                }
            }
            report.troubles.extend(troubles);
            nodes.insert(pool.clone(), tally);
        }
        let mut over = pools.iter().all(|pool| nodes.get(pool).is_none_or(|tally| tally.coming == 0));
        for (job, pool) in jobs {
            let counts = self.client.send(&GetJobTaskCounts { job_id: job.clone() }).await?.value.task_counts;
            let (active, running) = (u64::from(counts.active), u64::from(counts.running));
            let completed = u64::from(counts.completed);
            let total = active + running + completed;
            self.tell_completed(job, total).await?;
            self.observer.on(ApplyEvent::JobProgress { job: job.clone(), completed, running, total });
            let mut end = JobEnd {
                job: job.clone(),
                succeeded: u64::from(counts.succeeded),
                failed: u64::from(counts.failed),
                blocked: 0,
                starved: 0,
            };
            if running > 0 {
                over = false;
            } else if active > 0 {
                let hopeless =
                    nodes.get(pool).is_some_and(|tally| tally.able + tally.coming == 0 && tally.total > 0);
                end.blocked = self.blocked_tasks(job).await?;
                end.starved = if hopeless { active.saturating_sub(end.blocked) } else { 0 };
                over &= end.blocked + end.starved >= active;
            }
            report.jobs.push(end);
        }
        Ok(over.then_some(report))
    }

    /// Tells the tasks that completed since the last look, with their output.
    async fn tell_completed(&mut self, job: &JobId, total: u64) -> Result<(), ClientError> {
        let tells_all = total <= self.options.told_tasks;
        let filter = if tells_all { "state eq 'completed'" } else { "executionInfo/result eq 'failure'" };
        let query = ListQuery {
            filter: Some(filter.to_owned()),
            max_results: (!tells_all).then_some(100),
            ..ListQuery::select(&["id", "state", "executionInfo", "nodeInfo"])
        };
        let limit = usize::try_from(self.options.told_tasks).unwrap_or(usize::MAX);
        let tasks = self.client.list(ListTasks { job_id: job.clone(), query }).take(limit);
        pin_mut!(tasks);
        let mut ended = Vec::new();
        while let Some(task) = tasks.try_next().await? {
            if !self.told.contains(&(job.clone(), task.id.clone())) {
                ended.push(task);
            }
        }
        ended.sort_by_key(|task: &BatchTask| task.execution_info.as_ref().and_then(|info| info.end_time));
        for task in ended {
            if self.first && self.options.only_news && !failed(&task) {
                self.told.insert((job.clone(), task.id));
                continue;
            }
            let end = self.task_end(job, &task).await;
            self.observer.on(ApplyEvent::TaskEnded(&end));
            self.told.insert((job.clone(), task.id));
        }
        Ok(())
    }

    async fn task_end(&self, job: &JobId, task: &BatchTask) -> TaskEnd {
        let info = task.execution_info.clone().unwrap_or_default();
        let took = match (info.start_time, info.end_time) {
            (Some(start), Some(end)) => Some(end.0.duration_since(start.0).unsigned_abs()),
            _ => None,
        };
        TaskEnd {
            job: job.clone(),
            task: task.id.clone(),
            exit_code: info.exit_code,
            failure: info.failure_info,
            node: task.node_info.as_ref().and_then(|node| node.node_id.clone()),
            took,
            stdout: self.output(job, &task.id, "stdout.txt").await,
            stderr: self.output(job, &task.id, "stderr.txt").await,
        }
    }

    /// The end of an output file. A task that never ran has none, and output that can't be read is no reason to stop waiting.
    async fn output(&self, job: &JobId, task: &TaskId, file: &str) -> Option<String> {
        let request = GetTaskFile {
            job_id: job.clone(),
            task_id: task.clone(),
            file_path: file.to_owned(),
            range: None,
        };
        let length = self.client.file_info(&file_properties(job, task, file)).await.ok()?.length;
        if length == 0 {
            return None;
        }
        let start = length.saturating_sub(self.options.output_limit);
        let content = self.client.read_file_range(&request, start..length).await.ok()?;
        let bytes: Vec<bytes::Bytes> = content.bytes.try_collect().await.ok()?;
        Some(String::from_utf8_lossy(&bytes.concat()).into_owned())
    }

    /// How many waiting tasks of a job can never run, because a task that they depend on failed, or waits in vain itself.
    async fn blocked_tasks(&self, job: &JobId) -> Result<u64, ClientError> {
        let query = ListQuery {
            filter: Some("state eq 'active' or executionInfo/result eq 'failure'".to_owned()),
            ..ListQuery::select(&["id", "state", "executionInfo", "dependsOn"])
        };
        let tasks = self.client.list(ListTasks { job_id: job.clone(), query });
        pin_mut!(tasks);
        let mut doomed: HashSet<String> = HashSet::new();
        let mut dependents: HashMap<String, Vec<String>> = HashMap::new();
        let mut queue = Vec::new();
        while let Some(task) = tasks.try_next().await? {
            if task.state == Some(BatchTaskState::Completed) && failed(&task) {
                queue.push(task.id.key());
                continue;
            }
            for dependency in dependencies(&task) {
                dependents.entry(dependency).or_default().push(task.id.key());
            }
        }
        while let Some(cause) = queue.pop() {
            for dependent in dependents.get(&cause).into_iter().flatten() {
                if doomed.insert(dependent.clone()) {
                    queue.push(dependent.clone());
                }
            }
        }
        Ok(doomed.len() as u64)
    }
}

fn failed(task: &BatchTask) -> bool {
    task.execution_info.as_ref().and_then(|info| info.result.as_ref())
        == Some(&BatchTaskExecutionResult::Failure)
}

fn dependencies(task: &BatchTask) -> Vec<String> {
    let Some(depends_on) = &task.depends_on else { return Vec::new() };
    let ids = depends_on.task_ids.iter().flatten().map(TaskId::key);
    let ranges = depends_on.task_id_ranges.iter().flatten();
    ids.chain(ranges.flat_map(|range| (range.start..=range.end).map(|id| id.to_string()))).collect()
}

fn file_properties(
    job: &JobId,
    task: &TaskId,
    file: &str,
) -> crate::batch::operations::GetTaskFileProperties {
    crate::batch::operations::GetTaskFileProperties {
        job_id: job.clone(),
        task_id: task.clone(),
        file_path: file.to_owned(),
    }
}
