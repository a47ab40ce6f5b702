//! A program that is killed while images make way for others.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use batchyard::node::runtime::oci::OciRuntime;
use batchyard::node::runtime::{ContainerRuntime, ImageBudget, RuntimeError};

use super::yard::{archive, runtime, supervisor};

const CHILD: &str = "BATCHYARD_TEST_STORE_TO_KILL";

/// Many small files: it takes a while to make them and to remove them.
const FILES: usize = 1500;
const NAMES: [&str; 4] = ["one", "two", "three", "four"];
/// Two of the images at a time have room, of 6 MiB each.
const BUDGET: ImageBudget = ImageBudget::Bytes(15 << 20);

fn layer(name: &str) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for number in 0..FILES {
        let content = format!("{name} {number}");
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, format!("{number}"), content.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

fn archive_of(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.tar"))
}

/// How many images there are; each must be whole.
fn whole_images(store: &Path) -> usize {
    let images: Vec<_> =
        std::fs::read_dir(store.join("images")).unwrap().map(|entry| entry.unwrap().path()).collect();
    for image in &images {
        assert!(
            image.join("config.json").exists() && image.join("record.json").exists(),
            "{}",
            image.display()
        );
        assert_eq!(std::fs::read_dir(image.join("rootfs")).unwrap().count(), FILES, "{}", image.display());
    }
    images.len()
}

fn has_entries(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_some()
}

#[tokio::test]
async fn an_image_is_there_as_a_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    if runtime(folder.path()).is_none() {
        return;
    }
    for name in NAMES {
        std::fs::write(archive_of(folder.path(), name), archive(name, &layer(name))).unwrap();
    }
    let store = folder.path().join("store");
    let mut interrupted = 0;
    for round in 0..12_u64 {
        let mut program = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "oci_runtime::killed::plays_a_program_that_makes_room", "--nocapture"])
            .env(CHILD, folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while !(has_entries(&store.join("images")) && has_entries(&store.join("temporary"))) {
            assert!(program.try_wait().unwrap().is_none(), "it goes on until it is killed");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // Never at the same point of its work.
        tokio::time::sleep(Duration::from_millis(round * 17)).await;
        program.kill().unwrap();
        program.wait().unwrap();
        interrupted += std::fs::read_dir(store.join("temporary")).unwrap().count();
        assert!(whole_images(&store) <= 2);
        // Whoever comes next clears away what is left, and finds what is there.
        let next =
            OciRuntime::with_supervisor(store.clone(), supervisor()).unwrap().with_image_budget(BUDGET);
        assert_eq!(std::fs::read_dir(store.join("temporary")).unwrap().count(), 0);
        let mut found = 0;
        for name in NAMES {
            found += usize::from(next.find_image(name).await.unwrap().is_some());
        }
        assert!(found <= whole_images(&store));
    }
    assert!(interrupted > 0, "it was killed in the midst of something at least once");
}

/// Only does something when [`an_image_is_there_as_a_whole_or_not_at_all`] runs it.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the way one test speaks to a copy of its own program")]
async fn plays_a_program_that_makes_room() {
    let Some(folder) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    let runtime =
        OciRuntime::with_supervisor(folder.join("store"), supervisor()).unwrap().with_image_budget(BUDGET);
    loop {
        for name in NAMES {
            match runtime.load(name, &archive_of(&folder, name)).await {
                Ok(_) | Err(RuntimeError::DiskFull { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}
