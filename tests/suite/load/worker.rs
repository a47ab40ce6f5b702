//! One client, and what it knows to be true.

mod objects;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use batchyard::batch::auth::SharedKey;
use batchyard::batch::model::{
    BatchJob, BatchMetadataItem, BatchTask, BatchTaskAddStatus, BatchTaskGroup, BatchTaskState,
};
use batchyard::batch::odata::{ListQuery, Select};
use batchyard::batch::operations::{
    CreateJob, CreateTask, CreateTaskCollection, DeleteTask, GetJob, GetJobTaskCounts, GetTask, ListTasks,
    ReplaceTask, UpdateJob,
};
use batchyard::batch::{Conditions, ETag, ErrorCode, JobId, JobScheduleId, Operation, PoolId, TaskId};
use batchyard::client::{
    BatchClient, ClientError, ClientOptions, Credential, HttpTransport, Response, RetryOptions,
};
use batchyard::secret::Secret;
use futures::TryStreamExt as _;
use serde_json::{Value, from_value, json};

use super::report::Report;
use super::shared_job;
use crate::support::Emulator;

/// How many tasks a client has at the most.
const MAX_TASKS: usize = 120;
/// How many tasks a page of a list has, so that lists have several.
const PAGE: u32 = 25;
/// How long the emulator may be away.
const AWAY: Duration = Duration::from_secs(60);

/// A client that never sends anything twice: what got no answer may have been done or not. Setting up TLS takes longer than
/// most requests, so the transport is given; each request under way has a connection of its own all the same.
pub fn client(emulator: &Emulator<'_>, transport: &HttpTransport) -> BatchClient {
    let key = SharedKey::new(emulator.account(), &Secret::new(emulator.key())).unwrap();
    let retry = RetryOptions { max_tries: 1, ..RetryOptions::default() };
    let options = ClientOptions { retry, transport: Some(transport.clone()), ..ClientOptions::default() };
    BatchClient::new(emulator.endpoint().parse().unwrap(), Credential::SharedKey(key), options).unwrap()
}

/// Whether the emulator has been killed, so that requests may go without an answer.
#[derive(Debug, Default)]
pub struct Crash(AtomicBool);

impl Crash {
    pub fn begin(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn has_begun(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Why an action came to nothing.
#[derive(Debug)]
enum Trouble {
    /// The answer is not what it must be.
    Wrong(String),
    /// There was no answer.
    Unanswered(String),
}

/// A write that has been sent, and not been answered.
#[derive(Debug)]
enum Pending {
    Add(Vec<TaskId>),
    Change(TaskId, i32),
    Delete(TaskId),
    Job(u32),
    Pool(u32),
    Schedule(u32),
}

/// A client with a job of its own. Tasks and job carry a revision, which tells whether a change is there.
pub struct Worker {
    number: usize,
    client: BatchClient,
    crash: Arc<Crash>,
    random: u64,
    job: JobId,
    job_revision: u32,
    job_etag: Option<ETag>,
    pool: PoolId,
    pool_revision: u32,
    schedule: JobScheduleId,
    schedule_revision: u32,
    tasks: BTreeMap<String, (TaskId, i32)>,
    added: u32,
    pending: Option<Pending>,
    report: Report,
}

impl Worker {
    pub fn new(number: usize, client: BatchClient, crash: Arc<Crash>) -> Self {
        let job = JobId::new(format!("own-{number}")).unwrap();
        let (pool, schedule) = objects::names(number);
        let report = Report::default();
        let random = number as u64 + 1;
        Self {
            number,
            client,
            crash,
            random,
            job,
            job_revision: 0,
            job_etag: None,
            pool,
            pool_revision: 0,
            schedule,
            schedule_revision: 0,
            tasks: BTreeMap::new(),
            added: 0,
            pending: None,
            report,
        }
    }

    /// Works until then, and looks at the end whether everything is there.
    pub async fn work(mut self, until: Instant) -> Report {
        // Nobody runs these tasks, so nobody but this client changes them.
        let job = json!({"id": self.job, "poolInfo": {"poolId": "none"}, "metadata": [revision_item(0)]});
        let created = self.write(&CreateJob { job: from_value(job).unwrap() }).await;
        created.expect("the job of a client is created before the emulator is killed");
        let created = self.create_objects().await;
        created.expect("so are its pool and its schedule");
        while Instant::now() < until {
            if let Err(trouble) = self.act().await {
                self.recover(trouble).await;
            }
        }
        if let Err(trouble) = self.audit().await {
            self.recover(trouble).await;
        }
        self.report
    }

    /// A number below `limit`, the same ones in every run (SplitMix64).
    fn draw(&mut self, limit: usize) -> usize {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap()
    }

    fn any_task(&mut self) -> Option<(TaskId, i32)> {
        let position = self.draw(self.tasks.len().max(1));
        self.tasks.values().nth(position).cloned()
    }

    async fn act(&mut self) -> Result<(), Trouble> {
        let dice = self.draw(100);
        let Some((id, revision)) = self.any_task() else { return self.add(10).await };
        match dice {
            0..25 if self.tasks.len() < MAX_TASKS => self.add(1).await,
            25..30 if self.tasks.len() < MAX_TASKS => self.add(10).await,
            0..36 => self.delete(id).await,
            36..42 => self.check_files().await,
            42..44 => self.check_nodes().await,
            44..56 => self.check_task(&id, revision).await,
            56..66 => self.change(id, revision + 1).await,
            66..72 => self.check_all().await,
            72..78 => self.check_counts().await,
            78..82 => self.change_job().await,
            82..84 => self.change_pool().await,
            84..86 => self.change_schedule().await,
            86..90 => self.add_twice(id).await,
            90..96 => self.run().await,
            _ => self.check_run().await,
        }
    }

    /// Sends a request; any refusal is a wrong answer.
    async fn ask<Op: Operation>(&mut self, operation: &Op) -> Result<Response<Op::Output>, Trouble> {
        let answer = self.answer(operation).await?;
        answer.map_err(|error| Trouble::Wrong(in_full(&error)))
    }

    /// Sends a request that changes something.
    async fn write<Op: Operation>(&mut self, operation: &Op) -> Result<Response<Op::Output>, Trouble> {
        let answer = self.ask(operation).await?;
        self.report.writes += 1;
        self.pending = None;
        Ok(answer)
    }

    /// Sends a request that has to be refused with that code.
    async fn refused<Op: Operation>(&mut self, operation: &Op, code: ErrorCode) -> Result<(), Trouble> {
        match self.answer(operation).await? {
            Err(error) if error.code_is(code) => Ok(()),
            Err(error) => Err(Trouble::Wrong(format!("not {}: {}", code.name, in_full(&error)))),
            Ok(_) => Err(Trouble::Wrong(format!("{} was done instead of {}", Op::SPEC.name, code.name))),
        }
    }

    async fn answer<Op: Operation>(
        &mut self,
        operation: &Op,
    ) -> Result<Result<Response<Op::Output>, ClientError>, Trouble> {
        let begin = Instant::now();
        match self.client.send(operation).await {
            Err(error) if is_unanswered(&error) => Err(Trouble::Unanswered(in_full(&error))),
            answer => {
                self.report.latencies.push(begin.elapsed());
                Ok(answer)
            }
        }
    }

    async fn add(&mut self, count: usize) -> Result<(), Trouble> {
        let ids: Vec<TaskId> = (0..count).map(|_| self.next_id("t")).collect();
        self.pending = Some(Pending::Add(ids.clone()));
        if let [id] = ids.as_slice() {
            let task = from_value(own_task(id)).unwrap();
            self.write(&CreateTask { job_id: self.job.clone(), task }).await?;
        } else {
            let value = ids.iter().map(|id| from_value(own_task(id)).unwrap()).collect();
            let collection =
                CreateTaskCollection { job_id: self.job.clone(), tasks: BatchTaskGroup { value } };
            let results = self.write(&collection).await?.value.value;
            let added = results.iter().filter(|result| result.status == BatchTaskAddStatus::Success).count();
            ensure(added == count, || format!("{added} of {count} tasks were added: {results:?}"))?;
        }
        self.tasks.extend(ids.into_iter().map(|id| (id.to_string(), (id, 0))));
        Ok(())
    }

    fn next_id(&mut self, kind: &str) -> TaskId {
        self.added += 1;
        TaskId::new(format!("{kind}-{}-{}", self.number, self.added)).unwrap()
    }

    async fn add_twice(&mut self, id: TaskId) -> Result<(), Trouble> {
        let task = from_value(own_task(&id)).unwrap();
        self.refused(&CreateTask { job_id: self.job.clone(), task }, ErrorCode::TASK_EXISTS).await
    }

    async fn delete(&mut self, id: TaskId) -> Result<(), Trouble> {
        self.pending = Some(Pending::Delete(id.clone()));
        let (job_id, conditions) = (self.job.clone(), Conditions::default());
        self.write(&DeleteTask { job_id: job_id.clone(), task_id: id.clone(), conditions }).await?;
        self.tasks.remove(id.as_str());
        let get = GetTask { job_id, task_id: id, select: Select::default() };
        self.refused(&get, ErrorCode::TASK_NOT_FOUND).await
    }

    async fn change(&mut self, id: TaskId, revision: i32) -> Result<(), Trouble> {
        self.pending = Some(Pending::Change(id.clone(), revision));
        let properties = from_value(json!({"constraints": {"maxTaskRetryCount": revision}})).unwrap();
        let (job_id, conditions) = (self.job.clone(), Conditions::default());
        self.write(&ReplaceTask { job_id, task_id: id.clone(), properties, conditions }).await?;
        self.tasks.insert(id.to_string(), (id.clone(), revision));
        self.check_task(&id, revision).await
    }

    async fn check_task(&mut self, id: &TaskId, revision: i32) -> Result<(), Trouble> {
        let get = GetTask { job_id: self.job.clone(), task_id: id.clone(), select: Select::default() };
        let task = self.ask(&get).await?.value;
        let found = (task.id.as_str(), task.command_line.as_deref(), task.state.as_ref(), revision_of(&task));
        let (command, active) = (format!("work on {id}"), BatchTaskState::Active);
        let expected = (id.as_str(), Some(command.as_str()), Some(&active), revision);
        ensure(found == expected, || format!("{found:?} instead of {expected:?}"))
    }

    /// Changes the job if it is as it was, and sees that it can't be changed if it is not.
    async fn change_job(&mut self) -> Result<(), Trouble> {
        let (job_id, next) = (self.job.clone(), self.job_revision + 1);
        let update = |etag: Option<ETag>| UpdateJob {
            job_id: job_id.clone(),
            update: from_value(json!({"metadata": [revision_item(next)]})).unwrap(),
            conditions: etag.map(Conditions::if_match).unwrap_or_default(),
        };
        let known = self.job_etag.take();
        self.pending = Some(Pending::Job(next));
        let etag = self.write(&update(known.clone())).await?.etag;
        self.job_revision = next;
        if let Some(stale) = known {
            self.refused(&update(Some(stale)), ErrorCode::CONDITION_NOT_MET).await?;
        }
        self.job_etag = etag;
        let job = self.ask(&GetJob { job_id: job_id.clone(), select: Select::default() }).await?.value;
        ensure(job_revision(&job) == next, || format!("{:?} instead of {next}", job.metadata))
    }

    /// Lists all tasks, page by page; the answer, by id.
    async fn list(&mut self) -> Result<BTreeMap<String, (TaskId, i32)>, Trouble> {
        let query = ListQuery { max_results: Some(PAGE), ..ListQuery::select(&["id", "constraints"]) };
        let begin = Instant::now();
        let pages: Result<Vec<_>, _> =
            self.client.pages(ListTasks { job_id: self.job.clone(), query }).try_collect().await;
        let pages = pages.map_err(|error| match is_unanswered(&error) {
            true => Trouble::Unanswered(in_full(&error)),
            false => Trouble::Wrong(in_full(&error)),
        })?;
        let each = begin.elapsed() / u32::try_from(pages.len().max(1)).unwrap();
        self.report.latencies.extend(std::iter::repeat_n(each, pages.len()));
        let tasks: Vec<BatchTask> = pages.into_iter().flat_map(|page| page.value).collect();
        let count = tasks.len();
        let found: BTreeMap<_, _> = tasks
            .into_iter()
            .map(|task| (task.id.to_string(), (task.id.clone(), revision_of(&task))))
            .collect();
        ensure(found.len() == count, || format!("a list of {count} names only {} tasks", found.len()))?;
        Ok(found)
    }

    async fn check_all(&mut self) -> Result<(), Trouble> {
        let found = self.list().await?;
        ensure(found == self.tasks, || format!("{:?} instead of {:?}", found.keys(), self.tasks.keys()))
    }

    async fn check_counts(&mut self) -> Result<(), Trouble> {
        let counts = self.ask(&GetJobTaskCounts { job_id: self.job.clone() }).await?.value.task_counts;
        let active = usize::try_from(counts.active).unwrap();
        ensure(active == self.tasks.len(), || format!("{counts:?} instead of {}", self.tasks.len()))
    }

    /// Adds a task that runs, to the job of all.
    async fn run(&mut self) -> Result<(), Trouble> {
        let (id, exit) = (self.next_id("r"), i32::try_from(self.draw(3)).unwrap());
        let task = from_value(
            json!({"id": id, "commandLine": "work", "containerSettings": {"imageName": "busybox"},
            "environmentSettings": [{"name": "BATCHYARD_SIMULATE", "value": format!("exit={exit}")}]}),
        );
        self.write(&CreateTask { job_id: shared_job(), task: task.unwrap() }).await?;
        self.report.started.push((id, exit));
        Ok(())
    }

    /// Looks at a task that was added to run: it is on its way, or has ended as it has to.
    async fn check_run(&mut self) -> Result<(), Trouble> {
        let position = self.draw(self.report.started.len().max(1));
        let Some((id, expected)) = self.report.started.get(position).cloned() else { return Ok(()) };
        let get = GetTask { job_id: shared_job(), task_id: id, select: Select::default() };
        let task = self.ask(&get).await?.value;
        let ended = task.state == Some(BatchTaskState::Completed);
        let exit_code = task.execution_info.as_ref().and_then(|execution| execution.exit_code);
        ensure(!ended || exit_code == Some(expected), || format!("{task:?} instead of exit code {expected}"))
    }

    /// Notes what went wrong; waits for the emulator if it was killed, and looks whether everything is still there.
    async fn recover(&mut self, trouble: Trouble) {
        match trouble {
            Trouble::Wrong(what) => self.report.wrong.push(format!("{}: {what}", self.job)),
            Trouble::Unanswered(what) if !self.crash.has_begun() || self.report.outages > 0 => {
                self.report.wrong.push(format!("{}: no answer: {what}", self.job));
            }
            Trouble::Unanswered(_) => {
                self.report.outages += 1;
                self.wait_for_the_emulator().await;
                if let Err(trouble) = self.audit().await {
                    self.report.wrong.push(format!("{}: after the restart: {trouble:?}", self.job));
                }
            }
        }
    }

    async fn wait_for_the_emulator(&self) {
        let deadline = Instant::now() + AWAY;
        let get = GetJob { job_id: self.job.clone(), select: Select::of(&["id"]) };
        loop {
            match self.client.send(&get).await {
                Err(error) if is_unanswered(&error) => {
                    assert!(
                        Instant::now() < deadline,
                        "the emulator does not come back: {}",
                        in_full(&error)
                    );
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                // Whatever it says now is for the audit to judge.
                _ => return,
            }
        }
    }

    /// Compares everything with what is known: what was acknowledged is there, what got no answer is there wholly or not at
    /// all. From here on, what was found is known.
    async fn audit(&mut self) -> Result<(), Trouble> {
        let found = self.list().await?;
        let get = GetJob { job_id: self.job.clone(), select: Select::default() };
        let revision = job_revision(&self.ask(&get).await?.value);
        // Still pending if there is no answer to this either.
        let (pool, schedule) = self.read_objects().await?;
        let pending = self.pending.take();
        self.report.settled += usize::from(pending.is_some());
        self.audit_objects(pool, schedule, pending.as_ref());
        for (id, (_, acknowledged)) in &self.tasks {
            match (found.get(id), &pending) {
                (Some((_, found)), _) if found == acknowledged => {}
                (Some((_, found)), Some(Pending::Change(changed, new)))
                    if found == new && changed.as_str() == id => {}
                (None, Some(Pending::Delete(deleted))) if deleted.as_str() == id => {}
                (found, _) => self.report.lost.push(format!("{id} at {acknowledged}: there is {found:?}")),
            }
        }
        let unknown: Vec<&String> = found.keys().filter(|id| !self.tasks.contains_key(*id)).collect();
        let sent: Vec<&str> = match &pending {
            Some(Pending::Add(ids)) => ids.iter().map(TaskId::as_str).collect(),
            _ => Vec::new(),
        };
        if !unknown.is_empty()
            && (unknown.len() != sent.len() || !unknown.iter().all(|id| sent.contains(&id.as_str())))
        {
            self.report.lost.push(format!("a deletion, or a part of an addition: {unknown:?} of {sent:?}"));
        }
        let known = self.job_revision;
        let is_pending = matches!(pending, Some(Pending::Job(new)) if new == revision);
        if revision != known && !is_pending {
            self.report.lost.push(format!("{} at {known}: it is at {revision}", self.job));
        }
        (self.tasks, self.job_revision, self.job_etag) = (found, revision, None);
        Ok(())
    }
}

fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), Trouble> {
    if holds { Ok(()) } else { Err(Trouble::Wrong(otherwise())) }
}

fn is_unanswered(error: &ClientError) -> bool {
    matches!(error, ClientError::Transport { .. } | ClientError::Timeout { .. })
}

/// An error with its causes.
fn in_full(error: &ClientError) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

fn own_task(id: &TaskId) -> Value {
    json!({"id": id, "commandLine": format!("work on {id}"), "containerSettings": {"imageName": "busybox"},
        "constraints": {"maxTaskRetryCount": 0}})
}

fn revision_of(task: &BatchTask) -> i32 {
    task.constraints.as_ref().and_then(|constraints| constraints.max_task_retry_count).unwrap_or(-2)
}

fn revision_item(revision: u32) -> BatchMetadataItem {
    from_value(json!({"name": "revision", "value": revision.to_string()})).unwrap()
}

fn job_revision(job: &BatchJob) -> u32 {
    objects::revision_in(job.metadata.as_ref())
}
