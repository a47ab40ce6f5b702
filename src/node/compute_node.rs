//! A compute node, as the service sees it.

use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::TryFutureExt as _;
use tokio_util::sync::CancellationToken;

use crate::batch::model::{BatchNodeError, BatchTaskFailureInfo};
use crate::batch::{JobId, TaskId};
use crate::clock::Clock;
use crate::node::account::Account;
use crate::node::assignment::{NodeIdentity, NodeSetup, StartTaskAssignment, TaskAssignment};
use crate::node::context::{NodeContext, in_background};
use crate::node::earlier_run::{self, Standing};
use crate::node::failure::{self, TaskOutcome};
use crate::node::free_space;
use crate::node::images::{ImageProblem, Registries};
use crate::node::layout;
use crate::node::packages::{Applications, InstalledPackage};
use crate::node::patience::patiently;
use crate::node::plain_path;
use crate::node::record::RecordFile;
use crate::node::run::{Run, Watch, time_limit};
use crate::node::runtime::{ContainerRuntime, ContainerSpec, RuntimeError, RuntimeKind};
use crate::node::share::{self, Share};
use crate::node::task_runner;

/// A compute node: a folder, a container runtime, and what runs on it. Clones are the same node.
#[derive(Debug, Clone)]
pub struct Node(Arc<NodeContext>);

impl Node {
    /// A node whose files are below `root`, and whose packages are those of `applications`. Nothing is touched until it is told to do something.
    pub fn new(
        identity: NodeIdentity,
        root: PathBuf,
        runtime: Arc<dyn ContainerRuntime>,
        clock: Arc<dyn Clock>,
        applications: Applications,
    ) -> Self {
        Self(Arc::new(NodeContext::new(identity, root, runtime, clock, applications)))
    }

    /// The node's root directory.
    pub fn root(&self) -> &Path {
        self.0.layout.root()
    }

    /// Whose the node's containers are, as [`ContainerRuntime::list`] takes it.
    pub fn owner(&self) -> &str {
        &self.0.owner
    }

    /// Which runtime the node's containers run in.
    pub fn runtime_kind(&self) -> RuntimeKind {
        self.0.runtime.kind()
    }

    /// Makes the node's directories, mounts what stands in for its pool's file systems, unpacks its pool's application packages, which
    /// it gives, and fetches its pool's images, all at the same time. Errors come in the order of packages or images.
    ///
    /// # Errors
    /// Everything that makes the node unusable.
    pub async fn prepare(&self, setup: &NodeSetup) -> Result<Vec<InstalledPackage>, Vec<BatchNodeError>> {
        let node = &self.0;
        let has_user_accounts = !setup.user_accounts.is_empty();
        make_directories(node, has_user_accounts)
            .await
            .map_err(|error| vec![failure::of_directories(&error, node.layout.root())])?;
        // What is kept free of a disk is for the machine; a node that has nothing else would lose what its tasks write.
        if free_space::room_in(node.layout.root()) == 0 {
            return Err(vec![failure::of_full_disk(node.layout.root())]);
        }
        mount(node, &setup.shares).await.map_err(|error| vec![error])?;
        let (mut packages, mut broken) = (Vec::new(), Vec::new());
        for reference in &setup.packages {
            match task_runner::install(node, reference, &CancellationToken::new()).await {
                Ok(package) => packages.push(package),
                Err(error) => broken.push(failure::of_pool_package(reference, &error)),
            }
        }
        if !broken.is_empty() {
            return Err(broken);
        }
        let containers = setup.containers.as_ref();
        let names =
            containers.and_then(|container| container.container_image_names.clone()).unwrap_or_default();
        self.keep_images(&names).await;
        let Some(container) = containers else { return Ok(packages) };
        let watch = Watch::nothing(node.clock.as_ref());
        let works = patiently(&watch, || node.runtime.describe()).await;
        if let Ok(Err(error)) = works {
            return Err(vec![failure::of_missing_runtime(&error)]);
        }
        let registries = Registries::new(None, Some(container));
        let fetches = names.iter().map(|name| fetch(node, name, registries, &watch));
        let errors: Vec<_> = futures::future::join_all(fetches)
            .await
            .into_iter()
            .flatten()
            .map(|problem| failure::of_prefetch(&problem))
            .collect();
        if errors.is_empty() { Ok(packages) } else { Err(errors) }
    }

    /// Has the images of the node's pool stay on the machine, whatever else needs room there. Without that they go when others need
    /// their place, and are fetched again.
    async fn keep_images(&self, names: &[String]) {
        let node = &self.0;
        if let Err(error) = node.runtime.keep_images(&node.owner, names).await {
            tracing::warn!(owner = node.owner, %error, "the images of a node's pool may have to make way for others");
        }
    }

    /// Gives the node its place in the private network of its pool, which is made if it is not there.
    ///
    /// # Errors
    /// What makes the node unusable.
    pub async fn join_network(&self, seat: u8) -> Result<Ipv4Addr, Vec<BatchNodeError>> {
        let node = &self.0;
        let watch = Watch::nothing(node.clock.as_ref());
        let network = node.network();
        let ensured = patiently(&watch, || node.runtime.ensure_network(&network, None)).await;
        // Nothing interrupts this watch.
        let Ok(ensured) = ensured else { return Err(Vec::new()) };
        let subnet = ensured.map_err(|error| vec![failure::of_network(&error)])?;
        let no_seat = || vec![failure::of_network(&format!("the pool's network {subnet} is full"))];
        subnet.seat(seat).ok_or_else(no_seat)
    }

    /// Removes the private network of the node's pool, of which this was the last node.
    pub async fn remove_network(&self) {
        let network = self.0.network();
        if let Err(error) = self.0.runtime.remove_network(&network).await {
            tracing::warn!(network, %error, "the network of a pool could not be removed");
        }
    }

    /// Runs the start task once.
    pub async fn run_start_task(&self, assignment: &StartTaskAssignment) -> TaskOutcome {
        let node = &self.0;
        let run = match Run::of_start_task(node, assignment, node.clock.now()) {
            Ok(run) => run,
            Err(error) => return TaskOutcome::failed(failure::launch_failed(error)),
        };
        let watch = Watch::nothing(node.clock.as_ref());
        task_runner::run(node, &run, &watch).await
    }

    /// Runs a task once. Cancelling ends it, with a moment to end by itself; its maxWallClockTime does the same.
    pub async fn run_task(&self, assignment: &TaskAssignment, cancel: CancellationToken) -> TaskOutcome {
        let node = &self.0;
        let started = node.clock.now();
        let packages = match task_runner::packages(node, &assignment.task, &cancel).await {
            Ok(packages) => packages,
            Err(failure_info) => return TaskOutcome::failed(failure_info),
        };
        let run = match Run::of_task(node, assignment, &packages, started) {
            Ok(run) => run,
            Err(error) => return TaskOutcome::failed(failure::launch_failed(error)),
        };
        let watch = Watch::new(node.clock.as_ref(), &cancel, started, time_limit(assignment));
        task_runner::run(node, &run, &watch).await
    }

    /// Looks how a run stands that an earlier life of this program began. Starts nothing, ends nothing and waits for nothing.
    ///
    /// # Errors
    /// When the runtime can't say.
    pub async fn look_at_task(&self, assignment: &TaskAssignment) -> Result<Standing, RuntimeError> {
        earlier_run::look(&self.0, assignment).await
    }

    /// Goes on with a run that an earlier life of this program began: waits for its container, or gives the outcome that
    /// was written down. `None` if the run is lost; then nothing of it runs any more, and nobody knows how it ended.
    pub async fn resume_task(
        &self,
        assignment: &TaskAssignment,
        cancel: CancellationToken,
    ) -> Option<TaskOutcome> {
        earlier_run::resume(&self.0, assignment, &cancel).await
    }

    /// The container that a task would run in. Nothing is touched, and no image is fetched.
    ///
    /// # Errors
    /// Why there would be none.
    pub fn container_of(&self, assignment: &TaskAssignment) -> Result<ContainerSpec, String> {
        let node = &self.0;
        let run = Run::of_task(node, assignment, &[], node.clock.now()).map_err(|error| error.to_string())?;
        let plan = task_runner::plan(node, &run);
        plan.map(|plan| plan.spec).map_err(|failure| said_of(&failure))
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
        remove(node, node.layout.task(job, task).path().to_owned()).await
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
        remove(node, node.layout.job(job)).await
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
        self.keep_images(&[]).await;
        let layout = node.layout.clone();
        let removed = remove(node, layout.root().to_owned()).await;
        if let Err(error) = removed.and(in_background(move || layout.remove()).await) {
            tracing::warn!(root = %node.layout.root().display(), %error, "the files of a node could not be removed");
        }
    }
}

/// Removes a directory of the node, whoever its containers have given parts of it to.
async fn remove(node: &NodeContext, path: PathBuf) -> io::Result<()> {
    let directory = path.clone();
    match in_background(move || layout::remove(&directory)).await {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            node.runtime.remove_left(&path).await
        }
        result => result,
    }
}

/// Fetches an image; gives what is wrong with it.
async fn fetch(
    node: &NodeContext,
    image: &str,
    registries: Registries<'_>,
    watch: &Watch<'_>,
) -> Option<ImageProblem> {
    let attempt = || node.images.ensure(image, registries).map_err(|problem| problem.error);
    // Nothing interrupts this watch.
    let error = patiently(watch, attempt).await.ok()?.err()?;
    Some(ImageProblem { image: image.to_owned(), error })
}

async fn mount(node: &NodeContext, shares: &[Share]) -> Result<(), BatchNodeError> {
    let (layout, shares) = (node.layout.clone(), shares.to_owned());
    let mounted = tokio::task::spawn_blocking(move || share::mount_all(&shares, &layout)).await;
    mounted
        .unwrap_or_else(|error| Err((String::new(), io::Error::other(error))))
        .map_err(|(place, error)| failure::of_mount(&place, &error))
}

/// Makes the node's directories. Tasks without privileges may write to those that all share, whichever users they run as.
async fn make_directories(node: &NodeContext, has_user_accounts: bool) -> io::Result<()> {
    let layout = node.layout.clone();
    let current = node.account;
    in_background(move || {
        layout.create()?;
        if current.is_root() {
            let user = Account::automatic(current);
            for path in [layout.shared(), layout.mounts()] {
                plain_path::give(&path, user.uid, user.gid)?;
                if has_user_accounts {
                    plain_path::share(&path)?;
                }
            }
        }
        Ok(())
    })
    .await
}

/// Why a task would fail, in one line.
fn said_of(failure: &BatchTaskFailureInfo) -> String {
    let details = failure.details.iter().flatten().filter_map(|detail| detail.value.as_deref());
    let parts = failure.code.as_deref().into_iter().chain(details);
    parts.collect::<Vec<_>>().join(": ")
}
