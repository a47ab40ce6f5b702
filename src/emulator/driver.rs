//! Does what the service wants done outside of the store, on nodes and with time, and reports what came of it.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::account::Account;
use super::effect::{Effect, Event, NodeReady};
use super::faults::Preemption;
use super::lifecycle::ENGINE_UNAVAILABLE;
use super::router::{Entrance, router};
use super::store::{JobRow, NodeAddress, NodeRow, RunRow};
use super::{door, server};
use crate::batch::model::{BatchNodeError, NameValuePair};
use crate::batch::{JobId, TaskId};
use crate::node::layout::{self, NodeLayout};
use crate::node::runtime::{ContainerRuntime, RuntimeKind};
use crate::node::{Node, NodeSetup, Rendezvous, TaskAssignment, TaskOutcome};

/// The URL of an account that is served inside a process and nowhere else.
const IN_PROCESS: &str = "batchyard://local";

/// Works on the nodes of an account.
#[derive(Debug)]
pub(crate) struct Driver {
    account: Arc<Account>,
    /// The container runtime, or why there is none.
    runtime: Result<Arc<dyn ContainerRuntime>, String>,
    /// The URL that tasks are told.
    account_url: Mutex<String>,
    nodes: Mutex<HashMap<NodeRow, Arc<Node>>>,
    runs: Mutex<HashMap<RunRow, Running>>,
    /// Whether containers that have a token can come in.
    is_door_open: Mutex<bool>,
    work: TaskTracker,
    stop: CancellationToken,
}

/// What a run can be told that goes on.
#[derive(Debug)]
struct Running {
    cancel: CancellationToken,
    /// Where it waits for others, if it is one of several instances of its task.
    rendezvous: Option<Rendezvous>,
}

impl Driver {
    /// A driver of `account`'s nodes, that ends when `stop` is cancelled. Until it is told more, tasks learn of no URL by which
    /// the account could be reached.
    pub(crate) fn new(
        account: Arc<Account>,
        runtime: Result<Arc<dyn ContainerRuntime>, String>,
        stop: CancellationToken,
    ) -> Arc<Self> {
        Arc::new(Self {
            account,
            runtime,
            account_url: Mutex::new(IN_PROCESS.to_owned()),
            nodes: Mutex::default(),
            runs: Mutex::default(),
            is_door_open: Mutex::default(),
            work: TaskTracker::new(),
            stop,
        })
    }

    /// The account can be reached at `url` from now on: tasks that begin are told.
    pub(crate) fn reachable_at(&self, url: &str) {
        url.clone_into(&mut lock(&self.account_url));
        // Nodes are made anew with what they are told; all that they know is on disk.
        lock(&self.nodes).clear();
    }

    /// Carries out effects until the service is gone or the driver is stopped. Containers that run then are left running: the
    /// next start finds them again.
    pub(crate) async fn run(self: Arc<Self>, mut effects: UnboundedReceiver<Effect>) {
        loop {
            let effect = tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                effect = effects.recv() => effect,
            };
            match effect {
                Some(effect) => self.begin(effect),
                None => break,
            }
        }
        self.work.close();
        self.work.wait().await;
    }

    /// Begins an effect. Effects of one run begin in the order in which they were asked for.
    fn begin(self: &Arc<Self>, effect: Effect) {
        match effect {
            Effect::StopRun { run } => {
                if let Some(running) = lock(&self.runs).get(&run) {
                    running.cancel.cancel();
                }
            }
            Effect::LetGo { run } => {
                if let Some(rendezvous) =
                    lock(&self.runs).get(&run).and_then(|running| running.rendezvous.as_ref())
                {
                    rendezvous.let_go();
                }
            }
            Effect::StartRun { run, node, assignment, resume } => {
                let cancel = CancellationToken::new();
                let rendezvous = assignment.instance.as_ref().map(|instance| instance.rendezvous.clone());
                lock(&self.runs).insert(run, Running { cancel: cancel.clone(), rendezvous });
                if assignment.uses_account() {
                    self.open_door();
                }
                let driver = Arc::clone(self);
                self.spawn(async move { driver.run_task(run, &node, &assignment, cancel, resume).await });
            }
            Effect::Wait { pause, then } => {
                let driver = Arc::clone(self);
                self.spawn(async move {
                    driver.pause(pause).await;
                    then
                });
            }
            Effect::PrepareNode { node, boot, setup, seat } => {
                let driver = Arc::clone(self);
                self.spawn(async move {
                    let prepared = driver.prepare(&node, boot, &setup, seat).await;
                    driver.preempt_after(prepared, &node).await
                });
            }
            Effect::RunStartTask { node, start_task } => {
                let driver = Arc::clone(self);
                self.spawn(async move {
                    let fault = driver.account.faults.of_start_task(&node.pool_id);
                    let outcome = match (driver.node(&node), fault) {
                        (_, Some(code)) => TaskOutcome::wanted_failure(code),
                        (Ok(machine), None) => machine.run_start_task(&start_task).await,
                        // A node that lost its engine boots anew, and says why it can't.
                        (Err(_), None) => std::future::pending().await,
                    };
                    Event::StartTaskEnded { node: node.row, outcome }
                });
            }
            Effect::RemoveNode { node, pause } => {
                let driver = Arc::clone(self);
                self.spawn(async move { driver.remove_node(&node, pause).await });
            }
            Effect::WipeNode { node, pause } => {
                let driver = Arc::clone(self);
                self.spawn(async move {
                    driver.pause(pause).await;
                    driver.wipe_node(&node).await;
                    Event::NodeWiped { node: node.row }
                });
            }
            Effect::CleanTask { run, node, job_id, task_id } => {
                let driver = Arc::clone(self);
                self.spawn(async move {
                    driver.clean_task(&node, &job_id, &task_id).await;
                    Event::TaskCleaned { run }
                });
            }
            Effect::CleanJob { job, job_id, nodes } => {
                let driver = Arc::clone(self);
                self.spawn(async move { driver.clean_job(job, &job_id, &nodes).await });
            }
        }
    }

    /// Works on something in parallel to everything else, and reports what came of it. Stopping drops the work as it is.
    fn spawn(self: &Arc<Self>, work: impl Future<Output = Event> + Send + 'static) {
        let driver = Arc::clone(self);
        self.work.spawn(async move {
            tokio::select! {
                biased;
                () = driver.stop.cancelled() => {}
                event = work => driver.account.service.report(event).await,
            }
        });
    }

    async fn pause(&self, duration: Duration) {
        if !duration.is_zero() {
            self.account.clock.sleep(duration).await;
        }
    }

    async fn prepare(
        &self,
        node: &NodeAddress,
        boot: Duration,
        setup: &NodeSetup,
        seat: Option<u8>,
    ) -> Event {
        self.pause(boot).await;
        if let Some(error) = self.account.faults.of_boot(&node.pool_id) {
            return Event::NodePrepared { node: node.row, result: Err(vec![error]) };
        }
        let result = match self.node(node) {
            Ok(machine) => prepare(&machine, setup, seat).await,
            Err(reason) => Err(vec![BatchNodeError {
                code: Some(ENGINE_UNAVAILABLE.to_owned()),
                message: Some("The node has nothing to run containers with.".to_owned()),
                error_details: Some(vec![NameValuePair::new("Reason", reason)]),
            }]),
        };
        Event::NodePrepared { node: node.row, result }
    }

    /// Takes a Spot node that has booted away again, if a rule for faults wants it so: reports the boot, and gives what comes after it.
    async fn preempt_after(&self, prepared: Event, node: &NodeAddress) -> Event {
        if node.is_dedicated || !matches!(prepared, Event::NodePrepared { result: Ok(_), .. }) {
            return prepared;
        }
        let Some(Preemption { after, absence }) = self.account.faults.of_spot_node(&node.pool_id) else {
            return prepared;
        };
        self.account.service.report(prepared).await;
        self.pause(after).await;
        Event::NodePreempted { node: node.row, absence }
    }

    async fn run_task(
        &self,
        run: RunRow,
        node: &NodeAddress,
        assignment: &TaskAssignment,
        cancel: CancellationToken,
        resume: bool,
    ) -> Event {
        let arrival = async {
            match &assignment.instance {
                Some(instance) => instance.rendezvous.arrival().await,
                None => std::future::pending().await,
            }
        };
        let mut ended = std::pin::pin!(self.outcome(node, assignment, cancel, resume));
        let outcome = tokio::select! {
            outcome = &mut ended => outcome,
            container = arrival => {
                self.account.service.report(Event::Coordinated { run, container }).await;
                ended.await
            }
        };
        lock(&self.runs).remove(&run);
        Event::RunEnded { run, outcome }
    }

    async fn outcome(
        &self,
        node: &NodeAddress,
        assignment: &TaskAssignment,
        cancel: CancellationToken,
        resume: bool,
    ) -> Option<TaskOutcome> {
        let machine = self.node(node).ok()?;
        if resume {
            machine.resume_task(assignment, cancel).await
        } else {
            Some(machine.run_task(assignment, cancel).await)
        }
    }

    async fn remove_node(&self, node: &NodeAddress, pause: Duration) -> Event {
        self.pause(pause).await;
        let machine = self.node(node);
        self.wipe_node(node).await;
        // Fails as long as the pool has other nodes, as it should.
        if let Some(pool) = self.account.node_root(node).parent()
            && tokio::fs::remove_dir(pool).await.is_ok()
            && let Ok(machine) = machine
        {
            machine.remove_network().await;
        }
        Event::NodeRemoved { node: node.row }
    }

    async fn wipe_node(&self, node: &NodeAddress) {
        match self.node(node) {
            Ok(machine) => machine.shut_down().await,
            Err(_) => {
                let layout = self.layout(node);
                complain(in_background(move || layout.remove()).await, "the folder of a node");
            }
        }
        lock(&self.nodes).remove(&node.row);
    }

    async fn clean_task(&self, node: &NodeAddress, job: &JobId, task: &TaskId) {
        let removed = match self.node(node) {
            Ok(machine) => machine.remove_task_directory(job, task).await,
            Err(_) => remove(self.layout(node).task(job, task).path().to_owned()).await,
        };
        complain(removed, "the folder of a task");
    }

    async fn clean_job(&self, job: JobRow, job_id: &JobId, nodes: &[NodeAddress]) -> Event {
        for node in nodes {
            let removed = match self.node(node) {
                Ok(machine) => machine.remove_job_directory(job_id).await,
                Err(_) => remove(self.layout(node).job(job_id)).await,
            };
            complain(removed, "the folder of a job");
        }
        Event::JobCleaned { job }
    }

    /// Lets containers in that have a token, from the first task on that asks for one.
    fn open_door(&self) {
        let mut is_open = lock(&self.is_door_open);
        let is_simulated =
            self.runtime.as_ref().is_ok_and(|runtime| runtime.kind() == RuntimeKind::Simulated);
        if *is_open || is_simulated {
            return;
        }
        match door::open(&self.account.door) {
            Ok(listener) => {
                *is_open = true;
                let service = router(Arc::clone(&self.account), Entrance::TASKS);
                self.work.spawn(server::serve(listener, service, None, self.stop.clone()));
            }
            Err(error) => {
                let folder = self.account.door.display();
                tracing::error!(%folder, %error, "containers of tasks can't be let into the account");
            }
        }
    }

    fn layout(&self, node: &NodeAddress) -> NodeLayout {
        NodeLayout::new(self.account.node_root(node))
    }

    /// The machine of a node, or why it has none.
    fn node(&self, node: &NodeAddress) -> Result<Arc<Node>, String> {
        let runtime = self.runtime.as_ref().map_err(String::clone)?;
        let mut nodes = lock(&self.nodes);
        let machine = nodes.entry(node.row).or_insert_with(|| {
            let url = lock(&self.account_url);
            Arc::new(self.account.machine(node, runtime, &url))
        });
        Ok(Arc::clone(machine))
    }
}

/// Has a node there, in its pool's network if it has a seat in one; gives its address, and its packages.
async fn prepare(
    machine: &Node,
    setup: &NodeSetup,
    seat: Option<u8>,
) -> Result<NodeReady, Vec<BatchNodeError>> {
    let packages = machine.prepare(setup).await?;
    let address = match seat {
        Some(seat) => Some(machine.join_network(seat).await?),
        None => None,
    };
    Ok(NodeReady { address, packages })
}

async fn remove(folder: PathBuf) -> io::Result<()> {
    in_background(move || layout::remove(&folder)).await
}

async fn in_background(work: impl FnOnce() -> io::Result<()> + Send + 'static) -> io::Result<()> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// What is left behind takes space and does no harm: the account goes on.
fn complain(removed: io::Result<()>, what: &str) {
    if let Err(error) = removed {
        tracing::warn!(%error, "{what} could not be removed");
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
