//! What a store holds, how much of the disk that takes, and what of it could go.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::SystemTime;

use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, utimensat};
use serde::{Deserialize, Serialize};

/// What is written down of an image in its folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ImageRecord {
    /// How much of the disk its root file system takes, in bytes.
    pub(super) bytes: u64,
    /// The layers that it was unpacked from and that are kept, by their names.
    pub(super) blobs: Vec<String>,
}

impl ImageRecord {
    const FILE: &str = "record.json";

    /// Writes it down in the folder `image`.
    pub(super) fn write(&self, image: &Path) -> io::Result<()> {
        fs::write(image.join(Self::FILE), serde_json::to_vec(self)?)
    }

    /// What was written down, or what is found where nothing was: an earlier version of this program wrote nothing.
    fn read(image: &Path) -> Self {
        let written = fs::read(image.join(Self::FILE)).ok();
        let read = written.and_then(|json| serde_json::from_slice(&json).ok());
        read.unwrap_or_else(|| Self { bytes: bytes_below(&image.join("rootfs")), blobs: Vec::new() })
    }
}

/// An image that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HeldImage {
    /// The hexadecimal part of its id.
    pub(super) id: String,
    pub(super) record: ImageRecord,
    /// When it was last asked for.
    pub(super) used: SystemTime,
}

/// What a store holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Holdings {
    pub(super) images: Vec<HeldImage>,
    /// Layers and their sizes, in bytes.
    pub(super) blobs: BTreeMap<String, u64>,
}

/// What is to go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Removal {
    pub(super) images: Vec<HeldImage>,
    pub(super) blobs: Vec<String>,
}

impl Holdings {
    /// Looks at the store in `folder`. What comes or goes meanwhile is counted or not.
    pub(super) fn read(folder: &Path) -> io::Result<Self> {
        let mut images = Vec::new();
        for entry in fs::read_dir(folder.join("images"))?.flatten() {
            let path = entry.path();
            let Ok(used) = fs::metadata(path.join("config.json")).and_then(|data| data.modified()) else {
                continue;
            };
            let id = entry.file_name().to_string_lossy().into_owned();
            images.push(HeldImage { id, record: ImageRecord::read(&path), used });
        }
        let blob = |entry: fs::DirEntry| {
            let data = entry.metadata().ok()?;
            Some((entry.file_name().to_string_lossy().into_owned(), data.blocks() * 512))
        };
        let blobs = fs::read_dir(folder.join("blobs"))?.flatten().filter_map(blob).collect();
        Ok(Self { images, blobs })
    }

    /// How much of the disk all of it takes.
    pub(super) fn bytes(&self) -> u64 {
        self.images.iter().map(|image| image.record.bytes).chain(self.blobs.values().copied()).sum()
    }

    /// What goes so that `wanted` bytes become free, or as many as can but for less than `least`, which would help nobody: layers
    /// that no image needs, then the images that have not been used for longest, with the layers that only they need. The images
    /// `used` and the layers `fetched` stay.
    pub(super) fn to_remove(
        &self,
        least: u64,
        wanted: u64,
        used: &HashSet<String>,
        fetched: impl Fn(&str) -> bool,
    ) -> Removal {
        let mut removal = Removal::default();
        let mut freed = 0;
        let mut needed: BTreeMap<&str, usize> = BTreeMap::new();
        for blob in self.images.iter().flat_map(|image| &image.record.blobs) {
            *needed.entry(blob).or_default() += 1;
        }
        for (blob, size) in &self.blobs {
            if !needed.contains_key(blob.as_str()) && !fetched(blob) {
                removal.blobs.push(blob.clone());
                freed += size;
            }
        }
        let mut candidates: Vec<_> = self.images.iter().filter(|image| !used.contains(&image.id)).collect();
        candidates.sort_by_key(|image| image.used);
        for image in candidates {
            if freed >= wanted {
                break;
            }
            freed += image.record.bytes;
            for blob in &image.record.blobs {
                let left = needed.entry(blob).or_default();
                *left = left.saturating_sub(1);
                if *left == 0
                    && !fetched(blob)
                    && let Some(size) = self.blobs.get(blob)
                {
                    removal.blobs.push(blob.clone());
                    freed += size;
                }
            }
            removal.images.push(image.clone());
        }
        if freed < least { Removal::default() } else { removal }
    }
}

/// Notes that the image in the folder `image` was asked for. Where that can't be noted, the image only seems to be older.
pub(super) fn note_use(image: &Path) {
    let when = |what| Timespec { tv_sec: 0, tv_nsec: what };
    let now = Timestamps { last_access: when(UTIME_OMIT), last_modification: when(UTIME_NOW) };
    let _ = utimensat(CWD, image.join("config.json"), &now, AtFlags::empty());
}

/// How much of the disk everything below a folder takes. A file of several names is there once.
pub(super) fn bytes_below(folder: &Path) -> u64 {
    let mut seen = HashSet::new();
    let entries =
        walkdir::WalkDir::new(folder).into_iter().flatten().filter_map(|entry| entry.metadata().ok());
    let once = entries.filter(|data| data.nlink() < 2 || data.is_dir() || seen.insert(data.ino()));
    once.map(|data| data.blocks() * 512).sum()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Three images of 100 bytes, the oldest first, that share the layer `base`; and a layer that nothing needs.
    fn holdings() -> Holdings {
        let image = |id: &str, age: u64| HeldImage {
            id: id.to_owned(),
            record: ImageRecord { bytes: 100, blobs: vec!["base".to_owned(), format!("{id}-top")] },
            used: SystemTime::UNIX_EPOCH + Duration::from_secs(1000 - age),
        };
        let blob = |name: &str, size| (name.to_owned(), size);
        Holdings {
            images: vec![image("new", 1), image("old", 3), image("middle", 2)],
            blobs: [
                blob("base", 50),
                blob("new-top", 10),
                blob("old-top", 10),
                blob("middle-top", 10),
                blob("lost", 5),
            ]
            .into(),
        }
    }

    /// The ids of the images and the layers that would go.
    fn removed(wanted: u64, used: &[&str], fetched: &str) -> (Vec<String>, Vec<String>) {
        removed_at_least(0, wanted, used, fetched)
    }

    fn removed_at_least(least: u64, wanted: u64, used: &[&str], fetched: &str) -> (Vec<String>, Vec<String>) {
        let used = used.iter().map(|id| (*id).to_owned()).collect();
        let removal = holdings().to_remove(least, wanted, &used, |blob| blob == fetched);
        (removal.images.into_iter().map(|image| image.id).collect(), removal.blobs)
    }

    #[test]
    fn what_was_used_longest_ago_goes_first_and_no_more_than_is_needed() {
        assert_eq!(holdings().bytes(), 385);
        assert_eq!(removed(5, &[], ""), (vec![], vec!["lost".to_owned()]));
        assert_eq!(removed(115, &[], "").0, ["old"]);
        assert_eq!(removed(116, &[], "").0, ["old", "middle"]);
        assert_eq!(removed(116, &["old"], "").0, ["middle", "new"]);
        assert_eq!(removed(1000, &["old", "new", "middle"], "").0, Vec::<String>::new());
    }

    #[test]
    fn what_would_not_help_takes_nothing_away() {
        assert_eq!(removed_at_least(385, 500, &[], "").0.len(), 3);
        assert_eq!(removed_at_least(386, 500, &[], ""), (vec![], vec![]));
    }

    #[test]
    fn layers_that_others_need_stay() {
        assert_eq!(removed(6, &[], "").1, ["lost", "old-top"]);
        assert_eq!(removed(6, &[], "old-top").1, ["lost"]);
        let (images, blobs) = removed(1000, &[], "lost");
        assert_eq!(images.len(), 3);
        assert_eq!(blobs, ["old-top", "middle-top", "base", "new-top"]);
    }

    #[test]
    fn a_file_of_several_names_takes_its_place_once() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("one"), vec![1; 1 << 20]).unwrap();
        let alone = bytes_below(folder.path());
        assert!(alone >= 1 << 20);
        fs::hard_link(folder.path().join("one"), folder.path().join("two")).unwrap();
        assert!(bytes_below(folder.path()) < alone + (1 << 19));
    }
}
