//! Where images live: blobs by digest as the registry sent them, root file systems by image id, and names.
//!
//! ```text
//! blobs/<sha256>            a layer as it was fetched, verified
//! images/<sha256>/          config.json, record.json and rootfs/, complete from the moment the folder exists
//! references/<blake3>       which image a name means
//! wishes/<blake3>           which images someone wants to stay
//! lock                      see `reservations`
//! temporary/<pid>-<number>  what is being made
//! containers/<name>/        see `container_folder`
//! ```
//!
//! Everything appears by a rename, so that a process that is killed leaves nothing half-made under its final name, and two
//! that fetch the same image at once don't disturb each other.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::chores::{self, remove_tree};
use super::holdings::{ImageRecord, note_use};
use super::image_config::ImageConfig;
use super::layer::{UNPACKED, is_compressed, sha256_hex};
use super::reference::ImageName;
use super::reservations::{Reservation, Reservations, Reserved};
use super::rootless::Rootless;
use super::unpack::no_room;
use super::unpack_image::{Fault, unpack_image};
use super::user_namespace::UserNamespace;
use crate::node::runtime::{Image, ImageBudget};

/// Why the store didn't do something.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoreError {
    /// The image itself is to blame.
    #[error("{0}")]
    InvalidImage(String),
    /// The disk is.
    #[error("{action} `{}`", path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// To what.
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

impl StoreError {
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// Whether there was no room.
    pub(super) fn is_full(&self) -> bool {
        matches!(self, Self::Io { source, .. }
            if matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded))
    }
}

/// An image in the store.
#[derive(Debug, Clone)]
pub(super) struct StoredImage {
    /// What its configuration says.
    pub(super) image: Image,
    /// The signal that asks its program to end.
    pub(super) stop_signal: Option<String>,
    /// The paths that get a folder of each container's own, to write to.
    pub(super) volumes: Vec<String>,
    /// Its root file system. Never written to again.
    pub(super) root: PathBuf,
}

/// A name in the store.
#[derive(Debug, Serialize, Deserialize)]
struct StoredReference {
    name: String,
    image: String,
}

/// The store.
#[derive(Debug, Clone)]
pub(super) struct Store {
    pub(super) folder: PathBuf,
    pub(super) budget: ImageBudget,
    pub(super) reservations: Arc<Reservations>,
    /// How an ordinary user works on what belongs to users of containers; root needs nothing for that.
    pub(super) rootless: Option<Rootless>,
}

impl Store {
    /// The store in `folder`, which is made if need be. Throws away what killed processes left half-made.
    pub(super) fn open(folder: &Path, rootless: Option<Rootless>) -> Result<Self, StoreError> {
        for part in ["blobs", "images", "references", "wishes", "temporary", "containers"] {
            let path = folder.join(part);
            // Images hold set-user-id programs: nobody but us may come near them.
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&path)
                .map_err(StoreError::io("make the folder", &path))?;
        }
        let folder = fs::canonicalize(folder).map_err(StoreError::io("find the folder", folder))?;
        let reservations = Reservations::of(&folder).map_err(StoreError::io("lock", &folder))?;
        let store = Self { folder, budget: ImageBudget::default(), reservations, rootless };
        store.sweep();
        Ok(store)
    }

    /// Has something stay as long as what is returned lives.
    pub(super) fn reserve(&self, what: Vec<Reserved>) -> Reservation {
        self.reservations.take(what)
    }

    /// Where the containers live.
    pub(super) fn containers(&self) -> PathBuf {
        self.folder.join("containers")
    }

    /// Where private networks are noted.
    pub(super) fn networks(&self) -> PathBuf {
        self.folder.join("networks")
    }

    /// Removes the temporary folders of processes that are gone. What can't be removed is tried again next time.
    fn sweep(&self) {
        let Ok(entries) = fs::read_dir(self.folder.join("temporary")) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let process = name.to_string_lossy().split('-').next().unwrap_or_default().to_owned();
            if !Path::new("/proc").join(&process).exists() {
                // Something that it had started may just be ending.
                let removed = || self.remove_tree(&entry.path()).is_ok();
                let _ = removed() || removed();
            }
        }
    }

    fn namespace(&self) -> Option<&UserNamespace> {
        self.rootless.as_ref().map(|rootless| &rootless.namespace)
    }

    /// Removes a file or folder with everything below it, whoever it belongs to.
    pub(super) fn remove_tree(&self, path: &Path) -> io::Result<()> {
        remove_tree(path, self.namespace())
    }

    /// A new, empty folder for something that is being made.
    pub(super) fn temporary(&self) -> Result<TemporaryFolder, StoreError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join(format!("temporary/{}-{number}", std::process::id()));
        // A process with our number may have been here before us.
        self.remove_tree(&path).map_err(StoreError::io("clear the folder", &path))?;
        fs::DirBuilder::new().mode(0o700).create(&path).map_err(StoreError::io("make the folder", &path))?;
        Ok(TemporaryFolder { path, namespace: self.namespace().cloned() })
    }

    /// Where the blob of a digest is, or would be.
    pub(super) fn blob(&self, digest: &str) -> Result<PathBuf, StoreError> {
        let hex = sha256_hex(digest)
            .ok_or_else(|| StoreError::InvalidImage(format!("`{digest}` is not a SHA-256 digest")))?;
        Ok(self.folder.join("blobs").join(hex))
    }

    /// The image that a name means, if it is here.
    pub(super) fn find(&self, name: &ImageName) -> Result<Option<StoredImage>, StoreError> {
        let path = self.reference(&name.key());
        let Some(content) = read_if_exists(&path)? else { return Ok(None) };
        match serde_json::from_slice::<StoredReference>(&content) {
            Ok(reference) => self.find_id(&reference.image),
            Err(_) => Ok(None),
        }
    }

    /// The hexadecimal part of the id of the image that a complete name means.
    pub(super) fn meaning(&self, key: &str) -> Option<String> {
        let content = fs::read(self.reference(key)).ok()?;
        let reference: StoredReference = serde_json::from_slice(&content).ok()?;
        sha256_hex(&reference.image).map(str::to_owned)
    }

    /// The image with an id, `sha256:…`, if it is here.
    pub(super) fn find_id(&self, id: &str) -> Result<Option<StoredImage>, StoreError> {
        let Some(hex) = sha256_hex(id) else { return Ok(None) };
        let folder = self.folder.join("images").join(hex);
        let Some(json) = read_if_exists(&folder.join("config.json"))? else { return Ok(None) };
        let config = ImageConfig::parse(&json).map_err(StoreError::InvalidImage)?;
        note_use(&folder);
        Ok(Some(StoredImage {
            image: config.image(id.to_owned()),
            stop_signal: config.stop_signal().map(str::to_owned),
            volumes: config.volumes(),
            root: folder.join("rootfs"),
        }))
    }

    /// Lets a name mean the image `id`.
    pub(super) fn set_reference(&self, name: &ImageName, id: &str) -> Result<(), StoreError> {
        let reference = StoredReference { name: name.key(), image: id.to_owned() };
        let path = self.reference(&name.key());
        write_whole(&path, &serde_json::to_vec(&reference).unwrap_or_default())
            .map_err(StoreError::io("write", &path))
    }

    fn reference(&self, key: &str) -> PathBuf {
        let hash = blake3::hash(key.as_bytes()).to_hex();
        self.folder.join("references").join(hash.as_str())
    }

    /// Unpacks an image from its configuration and its layers' files, lowest first, unless it is here already.
    pub(super) fn add_image(
        &self,
        id: &str,
        config: &[u8],
        layers: &[PathBuf],
    ) -> Result<StoredImage, StoreError> {
        if let Some(image) = self.find_id(id)? {
            return Ok(image);
        }
        let parsed = ImageConfig::parse(config).map_err(StoreError::InvalidImage)?;
        let hex = sha256_hex(id)
            .ok_or_else(|| StoreError::InvalidImage(format!("`{id}` is not a SHA-256 digest")))?;
        if parsed.layers().len() != layers.len() {
            return Err(StoreError::InvalidImage(format!(
                "its configuration names {} layers, its manifest {}",
                parsed.layers().len(),
                layers.len()
            )));
        }
        let _stays = self.reserve(vec![Reserved::Image(hex.to_owned())]);
        let (temporary, bytes) = self.unpack(&parsed, layers)?;
        let path = temporary.path.join("config.json");
        fs::write(&path, config).map_err(StoreError::io("write", &path))?;
        let record = ImageRecord { bytes, blobs: self.blobs_among(layers) };
        record.write(&temporary.path).map_err(StoreError::io("write the record in", &temporary.path))?;
        self.install(&temporary, &self.folder.join("images").join(hex))?;
        self.find_id(id)?.ok_or_else(|| StoreError::Io {
            action: "find the image",
            path: PathBuf::from(id),
            source: io::ErrorKind::NotFound.into(),
        })
    }

    /// Unpacks layers into a new folder, and gives how many bytes they take. How much they hold only unpacking tells: images make way
    /// until there is room enough, or none that could.
    fn unpack(&self, config: &ImageConfig, layers: &[PathBuf]) -> Result<(TemporaryFolder, u64), StoreError> {
        let packed: u64 = layers.iter().filter_map(|file| file.metadata().ok()).map(|data| data.len()).sum();
        let mut wanted: u64 = layers.iter().map(|file| unpacked_size(file)).sum();
        let least = packed.min(wanted);
        let mut room = self.make_room(least, wanted)?;
        if room < least {
            let full = no_room(&format!("the image takes {least} bytes, more"), room);
            return Err(StoreError::io("unpack an image in", &self.folder)(full));
        }
        loop {
            let error = match self.unpack_into(room, config, layers) {
                Err(error) if error.is_full() => error,
                result => return result,
            };
            wanted = wanted.max(room).saturating_mul(2);
            let more = self.make_room(room.saturating_add(room / 4), wanted)?;
            // What others free or fill at the same time is no reason to try for ever.
            if more < room.saturating_add(room / 4).saturating_add(1) {
                return Err(error);
            }
            room = more;
        }
    }

    fn unpack_into(
        &self,
        room: u64,
        config: &ImageConfig,
        layers: &[PathBuf],
    ) -> Result<(TemporaryFolder, u64), StoreError> {
        let temporary = self.temporary()?;
        let root = temporary.path.join("rootfs");
        fs::DirBuilder::new().mode(0o755).create(&root).map_err(StoreError::io("make the folder", &root))?;
        let layers =
            layers.iter().zip(config.layers()).map(|(file, digest)| (file.as_path(), digest.as_str()));
        let unpacked = match self.namespace() {
            None => unpack_image(&root, room, layers),
            Some(namespace) => chores::unpack(namespace, &root, room, layers),
        };
        match unpacked {
            Ok(bytes) => Ok((temporary, bytes)),
            Err(Fault::Image(reason)) => Err(StoreError::InvalidImage(reason)),
            Err(Fault::Machine(path, error)) => Err(StoreError::io("unpack", &path)(error)),
        }
    }

    /// The names of those files that are layers of this store.
    fn blobs_among(&self, layers: &[PathBuf]) -> Vec<String> {
        let blobs = self.folder.join("blobs");
        let ours = layers.iter().filter(|file| file.parent() == Some(&blobs));
        ours.filter_map(|file| Some(file.file_name()?.to_string_lossy().into_owned())).collect()
    }

    /// Gives a finished temporary folder its final name, unless someone else was faster.
    fn install(&self, temporary: &TemporaryFolder, path: &Path) -> Result<(), StoreError> {
        match fs::rename(&temporary.path, path) {
            Err(error) if !path.exists() => Err(StoreError::io("install", path)(error)),
            _ => Ok(()),
        }
    }
}

/// How much a layer's file is taken to hold.
fn unpacked_size(file: &Path) -> u64 {
    let size = file.metadata().map_or(0, |data| data.len());
    let is_compressed = File::open(file).and_then(is_compressed).unwrap_or(true);
    if is_compressed { size.saturating_mul(UNPACKED) } else { size }
}

/// A folder that is removed with everything in it when it is dropped, unless it was renamed before.
#[derive(Debug)]
pub(super) struct TemporaryFolder {
    pub(super) path: PathBuf,
    /// Where those are who may remove everything in it.
    namespace: Option<UserNamespace>,
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // What can't be removed now is swept at the next start.
        let _ = remove_tree(&self.path, self.namespace.as_ref());
    }
}

fn read_if_exists(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io("read", path)(error)),
    }
}

/// Writes a file so that readers see the old content or the new one, never a part.
pub(super) fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let temporary = path.with_extension(format!("{}-{number}.new", std::process::id()));
    fs::write(&temporary, content)?;
    fs::rename(&temporary, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::runtime::oci::layer::digest;

    fn layer(path: &str, content: &[u8]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        builder.append_data(&mut header, path, content).unwrap();
        builder.into_inner().unwrap()
    }

    /// A store with an image of one layer, whose configuration claims the layer's digest to be `claimed`.
    fn add(folder: &Path, claimed: Option<&str>) -> Result<(Store, StoredImage), StoreError> {
        let store = Store::open(&folder.join("store"), None).unwrap();
        let layer = layer("etc/motd", b"hello");
        let file = folder.join("layer");
        fs::write(&file, &layer).unwrap();
        let diff_id = claimed.map_or_else(|| digest(&layer), str::to_owned);
        let config = format!(r#"{{"config":{{"Cmd":["sh"]}},"rootfs":{{"diff_ids":["{diff_id}"]}}}}"#);
        let image = store.add_image(&digest(config.as_bytes()), config.as_bytes(), &[file])?;
        Ok((store, image))
    }

    #[test]
    fn an_image_is_found_by_name_and_id_also_by_another_process() {
        let folder = tempfile::tempdir().unwrap();
        let (store, image) = add(folder.path(), None).unwrap();
        let name = ImageName::parse("motd").unwrap();
        assert!(store.find(&name).unwrap().is_none());
        store.set_reference(&name, &image.image.id).unwrap();

        let other = Store::open(&folder.path().join("store"), None).unwrap();
        let found = other.find(&ImageName::parse("docker.io/library/motd:latest").unwrap()).unwrap().unwrap();
        assert_eq!(found.image, image.image);
        assert_eq!(fs::read_to_string(found.root.join("etc/motd")).unwrap(), "hello");
        assert_eq!(fs::read_dir(folder.path().join("store/temporary")).unwrap().count(), 0);
    }

    #[test]
    fn a_layer_that_is_not_what_the_configuration_says_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let error = add(folder.path(), Some(&digest(b"other"))).unwrap_err();
        assert!(matches!(&error, StoreError::InvalidImage(why) if why.contains("something else")), "{error}");
        assert_eq!(fs::read_dir(folder.path().join("store/images")).unwrap().count(), 0);
        assert_eq!(fs::read_dir(folder.path().join("store/temporary")).unwrap().count(), 0);
    }

    #[test]
    fn leftovers_of_dead_processes_are_swept_those_of_living_ones_stay() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), None).unwrap();
        let dead = folder.path().join("temporary/4194305-0");
        fs::create_dir_all(dead.join("rootfs/deep")).unwrap();
        let living = store.temporary().unwrap();
        Store::open(folder.path(), None).unwrap();
        assert!(!dead.exists());
        assert!(living.path.exists());
    }
}
