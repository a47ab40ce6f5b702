//! A compute node, as the service sees it.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::batch::model::{
    BatchContainerConfiguration, BatchNodeError, BatchStartTask, BatchTaskCreateOptions, EnvironmentSetting,
};
use crate::batch::{JobId, NodeId, PoolId, TaskId};
use crate::clock::Clock;
use crate::node::account::Account;
use crate::node::environment::{Environment, InvalidEnvironment};
use crate::node::failure::{self, TaskOutcome};
use crate::node::images::{ImageStore, Registries};
use crate::node::layout::{self, NodeLayout};
use crate::node::record::{Program, RecordFile, RunRecord};
use crate::node::run::{Run, Watch};
use crate::node::runtime::{ContainerId, ContainerRuntime, ContainerState, RuntimeKind};
use crate::node::task_runner::{self, in_background};
use crate::node::{container_task, host_task};

/// Which node of which account this is.
#[derive(Debug, Clone)]
pub struct NodeIdentity {
    /// The account's name.
    pub account_name: String,
    /// The account's URL.
    pub account_url: String,
    /// The pool.
    pub pool_id: PoolId,
    /// The node.
    pub node_id: NodeId,
    /// Dedicated, or Spot.
    pub is_dedicated: bool,
}

/// A task that a node is to run.
#[derive(Debug, Clone)]
pub struct TaskAssignment {
    /// The job.
    pub job_id: JobId,
    /// The task as it is stored.
    pub task: BatchTaskCreateOptions,
    /// Which run of the task this is, retries and requeues counted: a resumed run is only ever the run it was.
    pub attempt: u32,
    /// The environment of all tasks of the job.
    pub common_environment: Vec<EnvironmentSetting>,
    /// What the pool's nodes prepare for containers, with the passwords of its registries.
    pub container_configuration: Option<BatchContainerConfiguration>,
}

/// A compute node: a folder, a container runtime, and what runs on it. Clones are the same node.
#[derive(Debug, Clone)]
pub struct Node(Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    identity: NodeIdentity,
    pub(super) layout: NodeLayout,
    pub(super) runtime: Arc<dyn ContainerRuntime>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) images: ImageStore,
    /// Whose the node's containers are, for the runtime.
    pub(super) owner: String,
    /// Who this program runs as.
    pub(super) account: Account,
}

impl Node {
    /// A node whose files are below `root`. Nothing is touched until it is told to do something.
    pub fn new(
        identity: NodeIdentity,
        root: PathBuf,
        runtime: Arc<dyn ContainerRuntime>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let layout = NodeLayout::new(root);
        let NodeIdentity { account_name, pool_id, node_id, .. } = &identity;
        // The root tells apart nodes of the same name that belong to different data folders.
        let place = short_hash(&[&layout.root().to_string_lossy()]);
        let owner = format!("{account_name}/{}/{}@{place}", pool_id.key(), node_id.key());
        let images = ImageStore::new(Arc::clone(&runtime));
        Self(Arc::new(Inner { identity, layout, runtime, clock, images, owner, account: Account::current() }))
    }

    /// The node's root directory.
    pub fn root(&self) -> &Path {
        self.0.layout.root()
    }

    /// Which runtime the node's containers run in.
    pub fn runtime_kind(&self) -> RuntimeKind {
        self.0.runtime.kind()
    }

    /// Makes the node's directories and fetches its pool's images, all at the same time. Errors come in the images' order.
    ///
    /// # Errors
    /// Everything that makes the node unusable.
    pub async fn prepare(
        &self,
        container: Option<&BatchContainerConfiguration>,
    ) -> Result<(), Vec<BatchNodeError>> {
        let node = &self.0;
        node.make_directories()
            .await
            .map_err(|error| vec![failure::of_directories(&error, node.layout.root())])?;
        let Some(container) = container else { return Ok(()) };
        node.runtime.describe().await.map_err(|error| vec![failure::of_missing_runtime(&error)])?;
        let registries = Registries::new(None, Some(container));
        let names = container.container_image_names.as_deref().unwrap_or_default();
        let fetches = names.iter().map(|name| node.images.ensure(name, registries));
        let results = futures::future::join_all(fetches).await;
        let errors: Vec<_> =
            results.iter().filter_map(|result| result.as_ref().err()).map(failure::of_prefetch).collect();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// Runs the start task once.
    pub async fn run_start_task(
        &self,
        task: &BatchStartTask,
        container: Option<&BatchContainerConfiguration>,
    ) -> TaskOutcome {
        let node = &self.0;
        let mut environment = Environment::of_start_task(&node.identity, &node.layout);
        let directory = node.layout.startup();
        if task.container_settings.is_none() {
            give_process_defaults(&mut environment, &directory.working());
        }
        if let Err(error) = environment.add(task.environment_settings.as_deref().unwrap_or_default()) {
            return TaskOutcome::failed(failure::launch_failed(error));
        }
        let started = node.clock.now();
        let run = Run {
            job: None,
            attempt: 0,
            started,
            name: node.container_name(&["start"]),
            labels: node.labels(&[("start-task", "true")]),
            directory,
            record: RecordFile::of_start_task(&node.layout),
            environment,
            command_line: &task.command_line,
            settings: task.container_settings.as_ref(),
            user: task.user_identity.as_ref(),
            pool: container,
        };
        let never = CancellationToken::new();
        let watch = Watch::new(node.clock.as_ref(), &never, started, None);
        task_runner::run(node, &run, &task.other, &watch).await
    }

    /// Runs a task once. Cancelling ends it, with a moment to end by itself; its maxWallClockTime does the same.
    pub async fn run_task(&self, assignment: &TaskAssignment, cancel: CancellationToken) -> TaskOutcome {
        let node = &self.0;
        let started = node.clock.now();
        let run = match node.run_of(assignment, started) {
            Ok(run) => run,
            Err(error) => return TaskOutcome::failed(failure::launch_failed(error)),
        };
        let watch = Watch::new(node.clock.as_ref(), &cancel, started, time_limit(&assignment.task));
        task_runner::run(node, &run, &assignment.task.other, &watch).await
    }

    /// Goes on with a run that an earlier life of this program began: waits for its container, or gives the outcome that
    /// was written down. `None` if the run is lost; then nothing of it runs any more, and nobody knows how it ended.
    pub async fn resume_task(
        &self,
        assignment: &TaskAssignment,
        cancel: CancellationToken,
    ) -> Option<TaskOutcome> {
        let node = &self.0;
        let file = RecordFile::of_task(&node.layout, &assignment.job_id, &assignment.task.id);
        let mut record = file.read().filter(|record| record.attempt == assignment.attempt)?;
        if let Some(outcome) = record.outcome.take() {
            return Some(node.settle(&file, &mut record, outcome).await);
        }
        let state = match record.program.container() {
            Some(container) => node.runtime.state(&container).await,
            None => Ok(None),
        };
        match state {
            Ok(Some(ContainerState::Running | ContainerState::Exited(_))) => {}
            Ok(Some(ContainerState::Created) | None) => {
                node.end_leftover(&file).await;
                return None;
            }
            Err(error) => {
                tracing::warn!(%error, "a container of an earlier life of this program can't be asked for");
                return None;
            }
        }
        let limit = time_limit(&assignment.task);
        let watch = Watch::new(node.clock.as_ref(), &cancel, record.started.0, limit);
        Some(container_task::finish(node, &file, &mut record, &watch).await)
    }

    /// The directory of a task.
    pub fn task_directory(&self, job: &JobId, task: &TaskId) -> PathBuf {
        self.0.layout.task(job, task).path().to_owned()
    }

    /// Removes the directory of a task, and its container. Fine if they are gone already.
    ///
    /// # Errors
    /// When a file can't be removed.
    pub async fn remove_task_directory(&self, job: &JobId, task: &TaskId) -> io::Result<()> {
        let node = &self.0;
        node.end_leftover(&RecordFile::of_task(&node.layout, job, task)).await;
        let directory = node.layout.task(job, task);
        in_background(move || layout::remove(directory.path())).await
    }

    /// Removes the directory of a job, and the containers of all of its tasks. Fine if they are gone already.
    ///
    /// # Errors
    /// When a file can't be removed.
    pub async fn remove_job_directory(&self, job: &JobId) -> io::Result<()> {
        let node = &self.0;
        for record in RecordFile::of_job(&node.layout, job) {
            node.end_leftover(&record).await;
        }
        let directory = node.layout.job(job);
        in_background(move || layout::remove(&directory)).await
    }

    /// Ends and removes everything of this node, as it leaves its pool: processes, containers, files.
    pub async fn shut_down(&self) {
        let node = &self.0;
        for record in RecordFile::all(&node.layout) {
            node.end_leftover(&record).await;
        }
        match node.runtime.list(&node.owner).await {
            Ok(containers) => {
                for (container, _) in containers {
                    node.end_container(&container).await;
                }
            }
            Err(error) => {
                tracing::warn!(owner = node.owner, %error, "the containers of a node could not be removed");
            }
        }
        let root = node.layout.root().to_owned();
        if let Err(error) = in_background(move || layout::remove(&root)).await {
            tracing::warn!(root = %node.layout.root().display(), %error, "the files of a node could not be removed");
        }
    }
}

impl Inner {
    async fn make_directories(&self) -> io::Result<()> {
        let layout = self.layout.clone();
        let current = self.account;
        in_background(move || {
            layout.create()?;
            if current.is_root() {
                // Tasks without privileges may write here too.
                let user = Account::automatic(current);
                for path in [layout.shared(), layout.mounts()] {
                    std::os::unix::fs::chown(path, Some(user.uid), Some(user.gid))?;
                }
            }
            Ok(())
        })
        .await
    }

    fn run_of<'a>(
        &self,
        assignment: &'a TaskAssignment,
        started: jiff::Timestamp,
    ) -> Result<Run<'a>, InvalidEnvironment> {
        let TaskAssignment { job_id, task, attempt, common_environment, container_configuration } =
            assignment;
        let directory = self.layout.task(job_id, &task.id);
        let mut environment = Environment::of_task(&self.identity, &self.layout, job_id, &task.id);
        if task.container_settings.is_none() {
            give_process_defaults(&mut environment, &directory.working());
        }
        environment.add(common_environment)?;
        environment.add(task.environment_settings.as_deref().unwrap_or_default())?;
        Ok(Run {
            job: Some(job_id),
            attempt: *attempt,
            started,
            name: self.container_name(&[job_id.as_str(), task.id.as_str()]),
            labels: self.labels(&[
                ("job", job_id.as_str()),
                ("task", task.id.as_str()),
                ("attempt", &attempt.to_string()),
            ]),
            directory,
            record: RecordFile::of_task(&self.layout, job_id, &task.id),
            environment,
            command_line: &task.command_line,
            settings: task.container_settings.as_ref(),
            user: task.user_identity.as_ref(),
            pool: container_configuration.as_ref(),
        })
    }

    /// `batchyard-<pool>-<node>-<job>-<task>-<hash>`: the names are for people, the hash keeps nodes and data folders apart.
    fn container_name(&self, parts: &[&str]) -> String {
        let NodeIdentity { pool_id, node_id, .. } = &self.identity;
        let words: Vec<&str> =
            [pool_id.as_str(), node_id.as_str()].into_iter().chain(parts.iter().copied()).collect();
        let readable: Vec<String> = words.iter().map(|word| readable(word)).collect();
        let keys: Vec<String> = words.iter().map(|word| word.to_ascii_lowercase()).collect();
        let mut hashed: Vec<&str> = vec![&self.owner];
        hashed.extend(keys.iter().map(String::as_str));
        format!("batchyard-{}-{}", readable.join("-"), short_hash(&hashed))
    }

    fn labels(&self, more: &[(&str, &str)]) -> BTreeMap<String, String> {
        let NodeIdentity { account_name, pool_id, node_id, .. } = &self.identity;
        let whose =
            [("account", account_name.as_str()), ("pool", pool_id.as_str()), ("node", node_id.as_str())];
        let all = whose.iter().chain(more);
        all.map(|(name, value)| (format!("batchyard.{name}"), (*value).to_owned())).collect()
    }

    /// Whether runs are written down. What is only simulated ends with this program, so there is nothing to find again.
    pub(super) fn keeps_records(&self) -> bool {
        self.runtime.kind() != RuntimeKind::Simulated
    }

    /// Writes down what is known of a run. The run goes on if that fails; then only a restart can't find it again.
    pub(super) async fn note(&self, file: &RecordFile, record: &RunRecord) {
        if !self.keeps_records() {
            return;
        }
        let (place, content) = (file.clone(), record.clone());
        if let Err(error) = in_background(move || place.write(&content)).await {
            tracing::warn!(?file, %error, "a run could not be written down");
        }
    }

    /// Writes the outcome of a run down, and only then lets go of a container that is to be removed: a restart between the
    /// two still finds what became of the task.
    pub(super) async fn settle(
        &self,
        file: &RecordFile,
        record: &mut RunRecord,
        outcome: TaskOutcome,
    ) -> TaskOutcome {
        record.outcome = Some(outcome.clone());
        self.note(file, record).await;
        if let Program::Container { id, remove, .. } = &record.program
            && (*remove || !self.keeps_records())
        {
            self.remove_container(&ContainerId(id.clone())).await;
        }
        outcome
    }

    /// Ends what an earlier run of a task left, and forgets that run.
    pub(super) async fn end_leftover(&self, file: &RecordFile) {
        if !self.keeps_records() {
            return;
        }
        match file.read().map(|record| record.program) {
            Some(Program::Container { id, .. }) => self.end_container(&ContainerId(id)).await,
            Some(Program::Process { pid, started }) => host_task::end_leftover(pid, started),
            None => {}
        }
        if let Err(error) = file.remove() {
            tracing::warn!(?file, %error, "the record of an earlier run could not be removed");
        }
    }

    async fn end_container(&self, container: &ContainerId) {
        if let Err(error) = self.runtime.stop(container, Duration::ZERO).await {
            tracing::debug!(%container, %error, "a container could not be stopped");
        }
        self.remove_container(container).await;
    }

    async fn remove_container(&self, container: &ContainerId) {
        if let Err(error) = self.runtime.remove(container).await {
            tracing::warn!(%container, %error, "a container could not be removed");
        }
    }
}

/// What a process of the node finds set, and may change.
fn give_process_defaults(environment: &mut Environment, working: &Path) {
    environment.set_default("PATH", host_task::PATH);
    environment.set_default("HOME", &working.to_string_lossy());
}

fn time_limit(task: &BatchTaskCreateOptions) -> Option<Duration> {
    task.constraints.as_ref()?.max_wall_clock_time?.limit()
}

/// A word as a part of a container's name, short enough that all parts together stay a file name.
fn readable(word: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    word.chars().take(24).map(safe).collect()
}

fn short_hash(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part.as_bytes()).update(&[0]);
    }
    hasher.finalize().to_hex().chars().take(10).collect()
}
