//! [`OciRuntime`]: the trait's words, turned into files, supervisors and signals.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use rustix::process::Signal;
use tokio::sync::OnceCell;

use super::chores::remove_as_root;
use super::container_folder::{ContainerFolder, Standing};
use super::containers::{MOMENTS, create, failed, gone, list, remove, signal, start};
use super::host::{Host, check, is_root};
use super::pull::{Fetched, fetch};
use super::reference::ImageName;
use super::registry::reasons;
use super::reservations::Reserved;
use super::room;
use super::rootless::{Means, Rootless};
use super::sealed_program::SealedProgram;
use super::store::{Store, StoreError};
use super::user_namespace::THIS_PROGRAM;
use crate::node::runtime::{
    ContainerId, ContainerRuntime, ContainerSpec, ContainerState, ExitStatus, Image, ImageBudget, ImageHold,
    OwnProgram, RegistryCredential, RuntimeError, RuntimeKind, StoredImages, Subnet,
};

/// Runs containers without any daemon: as root, or as an ordinary user who is root in a user namespace.
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
        Self::with_supervisor(store, PathBuf::from(THIS_PROGRAM))
    }

    /// The same with another executable for the supervisors, which must call [`super::supervisor::intercept`] first thing.
    pub fn with_supervisor(store: PathBuf, supervisor: PathBuf) -> Result<Self, RuntimeError> {
        let unavailable = |reason| RuntimeError::Unavailable { kind: RuntimeKind::Oci, reason };
        let rootless =
            if is_root() { None } else { Some(Rootless::begin(&supervisor).map_err(unavailable)?) };
        let opened = Store::open(&store, rootless).map_err(|error| unavailable(reasons(&error)))?;
        check(&store).map_err(unavailable)?;
        Ok(Self { store: opened, supervisor, program: Arc::default(), fetching: Arc::default() })
    }

    /// The same with that much of the disk for images.
    #[must_use]
    pub fn with_image_budget(mut self, budget: ImageBudget) -> Self {
        self.store.budget = budget;
        self
    }

    /// What the images in the folder `store` take; `None` if there is none, or none that this user may look into.
    pub fn stored_images(store: &Path, budget: ImageBudget) -> Option<StoredImages> {
        room::look(store, budget)
    }

    /// Whether this machine and user can run containers with images and containers in `store`, and what they run with. Makes nothing,
    /// not even the folder.
    ///
    /// # Errors
    /// Why not, and what to try.
    pub fn probe(store: &Path) -> Result<String, RuntimeError> {
        let there = store.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
        let unavailable = |reason| RuntimeError::Unavailable { kind: RuntimeKind::Oci, reason };
        check(there).map_err(unavailable)?;
        let means = match is_root() {
            true => None,
            false => Some(Rootless::look(Path::new(THIS_PROGRAM)).map_err(unavailable)?),
        };
        Ok(description(means.as_ref()))
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

    /// How a container ended, once it has.
    async fn over(&self, container: &ContainerId) -> Result<ExitStatus, RuntimeError> {
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
            error if error.is_full() => {
                RuntimeError::DiskFull { image: image.to_owned(), reason: reasons(&error) }
            }
            error => RuntimeError::Failed { action: "keep the image".to_owned(), reason: reasons(&error) },
        })
    }
}

/// What a person would want to know of the runtime on this machine.
fn description(means: Option<&Means>) -> String {
    if let Some(means) = means {
        return format!("oci: libcontainer without a daemon, {}", means.description());
    }
    let host = Host::look(None);
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
        Ok(description(self.store.rootless.as_ref().map(|rootless| &rootless.means)))
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
            let Fetched { id, config, layers, stays: _stays } = fetched;
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
            let (stored, _stays) = super::archive::load(store, &archive)?;
            store.set_reference(&name, &stored.image.id)?;
            Ok(stored.image)
        };
        self.with_store(reference, work).await
    }

    fn hold_image(&self, reference: &str) -> ImageHold {
        match ImageName::parse(reference) {
            Ok(name) => ImageHold::new(self.store.reserve(vec![Reserved::Name(name.key())])),
            Err(_) => ImageHold::default(),
        }
    }

    async fn keep_images(&self, owner: &str, images: &[String]) -> Result<(), RuntimeError> {
        // What is no name of an image is complained about where it is fetched.
        let names = images.iter().filter_map(|image| Some(ImageName::parse(image).ok()?.key())).collect();
        let (store, owner) = (self.store.clone(), owner.to_owned());
        let written = blocking(move || store.wish(&owner, names)).await?;
        written.map_err(|error| failed("keep images")(reasons(&error)))
    }

    fn user_inside(&self, user: u32, group: u32) -> (u32, u32) {
        let is_ours = user == rustix::process::geteuid().as_raw();
        if self.store.rootless.is_some() && is_ours { (0, 0) } else { (user, group) }
    }

    async fn remove_left(&self, path: &Path) -> io::Result<()> {
        let Some(rootless) = self.store.rootless.clone() else {
            return Err(io::ErrorKind::PermissionDenied.into());
        };
        let path = path.to_owned();
        let removed = tokio::task::spawn_blocking(move || remove_as_root(&path, &rootless.namespace)).await;
        removed.unwrap_or_else(|error| Err(io::Error::other(error)))
    }

    async fn create(&self, spec: &ContainerSpec) -> Result<ContainerId, RuntimeError> {
        let name = ImageName::parse(&spec.image)?;
        let _stays = self.store.reserve(vec![Reserved::Name(name.key())]);
        let found = self.with_store(&spec.image, move |store| store.find(&name)).await?;
        let image = found.ok_or_else(|| RuntimeError::Failed {
            action: "create container".to_owned(),
            reason: format!("the image `{}` is not here; pull it first", spec.image),
        })?;
        let (store, spec) = (self.store.clone(), spec.clone());
        blocking(move || create(&store, &spec, &image)).await?
    }

    async fn start(&self, container: &ContainerId) -> Result<(), RuntimeError> {
        match self.standing(container)? {
            (folder, Standing::Created) => {
                start(&self.program().await?, &folder, self.store.rootless.as_ref()).await
            }
            (_, Standing::Supervised(_)) => Ok(()),
            (_, Standing::Over(_)) => Err(RuntimeError::Failed {
                action: format!("start container {container}"),
                reason: "it has run already".to_owned(),
            }),
        }
    }

    async fn wait(&self, container: &ContainerId) -> Result<ExitStatus, RuntimeError> {
        let status = self.over(container).await?;
        let folder = self.folder(container)?;
        match folder.start_error().map_err(failed("look at the container"))? {
            Some(error) => Err(error),
            None => Ok(status),
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
        if tokio::time::timeout(grace, self.over(container)).await.is_err() {
            signal(&folder, &supervisor, Signal::KILL).await?;
        }
        self.over(container).await.map(|_| ())
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
        let store = self.store.clone();
        blocking(move || remove(&store, &folder)).await?.map_err(failed("remove the container"))
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
        let (store, folder) = (self.store.clone(), self.store.networks().join(network));
        blocking(move || store.remove_tree(&folder)).await?.map_err(failed("remove the network"))
    }

    async fn own_program(&self) -> Result<OwnProgram, RuntimeError> {
        Err(OwnProgram::missing())
    }
}

/// Does on a thread of its own what would hold up others.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, RuntimeError> {
    tokio::task::spawn_blocking(work).await.map_err(failed("work in the background"))
}
