//! How much of the disk images take, and which make way for others.

use std::path::Path;

use batchyard::node::runtime::oci::OciRuntime;
use batchyard::node::runtime::{ContainerRuntime, ContainerSpec, ImageBudget, RuntimeError};

use super::registry::Registry;
use super::yard::{archive, runtime, sha256};
use crate::support::{Local, Runtime};

const MIB: u64 = 1 << 20;

/// A layer with a file of that many mebibytes that nothing shrinks.
fn layer(name: &str, mebibytes: u64) -> Vec<u8> {
    let mut content = Vec::new();
    let mut number = 0_u64;
    while content.len() < usize::try_from(mebibytes * MIB).unwrap() {
        content.extend(sha256(format!("{name}{number}").as_bytes()).bytes());
        number += 1;
    }
    content.truncate(usize::try_from(mebibytes * MIB).unwrap());
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    builder.append_data(&mut header, name, content.as_slice()).unwrap();
    builder.into_inner().unwrap()
}

/// A store with room for that many mebibytes.
struct Shelf {
    folder: tempfile::TempDir,
    runtime: OciRuntime,
}

impl Shelf {
    fn new(mebibytes: u64) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let runtime = runtime(folder.path())?.with_image_budget(ImageBudget::Bytes(mebibytes * MIB));
        Some(Self { folder, runtime })
    }

    /// Loads an image of that size.
    async fn load(&self, name: &str, mebibytes: u64) -> Result<(), RuntimeError> {
        let file = self.folder.path().join("image.tar");
        std::fs::write(&file, archive(name, &layer(name, mebibytes))).unwrap();
        let loaded = self.runtime.load(name, &file).await;
        // Times of use are those of files, which some file systems keep coarsely.
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        loaded.map(drop)
    }

    async fn has(&self, name: &str) -> bool {
        self.runtime.find_image(name).await.unwrap().is_some()
    }

    /// Which of these are there. Asking is no use of them.
    fn there(&self, names: &[&str]) -> Vec<String> {
        let images = self.folder.path().join("store/images");
        let held = |name: &&&str| {
            let file = |image: std::fs::DirEntry| image.path().join("rootfs").join(name).exists();
            std::fs::read_dir(&images).unwrap().flatten().any(file)
        };
        names.iter().filter(held).map(|name| (*name).to_owned()).collect()
    }

    fn spec(&self, name: &str, image: &str) -> ContainerSpec {
        let stream = self.folder.path().join(name);
        ContainerSpec {
            name: name.to_owned(),
            owner: "tests".to_owned(),
            image: image.to_owned(),
            command: vec!["/x".to_owned()],
            stdout: stream.clone(),
            stderr: stream,
            ..ContainerSpec::default()
        }
    }

    fn leaves_nothing_half_made(&self) {
        let temporary = self.folder.path().join("store/temporary");
        assert_eq!(std::fs::read_dir(temporary).unwrap().count(), 0);
    }
}

#[tokio::test]
async fn the_image_that_was_used_longest_ago_makes_way() {
    let Some(shelf) = Shelf::new(10) else { return };
    for name in ["a", "b", "c"] {
        shelf.load(name, 3).await.unwrap();
    }
    assert_eq!(shelf.there(&["a", "b", "c"]), ["a", "b", "c"]);
    assert!(shelf.has("a").await);
    shelf.load("d", 3).await.unwrap();
    assert_eq!(shelf.there(&["a", "b", "c", "d"]), ["a", "c", "d"]);
    assert!(!shelf.has("b").await, "its name means nothing any more");
    shelf.load("b", 3).await.unwrap();
    assert!(shelf.has("b").await, "it can be had again");
    shelf.leaves_nothing_half_made();
}

#[tokio::test]
async fn an_image_stays_that_a_container_or_a_pool_or_a_task_that_begins_uses() {
    let Some(shelf) = Shelf::new(10) else { return };
    for name in ["container", "pool", "task"] {
        shelf.load(name, 3).await.unwrap();
    }
    let container = shelf.runtime.create(&shelf.spec("c", "container")).await.unwrap();
    shelf.runtime.keep_images("a node", &["pool".to_owned()]).await.unwrap();
    let task = shelf.runtime.hold_image("task");
    let names = ["container", "pool", "task", "new"];
    let error = shelf.load("new", 3).await.unwrap_err();
    assert!(matches!(&error, RuntimeError::DiskFull { image, .. } if image == "new"), "{error}");
    assert!(error.to_string().contains("bytes that images may still take"), "{error}");
    assert_eq!(shelf.there(&names), ["container", "pool", "task"]);
    shelf.leaves_nothing_half_made();

    // Another process finds the container and what the pool wants on disk, not what this one holds.
    drop(task);
    shelf.load("new", 3).await.unwrap();
    assert_eq!(shelf.there(&names), ["container", "pool", "new"]);
    shelf.runtime.keep_images("a node", &[]).await.unwrap();
    shelf.runtime.remove(&container).await.unwrap();
    shelf.load("large", 9).await.unwrap();
    assert_eq!(shelf.there(&["container", "pool", "new", "large"]), ["large"]);
}

#[tokio::test]
async fn an_image_that_never_fits_takes_nothing_away_that_would_not_help() {
    let Some(shelf) = Shelf::new(10) else { return };
    shelf.load("a", 3).await.unwrap();
    let error = shelf.load("enormous", 11).await.unwrap_err();
    assert!(matches!(&error, RuntimeError::DiskFull { .. }), "{error}");
    assert_eq!(shelf.there(&["a"]), ["a"]);
    shelf.leaves_nothing_half_made();
    let stored = OciRuntime::stored_images(&shelf.folder.path().join("store"), ImageBudget::Bytes(10 * MIB));
    assert!(stored.unwrap().bytes <= 10 * MIB);
}

fn size_of_blobs(store: &Path) -> u64 {
    let blobs = std::fs::read_dir(store.join("blobs")).unwrap().flatten();
    blobs.map(|blob| blob.metadata().unwrap().len()).sum()
}

#[tokio::test]
async fn layers_that_other_images_need_stay_with_them() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Some(shelf) = Shelf::new(40) else { return };
    let Some(registry) = Registry::start(shelf.folder.path(), None).await else { return };
    let base = layer("base", 2);
    for tag in ["one", "two"] {
        registry.push_layers(tag, &[base.clone(), layer(tag, 1)]).await;
    }
    let name = |tag: &str| format!("{}/a/b:{tag}", registry.address);
    for tag in ["one", "two"] {
        shelf.runtime.pull(&name(tag), None).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let store = shelf.folder.path().join("store");
    assert_eq!(size_of_blobs(&store) / MIB, 4, "the base is there once");
    // What is there is 10 MiB. A large one wants so much that one of the two has to go, and not both.
    let tight = shelf.runtime.clone().with_image_budget(ImageBudget::Bytes(14 * MIB));
    registry.push_layers("three", &[layer("three", 2)]).await;
    let _two = tight.hold_image(&name("two"));
    tight.pull(&name("three"), None).await.unwrap();
    assert_eq!(shelf.there(&["one", "two", "three"]), ["two", "three"]);
    assert_eq!(size_of_blobs(&store) / MIB, 5, "the base and the tops of the two that are there");

    // A layer that does not fit is refused before it is fetched.
    registry.push_layers("four", &[layer("four", 20)]).await;
    let error = tight.pull(&name("four"), None).await.unwrap_err();
    assert!(matches!(&error, RuntimeError::DiskFull { .. }), "{error}");
    assert!(error.to_string().contains("its layers take"), "{error}");
    assert_eq!(shelf.there(&["two"]), ["two"]);
}

#[tokio::test]
async fn images_that_are_fetched_at_once_do_not_take_each_other_away() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Some(shelf) = Shelf::new(20) else { return };
    let Some(registry) = Registry::start(shelf.folder.path(), None).await else { return };
    let base = layer("base", 1);
    for number in 0..6 {
        registry.push_layers(&format!("n{number}"), &[base.clone(), layer(&format!("n{number}"), 1)]).await;
    }
    // Each takes 4 MiB, of 20: of those that are fetched at once some may not fit, and none may break another.
    for _ in 0..3 {
        let names: Vec<_> = (0..6).map(|number| format!("{}/a/b:n{number}", registry.address)).collect();
        let pulls = names.iter().map(|name| shelf.runtime.pull(name, None));
        for pulled in futures::future::join_all(pulls).await {
            assert!(matches!(pulled, Ok(_) | Err(RuntimeError::DiskFull { .. })), "{pulled:?}");
        }
        for (number, name) in names.iter().enumerate() {
            let whole = shelf.there(&[&format!("n{number}")]).len() == 1;
            assert_eq!(shelf.has(name).await, whole, "{name}");
        }
    }
    shelf.leaves_nothing_half_made();
}

#[test]
fn a_task_whose_image_does_not_fit_fails_as_on_a_full_disk() {
    let Some(local) = Local::new(Runtime::Oci) else { return };
    let recipe = "api_version: batchyard/v1
name: full
pools:
  p: { vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {}, nodes: { dedicated: 1 } }
jobs:
  j:
    pool: p
    tasks:
      t: { container: { image: batchyard/hello } }
";
    local.sandbox().write("full.yaml", recipe);
    let apply = || local.command(["apply", "full.yaml", "--auto-approve", "--format", "json"]);
    let wrong = apply().env("BATCHYARD_IMAGE_DISK", "a lot").run();
    wrong.code(64).stderr_contains("BATCHYARD_IMAGE_DISK");
    let applied = apply().env("BATCHYARD_IMAGE_DISK", "1MiB").run();
    applied.code(7);
    let fate = &local.fates(&applied)["t"];
    assert_eq!((fate.exit_code, fate.failure.as_deref()), (None, Some("DiskFull")));
    assert_eq!(fate.category.as_deref(), Some("servererror"));
    local.run(["destroy", "full.yaml", "--auto-approve"]).success();

    local.run(["apply", "full.yaml", "--auto-approve"]).success();
    let doctor = local.command(["doctor"]).env("BATCHYARD_IMAGE_DISK", "3GiB").run();
    doctor.stdout_contains("1 image of the oci runtime takes").stdout_contains("they may take 3.0 GiB");
    local.run(["destroy", "full.yaml", "--auto-approve"]).success();
}
