//! Adding tasks by the million.
//!
//! Tasks come as a stream and leave as a stream of what became of each, in any order. Between the two they are packed into
//! collections ([`packer`]), as many of which are on the way at once as the service bears ([`window`]). Nothing is held
//! that is not on the way, so memory does not grow with the number of tasks.
//!
//! Every send is safe to repeat, because a task keeps its id: what was added in spite of a lost answer comes back as
//! [`TaskOutcome::Exists`], and the caller tells by the task's digest whether it is the same.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{self, FuturesUnordered, Stream, StreamExt as _};
use jiff::Timestamp;

use self::packer::{Batch, PackedTask, Packer};
use self::window::{Ticket, Window};
use super::client::BatchClient;
use super::error::ClientError;
use super::retry;
use crate::batch::error::BatchErrorBody;
use crate::batch::model::{
    BatchCreateTaskCollectionResult, BatchTaskAddStatus, BatchTaskCreateOptions, BatchTaskCreateResult,
};
use crate::batch::operations::CreateTaskCollection;
use crate::batch::{BatchError, ErrorCode, JobId, Operation, OperationSpec, TaskId};

mod packer;
mod window;

/// How tasks are added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddTasksOptions {
    /// The most tasks in a request; the service takes 100.
    pub max_tasks_per_request: usize,
    /// The most bytes in a request's body; the service takes less than 1 MB.
    pub max_bytes_per_request: usize,
    /// How many requests are on the way at once in the beginning.
    pub first_requests: usize,
    /// How many requests are on the way at once at most.
    pub max_requests: usize,
    /// How often a task is sent at most that the service fails to add by a fault of its own.
    pub max_rounds: u32,
}

impl Default for AddTasksOptions {
    fn default() -> Self {
        Self {
            max_tasks_per_request: 100,
            // 1 MB, less some slack for what gateways count in addition.
            max_bytes_per_request: 1_000_000 - 32_000,
            first_requests: 8,
            max_requests: 64,
            max_rounds: 6,
        }
    }
}

/// What became of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskAddition {
    /// The task.
    pub task: BatchTaskCreateOptions,
    /// What became of it.
    pub outcome: TaskOutcome,
}

/// What became of a task.
#[derive(Debug, Clone, PartialEq)]
pub enum TaskOutcome {
    /// It was added.
    Added,
    /// The job has a task of this id: perhaps the same one, by a request whose answer was lost; perhaps another.
    Exists,
    /// The service does not accept it; sending it again will not help.
    Refused(BatchErrorBody),
    /// The service failed to add it, time and again, with this error if it gave one.
    Failed(Option<BatchErrorBody>),
}

/// How many tasks came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AddTasksSummary {
    /// Added.
    pub added: u64,
    /// There already.
    pub existing: u64,
    /// Not accepted.
    pub refused: u64,
    /// Not added by a fault of the service.
    pub failed: u64,
}

impl AddTasksSummary {
    /// Counts one more.
    pub fn count(&mut self, outcome: &TaskOutcome) {
        let counter = match outcome {
            TaskOutcome::Added => &mut self.added,
            TaskOutcome::Exists => &mut self.existing,
            TaskOutcome::Refused(_) => &mut self.refused,
            TaskOutcome::Failed(_) => &mut self.failed,
        };
        *counter += 1;
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.added + self.existing + self.refused + self.failed
    }
}

impl BatchClient {
    /// Adds `tasks` to a job and says what became of each, in any order.
    ///
    /// The stream works while it is polled; dropping it drops the requests on the way, and running it again with the same
    /// tasks takes up where it was left. An error concerns the job or the service as a whole, and ends the stream.
    pub fn add_tasks<S>(
        &self,
        job_id: JobId,
        tasks: S,
        options: AddTasksOptions,
    ) -> impl Stream<Item = Result<TaskAddition, ClientError>> + Send + use<S>
    where
        S: Stream<Item = BatchTaskCreateOptions> + Send,
    {
        let submission = Submission {
            client: self.clone(),
            job_id: Arc::new(job_id),
            source: Some(Box::pin(tasks)),
            packer: Packer::new(options.max_tasks_per_request, options.max_bytes_per_request),
            ready: VecDeque::new(),
            window: Window::new(options.first_requests, options.max_requests),
            on_the_way: FuturesUnordered::new(),
            settled: VecDeque::new(),
            resume_at: None,
            max_rounds: options.max_rounds,
        };
        stream::unfold(Some(submission), |submission| async move {
            let mut submission = submission?;
            match submission.next().await? {
                Ok(addition) => Some((Ok(addition), Some(submission))),
                Err(error) => Some((Err(error), None)),
            }
        })
    }
}

/// A collection of tasks that are written as JSON already; the same operation as [`CreateTaskCollection`].
struct SendBatch<'a> {
    job_id: &'a JobId,
    batch: &'a Batch,
}

impl Operation for SendBatch<'_> {
    const SPEC: OperationSpec = CreateTaskCollection::SPEC;
    type Output = BatchCreateTaskCollectionResult;

    fn path_parameters(&self) -> Vec<&str> {
        vec![self.job_id.as_str()]
    }

    fn body(&self) -> Result<Option<Vec<u8>>, serde_json::Error> {
        Ok(Some(self.batch.body()))
    }
}

/// A batch that came back.
struct Sent {
    batch: Batch,
    ticket: Ticket,
    result: Result<BatchCreateTaskCollectionResult, ClientError>,
}

/// Everything between the stream of tasks and the stream of outcomes.
struct Submission<S> {
    client: BatchClient,
    job_id: Arc<JobId>,
    /// Where the tasks come from, until it ends.
    source: Option<Pin<Box<S>>>,
    packer: Packer,
    /// Batches to send next: full ones, and those to be sent again.
    ready: VecDeque<Batch>,
    window: Window,
    on_the_way: FuturesUnordered<BoxFuture<'static, Sent>>,
    /// Outcomes that are not handed over yet.
    settled: VecDeque<TaskAddition>,
    /// Until when nothing is sent, because the service asked for a pause.
    resume_at: Option<Timestamp>,
    max_rounds: u32,
}

impl<S: Stream<Item = BatchTaskCreateOptions> + Send> Submission<S> {
    async fn next(&mut self) -> Option<Result<TaskAddition, ClientError>> {
        loop {
            if let Some(addition) = self.settled.pop_front() {
                return Some(Ok(addition));
            }
            while self.on_the_way.len() < self.window.size() {
                let Some(batch) = self.ready.pop_front() else { break };
                self.launch(batch);
            }
            let has_room = self.on_the_way.len() < self.window.size();
            if self.on_the_way.is_empty() && self.source.is_none() {
                return None;
            }
            tokio::select! {
                Some(sent) = self.on_the_way.next() => {
                    if let Err(error) = self.settle(sent) {
                        return Some(Err(error));
                    }
                }
                task = next_of(&mut self.source), if has_room && self.source.is_some() => {
                    if let Err(error) = self.take(task) {
                        return Some(Err(error));
                    }
                }
            }
        }
    }

    /// Packs the next task, or, when there is none left, sends what is packed.
    fn take(&mut self, task: Option<BatchTaskCreateOptions>) -> Result<(), ClientError> {
        let full = match task {
            Some(task) => self.packer.push(PackedTask::new(task)?),
            None => {
                self.source = None;
                self.packer.finish()
            }
        };
        self.ready.extend(full);
        Ok(())
    }

    fn launch(&mut self, batch: Batch) {
        let ticket = self.window.ticket();
        let client = self.client.clone();
        let job_id = self.job_id.clone();
        let pause = self.pause_before(&batch);
        self.on_the_way.push(Box::pin(async move {
            if let Some(pause) = pause {
                client.http.clock.sleep(pause).await;
            }
            let result = send(&client, &job_id, &batch).await;
            Sent { batch, ticket, result }
        }));
    }

    /// The pause that the service asked everybody for, or the one that a batch it failed on makes, whichever is longer.
    fn pause_before(&self, batch: &Batch) -> Option<Duration> {
        let http = &self.client.http;
        let asked = self.resume_at.and_then(|until| {
            Duration::try_from(until.duration_since(http.clock.now())).ok().filter(|pause| !pause.is_zero())
        });
        let own = (batch.round > 0).then(|| http.retry.back_off(batch.round));
        asked.max(own)
    }

    fn settle(&mut self, sent: Sent) -> Result<(), ClientError> {
        let Sent { batch, ticket, result } = sent;
        match result {
            Ok(results) => {
                self.window.widen();
                self.sort(batch, results.value);
                Ok(())
            }
            Err(error) if error.is_throttling() => self.slow_down(batch, ticket, error),
            Err(error) if error.status() == Some(ErrorCode::REQUEST_BODY_TOO_LARGE.status) => {
                self.split(batch, error);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Hands over what became of the tasks of `batch`, and has those sent again that may succeed then.
    fn sort(&mut self, batch: Batch, results: Vec<BatchTaskCreateResult>) {
        let mut by_id: HashMap<TaskId, Vec<BatchTaskCreateResult>> = HashMap::with_capacity(results.len());
        for result in results {
            by_id.entry(result.task_id.clone()).or_default().push(result);
        }
        let round = batch.round + 1;
        let mut again = Vec::new();
        for packed in batch.tasks {
            let result = by_id.get_mut(&packed.task.id).and_then(Vec::pop);
            match outcome(result) {
                TaskOutcome::Failed(_) if round < self.max_rounds => again.push(packed),
                outcome => self.settled.push_back(TaskAddition { task: packed.task, outcome }),
            }
        }
        if !again.is_empty() {
            self.ready.push_back(Batch { tasks: again, round, throttled_since: None });
        }
    }

    /// Makes everybody wait as long as the service asks, and fewer requests be on the way from then on.
    fn slow_down(&mut self, batch: Batch, ticket: Ticket, error: ClientError) -> Result<(), ClientError> {
        self.window.narrow(ticket);
        let http = &self.client.http;
        let now = http.clock.now();
        let since = batch.throttled_since.unwrap_or(now);
        let asked = match &error {
            ClientError::Service { retry_after, .. } => *retry_after,
            _ => None,
        };
        let pause = asked.map_or_else(|| http.retry.back_off(2), retry::spread_after);
        let waited = Duration::try_from(now.duration_since(since)).unwrap_or_default();
        if waited + pause > http.retry.max_elapsed {
            return Err(error);
        }
        let until = now.checked_add(pause).unwrap_or(Timestamp::MAX);
        self.resume_at = self.resume_at.max(Some(until));
        tracing::debug!(
            ?pause,
            requests = self.window.size(),
            "the service is busy; adding tasks more slowly"
        );
        self.ready.push_front(Batch { throttled_since: Some(since), ..batch });
        Ok(())
    }

    /// Sends a batch that is too large in halves. One task that is too large by itself is refused.
    fn split(&mut self, batch: Batch, error: ClientError) {
        self.packer.shrink_below(batch.body_length());
        match batch.halves() {
            Ok((first, second)) => {
                self.ready.push_front(second);
                self.ready.push_front(first);
            }
            Err(batch) => {
                let body = match error {
                    ClientError::Service { error, .. } => error.body,
                    _ => BatchError::new(ErrorCode::REQUEST_BODY_TOO_LARGE).body,
                };
                self.settled.extend(batch.tasks.into_iter().map(|packed| TaskAddition {
                    task: packed.task,
                    outcome: TaskOutcome::Refused(body.clone()),
                }));
            }
        }
    }
}

async fn next_of<S: Stream>(source: &mut Option<Pin<Box<S>>>) -> Option<S::Item> {
    match source {
        Some(source) => source.next().await,
        None => None,
    }
}

async fn send(
    client: &BatchClient,
    job_id: &JobId,
    batch: &Batch,
) -> Result<BatchCreateTaskCollectionResult, ClientError> {
    let mut outgoing = client.http.request(&SendBatch { job_id, batch })?;
    outgoing.reports_throttling = true;
    client.http.fetch(outgoing).await?.decode()
}

/// What a result says; a task that the service says nothing about counts as failed.
fn outcome(result: Option<BatchTaskCreateResult>) -> TaskOutcome {
    let Some(result) = result else { return TaskOutcome::Failed(None) };
    match (result.status, result.error) {
        (BatchTaskAddStatus::Success, _) => TaskOutcome::Added,
        (_, Some(error)) if error.code.eq_ignore_ascii_case(ErrorCode::TASK_EXISTS.name) => {
            TaskOutcome::Exists
        }
        (BatchTaskAddStatus::ClientError, error) => TaskOutcome::Refused(error.unwrap_or_default()),
        (_, error) => TaskOutcome::Failed(error),
    }
}
