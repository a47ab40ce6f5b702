//! Fetching images from registries.

use std::io;
use std::path::{Path, PathBuf};

use futures::{StreamExt, TryStreamExt};
use oci_client::manifest::{OciDescriptor, OciImageManifest};

use super::bounded_writer::BoundedWriter;
use super::layer::{UNPACKED, sha256_hex};
use super::reference::ImageName;
use super::registry::{Registry, reasons};
use super::reservations::{Reservation, Reserved};
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
    /// Keeps all of it there until the image has its name.
    pub(super) stays: Reservation,
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
        let stays = self.store.reserve(parts(&manifest));
        if let Ok(Some(_)) = self.store.find_id(&manifest.config.digest) {
            return Ok(Fetched { id: manifest.config.digest, config: Vec::new(), layers: Vec::new(), stays });
        }
        self.make_room(&manifest.layers).await?;
        let config = self.registry.configuration(&manifest).await?;
        let layers = futures::stream::iter(manifest.layers)
            .map(|layer| self.fetch_layer(layer))
            .buffered(LAYERS_AT_ONCE)
            .try_collect()
            .await?;
        Ok(Fetched { id: manifest.config.digest, config, layers, stays })
    }

    /// Has other images make way for the layers that are missing, and for what they unpack to.
    async fn make_room(&self, layers: &[OciDescriptor]) -> Result<(), RuntimeError> {
        let size = |layer: &OciDescriptor| u64::try_from(layer.size).unwrap_or_default();
        let is_missing =
            |layer: &&OciDescriptor| self.store.blob(&layer.digest).is_ok_and(|path| !path.exists());
        let missing = layers.iter().filter(is_missing).map(size).fold(0, u64::saturating_add);
        let unpacked = layers.iter().map(|layer| match layer.media_type.ends_with(".tar") {
            true => size(layer),
            false => size(layer).saturating_mul(UNPACKED),
        });
        let wanted = unpacked.fold(missing, u64::saturating_add);
        let store = self.store.clone();
        let made = tokio::task::spawn_blocking(move || store.make_room(missing, wanted)).await;
        let room =
            made.map_err(|error| self.registry.failed(&error))?.map_err(|error| self.store_failed(error))?;
        if missing <= room {
            return Ok(());
        }
        Err(RuntimeError::DiskFull {
            image: self.name.written.clone(),
            reason: format!(
                "its layers take {missing} bytes, and images may take {room} more: all of them together {}, the disk's last \
                 {} MiB excepted; those that are there are in use",
                self.store.budget,
                KEPT_FREE >> 20
            ),
        })
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
        if error.is_full() {
            return RuntimeError::DiskFull { image: self.name.written.clone(), reason: reasons(&error) };
        }
        self.registry.failed(&error)
    }
}

/// The image and its layers.
fn parts(manifest: &OciImageManifest) -> Vec<Reserved> {
    let image = sha256_hex(&manifest.config.digest).map(|id| Reserved::Image(id.to_owned()));
    let blobs = manifest.layers.iter().filter_map(|layer| sha256_hex(&layer.digest));
    image.into_iter().chain(blobs.map(|blob| Reserved::Blob(blob.to_owned()))).collect()
}
