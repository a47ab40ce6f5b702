//! A runtime that has the built-in image.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::{
    ContainerId, ContainerRuntime, ContainerSpec, ContainerState, ExitStatus, Image, RegistryCredential,
    RuntimeError, RuntimeKind,
};
use crate::node::builtin;

/// A runtime to which `batchyard/hello` needs no registry: the image is put together here and loaded when it is asked for.
/// Everything else is left to the runtime inside.
#[derive(Debug)]
pub(super) struct WithBuiltinImage {
    inner: Arc<dyn ContainerRuntime>,
    /// Where the image's archive is kept, and which image came of it.
    cache: PathBuf,
}

impl WithBuiltinImage {
    pub(super) fn new(inner: Arc<dyn ContainerRuntime>, cache: PathBuf) -> Self {
        Self { inner, cache }
    }

    /// The image as this very executable makes it; an image of that name by another version of the program is replaced.
    async fn built_in(&self) -> Result<Image, RuntimeError> {
        let failed = |reason: String| RuntimeError::Failed {
            action: format!("make the built-in image {}", builtin::REFERENCE),
            reason,
        };
        let cache = self.cache.clone();
        let archive = tokio::task::spawn_blocking(move || builtin::archive(&cache))
            .await
            .map_err(|error| failed(error.to_string()))?
            .map_err(|error| failed(reasons(&error)))?;
        let record = archive.with_extension(format!("{}.id", self.inner.kind()));
        let recorded = tokio::fs::read_to_string(&record).await.ok();
        if let Some(image) = self.inner.find_image(builtin::REFERENCE).await?
            && recorded.as_deref() == Some(image.id.as_str())
        {
            return Ok(image);
        }
        let image = self.inner.load(builtin::REFERENCE, &archive).await?;
        // Without the record the image is only loaded once more than need be.
        let _ = tokio::fs::write(&record, &image.id).await;
        Ok(image)
    }
}

fn reasons(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
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
        if builtin::is_builtin(reference) {
            return self.built_in().await.map(Some);
        }
        self.inner.find_image(reference).await
    }

    async fn pull(
        &self,
        reference: &str,
        credential: Option<&RegistryCredential>,
    ) -> Result<Image, RuntimeError> {
        if builtin::is_builtin(reference) {
            return self.built_in().await;
        }
        self.inner.pull(reference, credential).await
    }

    async fn load(&self, reference: &str, archive: &Path) -> Result<Image, RuntimeError> {
        self.inner.load(reference, archive).await
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

    async fn stop(&self, container: &ContainerId, grace: Duration) -> Result<(), RuntimeError> {
        self.inner.stop(container, grace).await
    }

    async fn remove(&self, container: &ContainerId) -> Result<(), RuntimeError> {
        self.inner.remove(container).await
    }

    async fn state(&self, container: &ContainerId) -> Result<Option<ContainerState>, RuntimeError> {
        self.inner.state(container).await
    }

    async fn list(&self, owner: &str) -> Result<Vec<(ContainerId, ContainerState)>, RuntimeError> {
        self.inner.list(owner).await
    }
}
