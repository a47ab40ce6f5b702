//! Nodes and tasks for the tests of this module.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::batch::model::{
    AutoUserSpecification, BatchContainerConfiguration, BatchStartTask, BatchTaskContainerSettings,
    BatchTaskCreateOptions, BatchTaskFailureInfo, ElevationLevel, UserIdentity,
};
use crate::batch::{JobId, NodeId, PoolId, TaskId};
use crate::clock::{Clock, SystemClock};
use crate::node::runtime::{
    ContainerId, ContainerRuntime, ContainerSpec, ContainerState, ExitStatus, Image, OwnProgram,
    RegistryCredential, RuntimeError, RuntimeKind, SimulatedRuntime, Subnet,
};
use crate::node::{
    Applications, Node, NodeIdentity, NodeSetup, StartTaskAssignment, TaskAssignment, TaskOutcome, TaskRole,
};

/// A node in a folder of its own.
#[derive(Debug)]
pub(super) struct TestNode {
    folder: TempDir,
    pub(super) node: Node,
}

impl TestNode {
    pub(super) async fn new(runtime: Arc<dyn ContainerRuntime>, clock: Arc<dyn Clock>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Tasks run as a user of their own when the tests run as root.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let node = node_in(folder.path(), runtime, clock);
        node.prepare(&NodeSetup::default()).await.unwrap();
        Self { folder, node }
    }

    pub(super) async fn on(runtime: Arc<dyn ContainerRuntime>) -> Self {
        Self::new(runtime, Arc::new(SystemClock)).await
    }

    /// The same node in a later life of the program: nothing of the earlier one but its files and containers.
    pub(super) fn reborn(self, runtime: Arc<dyn ContainerRuntime>) -> Self {
        let node = node_in(self.folder.path(), runtime, Arc::new(SystemClock));
        Self { folder: self.folder, node }
    }

    pub(super) async fn run(&self, assignment: &TaskAssignment) -> TaskOutcome {
        self.node.run_task(assignment, CancellationToken::new()).await
    }

    pub(super) async fn start(&self, task: &BatchStartTask) -> TaskOutcome {
        let assignment = StartTaskAssignment { task: task.clone(), ..StartTaskAssignment::default() };
        self.node.run_start_task(&assignment).await
    }

    /// A file of a task, relative to the task's directory.
    pub(super) fn file(&self, assignment: &TaskAssignment, name: &str) -> PathBuf {
        self.node.task_directory(&assignment.job_id, &assignment.task.id).join(name)
    }

    pub(super) fn read(&self, assignment: &TaskAssignment, name: &str) -> String {
        String::from_utf8_lossy(&std::fs::read(self.file(assignment, name)).unwrap_or_default()).into_owned()
    }

    pub(super) fn stdout(&self, assignment: &TaskAssignment) -> String {
        self.read(assignment, "stdout.txt")
    }
}

pub(super) fn node_in(folder: &Path, runtime: Arc<dyn ContainerRuntime>, clock: Arc<dyn Clock>) -> Node {
    let identity = NodeIdentity {
        account_name: "local".to_owned(),
        account_url: "http://127.0.0.1/".to_owned(),
        pool_id: PoolId::new("Pool").unwrap(),
        node_id: NodeId::new("node-1").unwrap(),
        is_dedicated: true,
        account_door: "/door".into(),
    };
    Node::new(identity, folder.join("node"), runtime, clock, Applications::at(folder.join("packages")))
}

/// A task `job/task` without a container.
pub(super) fn host_task(command_line: &str) -> TaskAssignment {
    let task = BatchTaskCreateOptions::new(TaskId::new("task").unwrap(), command_line.to_owned());
    TaskAssignment {
        job_id: JobId::new("job").unwrap(),
        role: TaskRole::Task,
        preparation: None,
        task,
        attempt: 0,
        common_environment: Vec::new(),
        container_configuration: None,
        shares: Vec::new(),
        user_accounts: Vec::new(),
        certificates: Vec::new(),
        packages: Vec::new(),
        token: None,
        instance: None,
    }
}

/// A task `job/task` in a container.
pub(super) fn container_task(image: &str, options: &str, command_line: &str) -> TaskAssignment {
    let mut assignment = host_task(command_line);
    assignment.container_configuration = Some(BatchContainerConfiguration::default());
    assignment.task.container_settings = Some(BatchTaskContainerSettings {
        image_name: image.to_owned(),
        container_run_options: Some(options.to_owned()),
        ..BatchTaskContainerSettings::default()
    });
    assignment
}

/// What a node has ready for containers.
pub(super) fn with_containers(containers: BatchContainerConfiguration) -> NodeSetup {
    NodeSetup { containers: Some(containers), ..NodeSetup::default() }
}

pub(super) fn start_task(command_line: &str) -> BatchStartTask {
    BatchStartTask { command_line: command_line.to_owned(), ..BatchStartTask::default() }
}

pub(super) fn admin() -> UserIdentity {
    let auto_user = AutoUserSpecification { scope: None, elevation_level: Some(ElevationLevel::Admin) };
    UserIdentity { username: None, auto_user: Some(auto_user) }
}

/// The failure's code, or nothing.
pub(super) fn code(outcome: &TaskOutcome) -> Option<&str> {
    outcome.failure_info.as_ref()?.code.as_deref()
}

/// The detail of that name.
pub(super) fn detail(info: &BatchTaskFailureInfo, name: &str) -> String {
    let mut details = info.details.iter().flatten();
    let found = details.find(|detail| detail.name.as_deref() == Some(name));
    found.and_then(|detail| detail.value.clone()).unwrap_or_default()
}

/// Returns once `condition` holds.
pub(super) async fn eventually(condition: impl Fn() -> bool) {
    for _ in 0..600 {
        if condition() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("it did not come about within 30 seconds");
}

/// An engine that is away.
#[derive(Debug)]
pub(super) struct NoEngine;

fn away<T>() -> Result<T, RuntimeError> {
    Err(RuntimeError::Unavailable { kind: RuntimeKind::Docker, reason: "it is away".to_owned() })
}

#[async_trait]
impl ContainerRuntime for NoEngine {
    fn kind(&self) -> RuntimeKind {
        RuntimeKind::Docker
    }
    async fn describe(&self) -> Result<String, RuntimeError> {
        away()
    }
    async fn find_image(&self, _: &str) -> Result<Option<Image>, RuntimeError> {
        away()
    }
    async fn pull(&self, _: &str, _: Option<&RegistryCredential>) -> Result<Image, RuntimeError> {
        away()
    }
    async fn load(&self, _: &str, _: &Path) -> Result<Image, RuntimeError> {
        away()
    }
    async fn create(&self, _: &ContainerSpec) -> Result<ContainerId, RuntimeError> {
        away()
    }
    async fn start(&self, _: &ContainerId) -> Result<(), RuntimeError> {
        away()
    }
    async fn wait(&self, _: &ContainerId) -> Result<ExitStatus, RuntimeError> {
        away()
    }
    async fn stop(&self, _: &ContainerId, _: std::time::Duration) -> Result<(), RuntimeError> {
        away()
    }
    async fn remove(&self, _: &ContainerId) -> Result<(), RuntimeError> {
        away()
    }
    async fn state(&self, _: &ContainerId) -> Result<Option<ContainerState>, RuntimeError> {
        away()
    }
    async fn catch_up(&self, _: &ContainerId) -> Result<(), RuntimeError> {
        away()
    }
    async fn list(&self, _: &str) -> Result<Vec<(ContainerId, ContainerState)>, RuntimeError> {
        away()
    }
    async fn ensure_network(&self, _: &str, _: Option<Subnet>) -> Result<Subnet, RuntimeError> {
        away()
    }
    async fn remove_network(&self, _: &str) -> Result<(), RuntimeError> {
        away()
    }
    async fn own_program(&self) -> Result<OwnProgram, RuntimeError> {
        away()
    }
}

/// A runtime that is simulated but for what it is told to fail at: the next calls of `create`, `start`, `wait` or `state`.
#[derive(Debug)]
pub(super) struct Failing {
    inner: SimulatedRuntime,
    failures: Mutex<Vec<(&'static str, RuntimeError)>>,
    /// What was asked for, in order: `create`, `start`, `wait`, `state`, `remove`.
    asked: Mutex<Vec<&'static str>>,
}

impl Failing {
    pub(super) fn at(failures: impl IntoIterator<Item = (&'static str, RuntimeError)>) -> Arc<Self> {
        let inner = SimulatedRuntime::new(Arc::new(SystemClock));
        let failures = Mutex::new(failures.into_iter().collect());
        Arc::new(Self { inner, failures, asked: Mutex::default() })
    }

    /// Has the next call of a method fail.
    pub(super) fn fail_at(&self, method: &'static str, error: RuntimeError) {
        self.failures.lock().unwrap().push((method, error));
    }

    /// How often a method was called.
    pub(super) fn count(&self, method: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| **asked == method).count()
    }

    fn meets(&self, method: &'static str) -> Result<(), RuntimeError> {
        self.asked.lock().unwrap().push(method);
        let mut failures = self.failures.lock().unwrap();
        match failures.iter().position(|(failing, _)| *failing == method) {
            Some(position) => Err(failures.remove(position).1),
            None => Ok(()),
        }
    }
}

#[async_trait]
impl ContainerRuntime for Failing {
    fn kind(&self) -> RuntimeKind {
        RuntimeKind::Docker
    }
    async fn describe(&self) -> Result<String, RuntimeError> {
        self.inner.describe().await
    }
    async fn find_image(&self, image: &str) -> Result<Option<Image>, RuntimeError> {
        self.meets("find_image")?;
        self.inner.find_image(image).await
    }
    async fn pull(&self, image: &str, login: Option<&RegistryCredential>) -> Result<Image, RuntimeError> {
        self.inner.pull(image, login).await
    }
    async fn load(&self, image: &str, archive: &Path) -> Result<Image, RuntimeError> {
        self.inner.load(image, archive).await
    }
    async fn create(&self, spec: &ContainerSpec) -> Result<ContainerId, RuntimeError> {
        self.meets("create")?;
        self.inner.create(spec).await
    }
    async fn start(&self, id: &ContainerId) -> Result<(), RuntimeError> {
        self.meets("start")?;
        self.inner.start(id).await
    }
    async fn wait(&self, id: &ContainerId) -> Result<ExitStatus, RuntimeError> {
        self.meets("wait")?;
        self.inner.wait(id).await
    }
    async fn reason_of_kill(&self, id: &ContainerId, status: ExitStatus) -> Result<ExitStatus, RuntimeError> {
        self.inner.reason_of_kill(id, status).await
    }
    async fn stop(&self, id: &ContainerId, grace: std::time::Duration) -> Result<(), RuntimeError> {
        self.inner.stop(id, grace).await
    }
    async fn remove(&self, id: &ContainerId) -> Result<(), RuntimeError> {
        self.meets("remove")?;
        self.inner.remove(id).await
    }
    async fn state(&self, id: &ContainerId) -> Result<Option<ContainerState>, RuntimeError> {
        self.meets("state")?;
        self.inner.state(id).await
    }
    async fn catch_up(&self, id: &ContainerId) -> Result<(), RuntimeError> {
        self.inner.catch_up(id).await
    }
    async fn list(&self, owner: &str) -> Result<Vec<(ContainerId, ContainerState)>, RuntimeError> {
        self.inner.list(owner).await
    }
    async fn ensure_network(&self, network: &str, wanted: Option<Subnet>) -> Result<Subnet, RuntimeError> {
        self.inner.ensure_network(network, wanted).await
    }
    async fn remove_network(&self, network: &str) -> Result<(), RuntimeError> {
        self.inner.remove_network(network).await
    }
    async fn own_program(&self) -> Result<OwnProgram, RuntimeError> {
        self.inner.own_program().await
    }
}
