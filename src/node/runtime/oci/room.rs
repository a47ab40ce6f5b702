//! Room for images: how much there is, and how more is made.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::container_folder::Record;
use super::holdings::{Holdings, Removal};
use super::reservations::Reserved;
use super::store::{Store, StoreError, write_whole};
use crate::node::free_space::room_in;
use crate::node::runtime::{ImageBudget, StoredImages};

/// The images that someone wants to stay, by their complete names.
#[derive(Debug, Serialize, Deserialize)]
struct Wish {
    owner: String,
    images: Vec<String>,
}

impl Store {
    /// Makes room for `wanted` more bytes, as far as there are images that nothing uses, and says how many bytes may be added now.
    /// Where there can't be room for `least`, everything stays.
    pub(super) fn make_room(&self, least: u64, wanted: u64) -> Result<u64, StoreError> {
        let room = self.room()?;
        if room >= wanted {
            return Ok(room);
        }
        self.remove_unused(least.saturating_sub(room), wanted - room)?;
        self.room()
    }

    /// How many bytes may be added.
    fn room(&self) -> Result<u64, StoreError> {
        let budget = self.budget.on(&self.folder);
        Ok(budget.saturating_sub(self.holdings()?.bytes()).min(room_in(&self.folder)))
    }

    fn holdings(&self) -> Result<Holdings, StoreError> {
        Holdings::read(&self.folder).map_err(StoreError::io("look through", &self.folder))
    }

    /// Removes what nothing uses until `missing` bytes are free, or nothing is left that could go; but nothing for less than `least`.
    fn remove_unused(&self, least: u64, missing: u64) -> Result<(), StoreError> {
        let out_of_sight = self.temporary()?;
        let removed = self.reservations.while_still(|reserved| {
            let used = self.used(reserved);
            let fetched = |blob: &str| reserved.contains_key(&Reserved::Blob(blob.to_owned()));
            let removal = self.holdings()?.to_remove(least, missing, &used, fetched);
            self.put_away(&removal, &out_of_sight.path)
        });
        // Where another process works on the store there is no more room than there is.
        removed.unwrap_or(Ok(()))
    }

    /// Takes images out of sight, each by one rename: whoever looks sees all of it or nothing, and if this process is killed, the
    /// next start removes what is out of sight.
    fn put_away(&self, removal: &Removal, out_of_sight: &Path) -> Result<(), StoreError> {
        for image in &removal.images {
            let path = self.folder.join("images").join(&image.id);
            fs::rename(&path, out_of_sight.join(&image.id))
                .map_err(StoreError::io("remove the image", &path))?;
            tracing::info!(
                image = image.id,
                bytes = image.record.bytes,
                "an image that nothing uses was removed to make room"
            );
        }
        for blob in &removal.blobs {
            let path = self.folder.join("blobs").join(blob);
            fs::remove_file(&path).map_err(StoreError::io("remove the layer", &path))?;
        }
        Ok(())
    }

    /// The images that must stay: those of containers, those that are wanted, those that are about to be used.
    fn used(&self, reserved: &HashMap<Reserved, usize>) -> HashSet<String> {
        let mut used = HashSet::new();
        for folder in entries(&self.containers()) {
            let record: Option<Record> = read_json(&folder.join("container.json"));
            used.extend(record.and_then(|record| image_of_root(&record.image_root)));
        }
        for wish in entries(&self.wishes()).filter_map(|file| read_json::<Wish>(&file)) {
            used.extend(wish.images.iter().filter_map(|name| self.meaning(name)));
        }
        for reserved in reserved.keys() {
            used.extend(match reserved {
                Reserved::Name(name) => self.meaning(name),
                Reserved::Image(id) => Some(id.clone()),
                Reserved::Blob(_) => None,
            });
        }
        used
    }

    /// Has the images stay that `owner` wants, instead of those that it wanted before. Holds across restarts.
    pub(super) fn wish(&self, owner: &str, images: Vec<String>) -> Result<(), StoreError> {
        let path = self.wishes().join(blake3::hash(owner.as_bytes()).to_hex().as_str());
        let written = if images.is_empty() {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            }
        } else {
            let wish = Wish { owner: owner.to_owned(), images };
            write_whole(&path, &serde_json::to_vec(&wish).unwrap_or_default())
        };
        written.map_err(StoreError::io("write", &path))
    }

    fn wishes(&self) -> PathBuf {
        self.folder.join("wishes")
    }
}

/// What the images of the store in `folder` take; `None` if there is none, or none that this user may look into.
pub(super) fn look(folder: &Path, budget: ImageBudget) -> Option<StoredImages> {
    let holdings = Holdings::read(folder).ok()?;
    Some(StoredImages { images: holdings.images.len(), bytes: holdings.bytes(), most: budget.on(folder) })
}

/// The id of the image that a root file system belongs to.
fn image_of_root(root: &Path) -> Option<String> {
    Some(root.parent()?.file_name()?.to_string_lossy().into_owned())
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

fn read_json<T: serde::de::DeserializeOwned>(file: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(file).ok()?).ok()
}
