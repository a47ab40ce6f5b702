//! Fetching images from registries.

use std::io;
use std::path::{Path, PathBuf};

use futures::{StreamExt, TryStreamExt};
use oci_client::manifest::{OciDescriptor, OciImageManifest};

use super::bounded_writer::BoundedWriter;
use super::reference::ImageName;
use super::registry::Registry;
use super::store::{Store, StoreError};
use crate::node::free_space::{KEPT_FREE, room_in};
use crate::node::runtime::{RegistryCredential, RuntimeError};

const LAYERS_AT_ONCE: usize = 3;

/// An image whose parts are all on this machine, and yet to be unpacked unless the store has it by its id.
#[derive(Debug)]
pub(super) struct Fetched {
    /// The image's id.
    pub(super) id: String,
    /// Its configuration, JSON.
    pub(super) config: Vec<u8>,
    /// The files of its layers, lowest first.
    pub(super) layers: Vec<PathBuf>,
}

/// Fetches what is missing of an image. The credential lives no longer than this call.
pub(super) async fn fetch(
    store: &Store,
    name: &ImageName,
    credential: Option<&RegistryCredential>,
) -> Result<Fetched, RuntimeError> {
    Fetch::new(store, name, credential)?.run().await
}

struct Fetch<'a> {
    store: &'a Store,
    name: &'a ImageName,
    registry: Registry<'a>,
}

impl<'a> Fetch<'a> {
    fn new(
        store: &'a Store,
        name: &'a ImageName,
        credential: Option<&'a RegistryCredential>,
    ) -> Result<Self, RuntimeError> {
        Ok(Self { store, name, registry: Registry::new(name, credential)? })
    }

    async fn run(&self) -> Result<Fetched, RuntimeError> {
        self.registry.log_in().await?;
        let manifest = self.registry.manifest().await?;
        self.check(&manifest)?;
        if let Ok(Some(_)) = self.store.find_id(&manifest.config.digest) {
            return Ok(Fetched { id: manifest.config.digest, config: Vec::new(), layers: Vec::new() });
        }
        let config = self.registry.configuration(&manifest).await?;
        let layers = futures::stream::iter(manifest.layers)
            .map(|layer| self.fetch_layer(layer))
            .buffered(LAYERS_AT_ONCE)
            .try_collect()
            .await?;
        Ok(Fetched { id: manifest.config.digest, config, layers })
    }

    /// Refuses what is no container image before anything large is fetched.
    fn check(&self, manifest: &OciImageManifest) -> Result<(), RuntimeError> {
        self.registry.check(manifest)?;
        let digests = manifest.layers.iter().chain([&manifest.config]).map(|blob| &blob.digest);
        for digest in digests {
            if let Err(error) = self.store.blob(digest) {
                let (image, reason) = (self.name.written.clone(), error.to_string());
                return Err(RuntimeError::InvalidImage { image, reason });
            }
        }
        Ok(())
    }

    async fn fetch_layer(&self, layer: OciDescriptor) -> Result<PathBuf, RuntimeError> {
        let path = self.store.blob(&layer.digest).map_err(|error| self.store_failed(error))?;
        if path.exists() {
            return Ok(path);
        }
        let temporary = self.store.temporary().map_err(|error| self.store_failed(error))?;
        let partial = temporary.path.join("layer");
        self.download(&layer, &partial).await?;
        tokio::fs::rename(&partial, &path)
            .await
            .map_err(|error| self.store_failed(StoreError::io("install the layer", &path)(error)))?;
        Ok(path)
    }

    /// Fetches a layer into a file; its size and its digest are checked on the way.
    async fn download(&self, layer: &OciDescriptor, path: &Path) -> Result<(), RuntimeError> {
        let size = u64::try_from(layer.size).unwrap_or_default();
        if room_in(path.parent().unwrap_or(path)) < size {
            let full = io::Error::new(
                io::ErrorKind::StorageFull,
                format!(
                    "the layer has {size} bytes, and {} MiB of the disk are always kept free",
                    KEPT_FREE >> 20
                ),
            );
            return Err(self.store_failed(StoreError::io("make room for", path)(full)));
        }
        let file = tokio::fs::File::create(path)
            .await
            .map_err(|error| self.store_failed(StoreError::io("create", path)(error)))?;
        let file = tokio::io::BufWriter::with_capacity(1 << 18, file);
        self.registry.blob(layer, BoundedWriter::new(file, size)).await
    }

    fn store_failed(&self, error: StoreError) -> RuntimeError {
        self.registry.failed(&error)
    }
}
