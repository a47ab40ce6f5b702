//! Any runtime, with the built-in image added to what can be fetched.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ring::digest::{SHA256, digest};
use tokio::sync::OnceCell;

use super::{
    ContainerId, ContainerRuntime, ContainerSpec, ContainerState, ExitStatus, Image, ImageHold, OwnProgram,
    RegistryCredential, RuntimeError, RuntimeKind, Subnet,
};
use crate::node::builtin;

/// A runtime that needs no registry for the built-in image: the image is put together here, and loaded.
#[derive(Debug)]
pub(super) struct WithBuiltinImage {
    inner: Arc<dyn ContainerRuntime>,
    cache: PathBuf,
    archive: OnceCell<Archive>,
    program: OnceCell<OwnProgram>,
}

/// The image as it is to be loaded.
#[derive(Debug)]
struct Archive {
    path: PathBuf,
    /// The id that the image has once it is loaded.
    id: String,
}

impl WithBuiltinImage {
    /// Adds the built-in image to `inner`, keeping its archive in the folder `cache`.
    pub(super) fn new(inner: Arc<dyn ContainerRuntime>, cache: PathBuf) -> Self {
        Self { inner, cache, archive: OnceCell::new(), program: OnceCell::new() }
    }

    /// The archive of this very build of the program.
    async fn archive(&self) -> Result<&Archive, RuntimeError> {
        let failed =
            |reason: String| RuntimeError::Failed { action: "make the built-in image".to_owned(), reason };
        let make = || async {
            let cache = self.cache.clone();
            let made = tokio::task::spawn_blocking(move || {
                let path = builtin::archive(&cache).map_err(|error| with_source(&error))?;
                let id = image_id(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                Ok(Archive { path, id })
            });
            made.await.map_err(|error| error.to_string()).flatten()
        };
        self.archive.get_or_try_init(make).await.map_err(failed)
    }
}

#[async_trait]
impl ContainerRuntime for WithBuiltinImage {
    fn kind(&self) -> RuntimeKind {
        self.inner.kind()
    }

    async fn describe(&self) -> Result<String, RuntimeError> {
        self.inner.describe().await
    }

    async fn find_image(&self, reference: &str) -> Result<Option<Image>, RuntimeError> {
        let found = self.inner.find_image(reference).await?;
        if found.is_none() || !builtin::is_builtin(reference) {
            return Ok(found);
        }
        // One of that name that another build of this program left is not the built-in image any more.
        let id = &self.archive().await?.id;
        Ok(found.filter(|image| image.id == *id))
    }

    async fn pull(
        &self,
        reference: &str,
        credential: Option<&RegistryCredential>,
    ) -> Result<Image, RuntimeError> {
        if builtin::is_builtin(reference) {
            return self.inner.load(reference, &self.archive().await?.path).await;
        }
        self.inner.pull(reference, credential).await
    }

    async fn load(&self, reference: &str, archive: &Path) -> Result<Image, RuntimeError> {
        self.inner.load(reference, archive).await
    }

    fn hold_image(&self, reference: &str) -> ImageHold {
        self.inner.hold_image(reference)
    }

    async fn keep_images(&self, owner: &str, images: &[String]) -> Result<(), RuntimeError> {
        self.inner.keep_images(owner, images).await
    }

    fn user_inside(&self, user: u32, group: u32) -> (u32, u32) {
        self.inner.user_inside(user, group)
    }

    async fn remove_left(&self, path: &Path) -> std::io::Result<()> {
        self.inner.remove_left(path).await
    }

    async fn create(&self, spec: &ContainerSpec) -> Result<ContainerId, RuntimeError> {
        self.inner.create(spec).await
    }

    async fn start(&self, container: &ContainerId) -> Result<(), RuntimeError> {
        self.inner.start(container).await
    }

    async fn wait(&self, container: &ContainerId) -> Result<ExitStatus, RuntimeError> {
        self.inner.wait(container).await
    }

    async fn reason_of_kill(
        &self,
        container: &ContainerId,
        status: ExitStatus,
    ) -> Result<ExitStatus, RuntimeError> {
        self.inner.reason_of_kill(container, status).await
    }

    async fn stop(&self, container: &ContainerId, grace: Duration) -> Result<(), RuntimeError> {
        self.inner.stop(container, grace).await
    }

    async fn remove(&self, container: &ContainerId) -> Result<(), RuntimeError> {
        self.inner.remove(container).await
    }

    async fn state(&self, container: &ContainerId) -> Result<Option<ContainerState>, RuntimeError> {
        self.inner.state(container).await
    }

    async fn catch_up(&self, container: &ContainerId) -> Result<(), RuntimeError> {
        self.inner.catch_up(container).await
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
        let cache = self.cache.clone();
        let make = || async {
            let made = tokio::task::spawn_blocking(move || OwnProgram::make(&cache)).await;
            made.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
        };
        let failed =
            |reason| RuntimeError::Failed { action: "copy this program for containers".to_owned(), reason };
        self.program.get_or_try_init(make).await.cloned().map_err(failed)
    }
}

/// The id of the image in an archive: the digest of its configuration, which comes before the layers.
fn image_id(archive: &Path) -> std::io::Result<String> {
    let mut archive = tar::Archive::new(std::fs::File::open(archive)?);
    for entry in archive.entries()? {
        let mut entry = entry?;
        if entry.path()?.as_ref() == Path::new("config.json") {
            let mut config = Vec::new();
            entry.read_to_end(&mut config)?;
            let bytes = digest(&SHA256, &config);
            let hex: String = bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            return Ok(format!("sha256:{hex}"));
        }
    }
    Err(std::io::Error::other("the archive has no configuration"))
}

fn with_source(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}
