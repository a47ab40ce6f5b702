//! [`OciRuntime`]: the trait's words, turned into files, supervisors and signals.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use libcontainer::container::Container;
use rustix::process::Signal;
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncBufReadExt, BufReader, Interest};
use tokio::sync::OnceCell;

use super::bundle::prepare;
use super::container_folder::{ContainerFolder, Standing, Supervisor};
use super::host::{Host, check};
use super::pull::{Fetched, fetch};
use super::reference::ImageName;
use super::registry::reasons;
use super::sealed_program::SealedProgram;
use super::store::{Store, StoreError, StoredImage};
use super::supervisor::{ARGUMENT, Report};
use crate::node::root_folder::remove_host_tree;
use crate::node::runtime::{
    ContainerId, ContainerRuntime, ContainerSpec, ContainerState, ExitStatus, Image, OwnProgram,
    RegistryCredential, RuntimeError, RuntimeKind, Subnet,
};

/// How often something that takes no more than moments is looked at.
const GLANCE: Duration = Duration::from_millis(5);

/// How long a supervisor may take to clean up, or to start its container.
const MOMENTS: Duration = Duration::from_secs(30);

/// Runs containers without any daemon. Needs root.
///
/// Containers use the host's network unless they ask for none. Each has a supervisor, a process of this same program, and both
/// outlive the process that started them.
#[derive(Debug, Clone)]
pub struct OciRuntime {
    store: Store,
    supervisor: PathBuf,
    /// The copy of it that is run, made when it is first needed.
    program: Arc<OnceCell<SealedProgram>>,
    /// One lock per image being fetched: the nodes of a pool all ask for the same.
    fetching: Arc<Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>>,
}

impl OciRuntime {
    /// A runtime that keeps images and containers in the folder `store`. Says why, and what to try, if this machine or user
    /// can't run containers.
    pub fn new(store: PathBuf) -> Result<Self, RuntimeError> {
        // Not the path of the executable: that may be replaced while this process runs.
        Self::with_supervisor(store, PathBuf::from("/proc/self/exe"))
    }

    /// The same with another executable for the supervisors, which must call [`super::supervisor::intercept`] first thing.
    pub fn with_supervisor(store: PathBuf, supervisor: PathBuf) -> Result<Self, RuntimeError> {
        let unavailable = |reason| RuntimeError::Unavailable { kind: RuntimeKind::Oci, reason };
        let opened = Store::open(&store).map_err(|error| unavailable(reasons(&error)))?;
        check(&store).map_err(unavailable)?;
        Ok(Self { store: opened, supervisor, program: Arc::default(), fetching: Arc::default() })
    }

    /// Whether this machine and user can run containers with images and containers in `store`, and what they run with. Makes nothing,
    /// not even the folder.
    ///
    /// # Errors
    /// Why not, and what to try.
    pub fn probe(store: &Path) -> Result<String, RuntimeError> {
        let there = store.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
        check(there).map_err(|reason| RuntimeError::Unavailable { kind: RuntimeKind::Oci, reason })?;
        Ok(description())
    }

    /// The path of the supervisors' program.
    async fn program(&self) -> Result<PathBuf, RuntimeError> {
        let copy = || async {
            let executable = self.supervisor.clone();
            let copied = tokio::task::spawn_blocking(move || SealedProgram::copy(&executable)).await;
            copied.unwrap_or_else(|error| Err(io::Error::other(error)))
        };
        let program = self.program.get_or_try_init(copy).await;
        program.map(SealedProgram::path).map_err(failed("copy this program"))
    }

    fn folder(&self, container: &ContainerId) -> Result<ContainerFolder, RuntimeError> {
        ContainerFolder::new(&self.store.containers(), &container.0)
            .ok_or_else(|| RuntimeError::NoSuchContainer { container: container.0.clone() })
    }

    /// How a container stands that must be there.
    fn standing(&self, container: &ContainerId) -> Result<(ContainerFolder, Standing), RuntimeError> {
        let folder = self.folder(container)?;
        let standing = folder.standing().map_err(failed("look at the container"))?;
        match standing {
            Some(standing) => Ok((folder, standing)),
            None => Err(RuntimeError::NoSuchContainer { container: container.0.clone() }),
        }
    }

    fn fetch_lock(&self, name: &ImageName) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self.fetching.lock().unwrap_or_else(PoisonError::into_inner);
        locks.retain(|_, lock| lock.strong_count() > 0);
        match locks.get(&name.key()).and_then(Weak::upgrade) {
            Some(lock) => lock,
            None => {
                let lock = Arc::new(tokio::sync::Mutex::new(()));
                locks.insert(name.key(), Arc::downgrade(&lock));
                lock
            }
        }
    }

    /// Gives the store something to do that may take long.
    async fn with_store<T: Send + 'static>(
        &self,
        image: &str,
        work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, RuntimeError> {
        let store = self.store.clone();
        blocking(move || work(&store)).await?.map_err(|error| match error {
            StoreError::InvalidImage(reason) => {
                RuntimeError::InvalidImage { image: image.to_owned(), reason }
            }
            error => RuntimeError::Failed { action: "keep the image".to_owned(), reason: reasons(&error) },
        })
    }
}

/// What a person would want to know of the runtime on this machine.
fn description() -> String {
    let host = Host::look();
    let groups = if host.has_device_hierarchy { 1 } else { 2 };
    let pids = if host.limits_pids { "" } else { ", which can't limit processes" };
    format!("oci: libcontainer without a daemon, control groups version {groups}{pids}")
}

#[async_trait]
impl ContainerRuntime for OciRuntime {
    fn kind(&self) -> RuntimeKind {
        RuntimeKind::Oci
    }

    async fn describe(&self) -> Result<String, RuntimeError> {
        Ok(description())
    }

    async fn find_image(&self, reference: &str) -> Result<Option<Image>, RuntimeError> {
        let name = ImageName::parse(reference)?;
        let found = self.with_store(reference, move |store| store.find(&name)).await?;
        Ok(found.map(|stored| stored.image))
    }

    async fn pull(
        &self,
        reference: &str,
        credential: Option<&RegistryCredential>,
    ) -> Result<Image, RuntimeError> {
        let name = ImageName::parse(reference)?;
        let lock = self.fetch_lock(&name);
        let _alone = lock.lock().await;
        let fetched = fetch(&self.store, &name, credential).await?;
        let work = move |store: &Store| {
            let Fetched { id, config, layers } = fetched;
            let stored = match store.find_id(&id)? {
                Some(stored) => stored,
                None => store.add_image(&id, &config, &layers)?,
            };
            store.set_reference(&name, &stored.image.id)?;
            Ok(stored.image)
        };
        self.with_store(reference, work).await
    }

    async fn load(&self, reference: &str, archive: &Path) -> Result<Image, RuntimeError> {
        let name = ImageName::parse(reference)?;
        let lock = self.fetch_lock(&name);
        let _alone = lock.lock().await;
        let archive = archive.to_owned();
        let work = move |store: &Store| {
            let stored = super::archive::load(store, &archive)?;
            store.set_reference(&name, &stored.image.id)?;
            Ok(stored.image)
        };
        self.with_store(reference, work).await
    }

    async fn create(&self, spec: &ContainerSpec) -> Result<ContainerId, RuntimeError> {
        let name = ImageName::parse(&spec.image)?;
        let found = self.with_store(&spec.image, move |store| store.find(&name)).await?;
        let image = found.ok_or_else(|| RuntimeError::Failed {
            action: "create container".to_owned(),
            reason: format!("the image `{}` is not here; pull it first", spec.image),
        })?;
        let (runtime, spec) = (self.clone(), spec.clone());
        blocking(move || create(&runtime, &spec, &image)).await?
    }

    async fn start(&self, container: &ContainerId) -> Result<(), RuntimeError> {
        match self.standing(container)? {
            (folder, Standing::Created) => start(&self.program().await?, &folder).await,
            (_, Standing::Supervised(_)) => Ok(()),
            (_, Standing::Over(_)) => Err(RuntimeError::Failed {
                action: format!("start container {container}"),
                reason: "it has run already".to_owned(),
            }),
        }
    }

    async fn wait(&self, container: &ContainerId) -> Result<ExitStatus, RuntimeError> {
        loop {
            match self.standing(container)? {
                (_, Standing::Over(status)) => return Ok(status),
                (_, Standing::Supervised(supervisor)) => {
                    gone(supervisor).await.map_err(failed("wait for the container"))?;
                }
                // Made but not started, or being started this moment by someone else.
                (_, Standing::Created) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    async fn stop(&self, container: &ContainerId, grace: Duration) -> Result<(), RuntimeError> {
        let (folder, supervisor) = match self.standing(container)? {
            (folder, Standing::Supervised(supervisor)) => (folder, supervisor),
            (_, Standing::Created | Standing::Over(_)) => return Ok(()),
        };
        let record = folder.record().map_err(failed("read the container's record"))?;
        let polite = Signal::from_named_raw(record.stop_signal).unwrap_or(Signal::TERM);
        signal(&folder, &supervisor, polite).await?;
        if tokio::time::timeout(grace, self.wait(container)).await.is_err() {
            signal(&folder, &supervisor, Signal::KILL).await?;
        }
        self.wait(container).await.map(|_| ())
    }

    async fn remove(&self, container: &ContainerId) -> Result<(), RuntimeError> {
        let folder = self.folder(container)?;
        let standing = folder.standing().map_err(failed("look at the container"))?;
        if let Some(Standing::Supervised(supervisor)) = standing {
            if folder.exit().map_err(failed("look at the container"))?.is_none() {
                return Err(RuntimeError::Failed {
                    action: format!("remove container {container}"),
                    reason: "it is running; stop it first".to_owned(),
                });
            }
            // It is cleaning up.
            let _ = tokio::time::timeout(MOMENTS, gone(supervisor)).await;
        }
        let runtime = self.clone();
        blocking(move || remove(&runtime, &folder)).await?.map_err(failed("remove the container"))
    }

    async fn state(&self, container: &ContainerId) -> Result<Option<ContainerState>, RuntimeError> {
        match ContainerFolder::new(&self.store.containers(), &container.0) {
            Some(folder) => folder.state().map_err(failed("look at the container")),
            None => Ok(None),
        }
    }

    /// Supervisors write output as it comes, whoever else is there.
    async fn catch_up(&self, _container: &ContainerId) -> Result<(), RuntimeError> {
        Ok(())
    }

    async fn list(&self, owner: &str) -> Result<Vec<(ContainerId, ContainerState)>, RuntimeError> {
        let (containers, owner) = (self.store.containers(), owner.to_owned());
        blocking(move || list(&containers, &owner)).await?.map_err(failed("list the containers"))
    }

    /// The network comes into being with the first container in it, in a world of its own.
    async fn ensure_network(&self, _network: &str, wanted: Option<Subnet>) -> Result<Subnet, RuntimeError> {
        Ok(wanted.unwrap_or(Subnet::new(0, 0)))
    }

    /// It goes with the last container in it; what was noted of it goes here.
    async fn remove_network(&self, network: &str) -> Result<(), RuntimeError> {
        let folder = self.store.networks().join(network);
        blocking(move || remove_host_tree(&folder)).await?.map_err(failed("remove the network"))
    }

    async fn own_program(&self) -> Result<OwnProgram, RuntimeError> {
        Err(OwnProgram::missing())
    }
}

fn failed<E: std::fmt::Display>(action: &str) -> impl FnOnce(E) -> RuntimeError {
    let action = action.to_owned();
    move |error| RuntimeError::Failed { action, reason: error.to_string() }
}

/// Does on a thread of its own what would hold up others.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, RuntimeError> {
    tokio::task::spawn_blocking(work).await.map_err(failed("work in the background"))
}

/// Writes a container's folder, complete from the moment it appears.
fn create(
    runtime: &OciRuntime,
    spec: &ContainerSpec,
    image: &StoredImage,
) -> Result<ContainerId, RuntimeError> {
    let settings = |reason| RuntimeError::InvalidSettings { reason };
    let folder = ContainerFolder::new(&runtime.store.containers(), &spec.name)
        .ok_or_else(|| settings(format!("`{}` can't be the name of a container", spec.name)))?;
    let taken = || RuntimeError::NameTaken {
        name: spec.name.clone(),
        reason: format!("{} is there", folder.path.display()),
    };
    if folder.exists() {
        return Err(taken());
    }
    // Every time anew: the machine's resolver may have changed.
    let host = Host::look();
    let networks = runtime.store.networks();
    let bundle = prepare(spec, image, &folder.path, &networks, &host).map_err(settings)?;
    let temporary = runtime.store.temporary().map_err(|error| failed("create container")(reasons(&error)))?;
    let write = || -> io::Result<()> {
        let path = |name: &str| temporary.path.join(name);
        for name in ["upper", "work", "rootfs", "binds"] {
            // The container's own `/`: anyone inside may look in.
            fs::DirBuilder::new().mode(0o755).create(path(name))?;
        }
        symlink(&image.root, path("lower"))?;
        fs::write(path("container.json"), serde_json::to_vec(&bundle.record)?)?;
        // It holds the task's environment, and so its secrets.
        let mut config =
            fs::File::options().write(true).create_new(true).mode(0o600).open(path("config.json"))?;
        config.write_all(&serde_json::to_vec(&bundle.config)?)?;
        fs::write(path("hosts"), &bundle.hosts)?;
        fs::write(path("hostname"), &bundle.hostname)?;
        fs::write(path("resolv.conf"), &host.resolver)?;
        fs::write(path("supervisor"), "")?;
        fs::rename(&temporary.path, &folder.path)
    };
    match write() {
        Ok(()) => Ok(ContainerId(spec.name.clone())),
        Err(_) if folder.exists() => Err(taken()),
        Err(error) => Err(failed("create container")(error)),
    }
}

/// Starts a supervisor and listens to what it says of the start. If nobody listens any more it goes on all the same.
async fn start(supervisor: &Path, folder: &ContainerFolder) -> Result<(), RuntimeError> {
    let log = fs::File::options()
        .append(true)
        .create(true)
        .open(folder.file("log"))
        .map_err(failed("open the container's log"))?;
    let mut command = std::process::Command::new(supervisor);
    command
        .arg(ARGUMENT)
        .arg(&folder.path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        // It needs nothing of it, lives as long as the container does, and what is in it may be secret.
        .env_clear();
    {
        use std::os::unix::process::CommandExt;
        // Out of reach of the terminal's Ctrl-C.
        command.arg0("batchyard").process_group(0);
    }
    let mut child = tokio::process::Command::from(command).spawn().map_err(failed("start the supervisor"))?;
    let mut line = String::new();
    if let Some(output) = child.stdout.take() {
        let read = BufReader::new(output).read_line(&mut line).await;
        read.map_err(failed("listen to the supervisor"))?;
    }
    match serde_json::from_str(&line) {
        Ok(Report::Started | Report::StartedBefore) => Ok(()),
        Ok(Report::ProgramFailed(reason)) => Err(RuntimeError::StartFailed { reason }),
        Ok(Report::Failed(reason)) => {
            Err(RuntimeError::Failed { action: "start container".to_owned(), reason })
        }
        Err(_) => {
            let log = fs::read_to_string(folder.file("log")).unwrap_or_default();
            let last = log.lines().next_back().unwrap_or("it said nothing");
            Err(failed("start container")(format!("its supervisor ended: {last}")))
        }
    }
}

/// Returns once a supervisor is gone.
#[expect(
    deprecated,
    reason = "the successor is unsafe because not every type keeps its descriptor; an OwnedFd does"
)]
async fn gone(supervisor: Supervisor) -> io::Result<()> {
    let process = AsyncFd::with_interest(supervisor.process, Interest::READABLE)?;
    process.readable().await.map(|_| ())
}

/// Sends a signal to a container's first process, waiting for it to be there if the container is just being started.
async fn signal(
    folder: &ContainerFolder,
    supervisor: &Supervisor,
    signal: Signal,
) -> Result<(), RuntimeError> {
    let deadline = tokio::time::Instant::now() + MOMENTS;
    loop {
        if let Some(init) = folder.init(supervisor).map_err(failed("find the container's process"))? {
            return match rustix::process::pidfd_send_signal(init, signal) {
                Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
                Err(error) => Err(failed("signal the container")(error)),
            };
        }
        let over = !matches!(folder.standing(), Ok(Some(Standing::Supervised(_))));
        let exited = folder.exit().is_ok_and(|exit| exit.is_some());
        if over || exited || tokio::time::Instant::now() > deadline {
            return Ok(());
        }
        tokio::time::sleep(GLANCE).await;
    }
}

fn remove(runtime: &OciRuntime, folder: &ContainerFolder) -> io::Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    // A supervisor that was killed left its control group behind.
    if let Ok(record) = folder.record() {
        let left = folder.file("run").join(record.id);
        if left.exists()
            && let Ok(mut container) = Container::load(left)
        {
            // A group that still can't be removed stays: empty, it costs nothing.
            let _ = container.delete(true);
        }
    }
    // First out of sight, then in peace.
    let temporary = runtime.store.temporary().map_err(io::Error::other)?;
    match fs::rename(&folder.path, temporary.path.join("container")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(()) => remove_host_tree(&temporary.path),
    }
}

fn list(containers: &Path, owner: &str) -> io::Result<Vec<(ContainerId, ContainerState)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(containers)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let Some(folder) = ContainerFolder::new(containers, &name) else { continue };
        // Gone between the listing and the look: not there.
        if let Ok(record) = folder.record()
            && record.owner == owner
            && let Some(state) = folder.state()?
        {
            found.push((ContainerId(name), state));
        }
    }
    found.sort_by(|one, other| one.0.0.cmp(&other.0.0));
    Ok(found)
}
