//! Images in archives, in the format of `docker save`.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use super::layer::{decompress, digest, sha256_hex};
use super::reservations::{Reservation, Reserved};
use super::store::{Store, StoreError, StoredImage};

/// How many links an archive may send us along to a layer.
const MAX_LINKS: usize = 8;

/// How large a manifest or a configuration may be.
const MAX_JSON: u64 = 16 << 20;

/// One image of `manifest.json`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ManifestEntry {
    config: String,
    #[serde(default)]
    layers: Vec<String>,
}

/// What an archive holds, spread out into numbered files: its own paths never become paths of the host.
#[derive(Debug, Default)]
struct Contents {
    files: HashMap<PathBuf, PathBuf>,
    links: HashMap<PathBuf, PathBuf>,
}

/// Takes the one image of an archive into the store, and has it stay there until it has its name.
pub(super) fn load(store: &Store, archive: &Path) -> Result<(StoredImage, Reservation), StoreError> {
    let temporary = store.temporary()?;
    let file = File::open(archive).map_err(StoreError::io("open the archive", archive))?;
    // An archive that begins with what is small shows soon enough whether the rest is needed.
    let mut known = None;
    let is_known = |contents: &Contents| {
        known = known_image(store, contents);
        known.is_some()
    };
    let contents = spread(file, &temporary.path, is_known).map_err(|error| {
        StoreError::InvalidImage(format!("`{}` is not an image archive: {error}", archive.display()))
    })?;
    if let Some((image, stays)) = known {
        return Ok((image, stays));
    }
    let entry = contents.manifest_entry()?;
    let config = contents.json(&entry.config)?;
    let layers = entry.layers.iter().map(|layer| contents.file(layer)).collect::<Result<Vec<_>, _>>()?;
    let id = digest(&config);
    let stays = reserve(store, &id);
    Ok((store.add_image(&id, &config, &layers)?, stays))
}

fn reserve(store: &Store, id: &str) -> Reservation {
    store.reserve(sha256_hex(id).map(|id| Reserved::Image(id.to_owned())).into_iter().collect())
}

/// The store's own copy of an archive's image, if it has one and the archive has told so far which image it is.
fn known_image(store: &Store, contents: &Contents) -> Option<(StoredImage, Reservation)> {
    let entry = contents.manifest_entry().ok()?;
    let config = contents.json(&entry.config).ok()?;
    let id = digest(&config);
    let stays = reserve(store, &id);
    Some((store.find_id(&id).ok()??, stays))
}

/// Spreads an archive out until its end, or until `enough` says so.
fn spread(archive: File, folder: &Path, mut enough: impl FnMut(&Contents) -> bool) -> io::Result<Contents> {
    let mut contents = Contents::default();
    let mut archive = tar::Archive::new(decompress(archive)?);
    for (number, entry) in archive.entries()?.enumerate() {
        let mut entry = entry?;
        let path = normalise(&entry.path()?);
        match entry.header().entry_type() {
            kind if kind.is_file() => {
                let file = folder.join(number.to_string());
                io::copy(&mut entry, &mut File::create(&file)?)?;
                contents.files.insert(path, file);
                if enough(&contents) {
                    break;
                }
            }
            kind if kind.is_symlink() || kind.is_hard_link() => {
                let Some(target) = entry.link_name()? else { continue };
                // Old versions of Docker link equal layers: `../<layer>/layer.tar`.
                let target = match path.parent() {
                    Some(parent) if kind.is_symlink() => parent.join(target),
                    _ => target.into_owned(),
                };
                contents.links.insert(path, normalise(&target));
            }
            _ => {}
        }
    }
    Ok(contents)
}

/// `a/./b/../c` is `a/c`: as keys of a map, not as paths of the host.
fn normalise(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut path, component| {
        match component {
            Component::Normal(name) => path.push(name),
            Component::ParentDir => {
                path.pop();
            }
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
        path
    })
}

impl Contents {
    fn file(&self, name: &str) -> Result<PathBuf, StoreError> {
        let mut path = normalise(Path::new(name));
        for _ in 0..MAX_LINKS {
            if let Some(file) = self.files.get(&path) {
                return Ok(file.clone());
            }
            match self.links.get(&path) {
                Some(target) => path.clone_from(target),
                None => break,
            }
        }
        Err(StoreError::InvalidImage(format!("the archive lacks `{name}`")))
    }

    fn manifest_entry(&self) -> Result<ManifestEntry, StoreError> {
        let mut entries: Vec<ManifestEntry> = serde_json::from_slice(&self.json("manifest.json")?)
            .map_err(|error| StoreError::InvalidImage(format!("its manifest.json: {error}")))?;
        match (entries.pop(), entries.len()) {
            (Some(entry), 0) => Ok(entry),
            (last, others) => Err(StoreError::InvalidImage(format!(
                "the archive holds {} images; save just the one",
                others + usize::from(last.is_some())
            ))),
        }
    }

    fn json(&self, name: &str) -> Result<Vec<u8>, StoreError> {
        let file = self.file(name)?;
        let size = fs::metadata(&file).map_err(StoreError::io("read", &file))?.len();
        if size > MAX_JSON {
            return Err(StoreError::InvalidImage(format!("`{name}` holds {size} bytes")));
        }
        fs::read(&file).map_err(StoreError::io("read", &file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(files: &[(&str, &[u8])], links: &[(&str, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, content) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, path, *content).unwrap();
        }
        for (path, target) in links {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_size(0);
            builder.append_link(&mut header, path, target).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn load_bytes(bytes: &[u8]) -> Result<StoredImage, StoreError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image.tar");
        fs::write(&path, bytes).unwrap();
        let store = Store::open(&folder.path().join("store"), None).unwrap();
        let image = load(&store, &path).map(|(image, _)| image);
        assert_eq!(fs::read_dir(folder.path().join("store/temporary")).unwrap().count(), 0);
        image
    }

    #[test]
    fn layers_may_be_links_as_old_docker_writes_them() {
        let layer = archive(&[("motd", b"hello")], &[]);
        let id = digest(&layer);
        let config = format!(r#"{{"config":{{"User":"me"}},"rootfs":{{"diff_ids":["{id}","{id}"]}}}}"#);
        let manifest = br#"[{"Config":"c.json","RepoTags":null,"Layers":["a/layer.tar","b/layer.tar"]}]"#;
        let bytes = archive(
            &[("a/layer.tar", &layer), ("c.json", config.as_bytes()), ("manifest.json", manifest)],
            &[("b/layer.tar", "../a/layer.tar")],
        );
        let image = load_bytes(&bytes).unwrap();
        assert_eq!(image.image.user, "me");
        assert_eq!(image.image.id, digest(config.as_bytes()));
    }

    #[test]
    fn what_is_not_an_image_is_said_to_be_none() {
        for (bytes, reason) in [
            (b"hello".to_vec(), "not an image archive"),
            (archive(&[("a", b"b")], &[]), "lacks `manifest.json`"),
            (archive(&[("manifest.json", b"[]")], &[]), "holds 0 images"),
            (archive(&[("manifest.json", br#"[{"Config":"../../etc/passwd"}]"#)], &[]), "lacks"),
            (archive(&[], &[("manifest.json", "/etc/passwd")]), "lacks"),
            (archive(&[], &[("manifest.json", "manifest.json")]), "lacks"),
        ] {
            let error = load_bytes(&bytes).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
