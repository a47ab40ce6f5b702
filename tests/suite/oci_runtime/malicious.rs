//! Images that mean harm: whatever is in a layer stays inside, or is refused, and leaves nothing behind.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use batchyard::node::runtime::{ContainerRuntime, RuntimeError};
use tar::EntryType::{self, Block, Char, Directory, Link, Regular, Symlink};

use super::yard::{Yard, archive};

/// An entry of a layer: its kind, path, target, content, mode.
pub(super) type Entry<'a> = (EntryType, &'a str, &'a str, &'a [u8], u32);

/// A layer of these entries, with paths and targets as they are written: nobody looks whether they make sense.
pub(super) fn layer(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (kind, path, target, content, mode) in entries {
        builder.append(&header(*kind, path, target, content.len() as u64, *mode), *content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn header(kind: EntryType, path: &str, target: &str, size: u64, mode: u32) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(mode);
    let fields = header.as_old_mut();
    fields.name[..path.len()].copy_from_slice(path.as_bytes());
    fields.linkname[..target.len()].copy_from_slice(target.as_bytes());
    header.set_device_major(8).unwrap();
    header.set_device_minor(0).unwrap();
    header.set_cksum();
    header
}

/// Everything below a folder, so that two looks can be compared.
fn everything(folder: &Path) -> Vec<(PathBuf, u64, u32, Option<Vec<u8>>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let data = std::fs::symlink_metadata(&entry).unwrap();
            if data.is_dir() {
                folders.push(entry.clone());
            }
            let content = data.is_file().then(|| std::fs::read(&entry).unwrap());
            found.push((entry, data.size(), data.mode(), content));
        }
    }
    found.sort();
    found
}

fn bytes_in(folder: &Path) -> u64 {
    everything(folder).iter().map(|(_, size, ..)| size).sum()
}

/// Loads an image of this layer; the answer says whether it was taken.
async fn load(yard: &Yard, name: &str, layer: &[u8]) -> Result<(), RuntimeError> {
    let file = yard.folder.path().join(format!("{name}.tar"));
    std::fs::write(&file, archive(&format!("evil/{name}:1"), layer)).unwrap();
    let loaded = yard.runtime.load(&format!("evil/{name}:1"), &file).await.map(drop);
    std::fs::remove_file(file).unwrap();
    loaded
}

#[tokio::test]
async fn ten_malicious_layers_write_nothing_outside_and_fill_no_disk() {
    let Some(yard) = Yard::open().await else { return };
    let victim = tempfile::tempdir().unwrap();
    std::fs::write(victim.path().join("precious"), "precious").unwrap();
    std::fs::create_dir(victim.path().join("folder")).unwrap();
    let before = everything(victim.path());
    let outside = victim.path().display().to_string();
    let (precious, planted) = (format!("{outside}/precious"), format!("{outside}/planted"));
    let climb = format!("../../../../../../../../../..{planted}");
    let layers: [(&str, Vec<u8>); 8] = [
        ("climbs", layer(&[(Regular, &climb, "", b"x", 0o644)])),
        ("absolute", layer(&[(Regular, &planted, "", b"x", 0o644)])),
        (
            "below-a-link",
            layer(&[(Symlink, "out", &outside, b"", 0o777), (Regular, "out/planted", "", b"x", 0o644)]),
        ),
        (
            "hard-link",
            layer(&[(Link, "stolen", &precious, b"", 0o644), (Regular, "stolen", "", b"x", 0o644)]),
        ),
        (
            "swapped",
            layer(&[
                (Directory, "folder", "", b"", 0o755),
                (Regular, "folder/a", "", b"x", 0o644),
                (Symlink, "folder", &outside, b"", 0o777),
                (Regular, "folder/planted", "", b"x", 0o644),
                (Directory, "folder/folder", "", b"", 0o777),
            ]),
        ),
        (
            "whiteouts",
            layer(&[
                (Symlink, "out", &outside, b"", 0o777),
                (Regular, "out/.wh.precious", "", b"", 0o644),
                (Regular, "out/.wh..wh..opq", "", b"", 0o644),
                (Regular, &format!(".wh...{precious}"), "", b"", 0o644),
            ]),
        ),
        (
            "link-to-itself",
            layer(&[(Symlink, "loop", "loop", b"", 0o777), (Regular, "loop/planted", "", b"x", 0o644)]),
        ),
        (
            "process-files",
            layer(&[
                (Symlink, "self", "/proc/self/root", b"", 0o777),
                (Regular, &format!("self{planted}"), "", b"x", 0o644),
            ]),
        ),
    ];
    // What is refused below is refused for what it does: a layer made the same way that does no harm is taken.
    load(&yard, "harmless", &layer(&[(Regular, "file", "", b"x", 0o644)])).await.unwrap();
    for (name, layer) in layers {
        // Taken or refused: what matters is what it did.
        let taken = load(&yard, name, &layer).await;
        assert_eq!(everything(victim.path()), before, "{name}: {taken:?}");
    }
    assert_eq!(std::fs::read_dir(yard.folder.path().join("store/temporary")).unwrap().count(), 0);
}

#[tokio::test]
async fn devices_and_privileges_of_an_image_are_worth_nothing() {
    let Some(yard) = Yard::open().await else { return };
    let busybox = std::fs::read("/bin/busybox").unwrap();
    let evil = layer(&[
        (Directory, "bin", "", b"", 0o755),
        (Regular, "bin/busybox", "", &busybox, 0o4755),
        (Symlink, "bin/sh", "busybox", b"", 0o777),
        (Block, "disk", "", b"", 0o666),
        (Char, "memory", "", b"", 0o666),
    ]);
    load(&yard, "privileged", &evil).await.unwrap();
    let mut spec = yard.spec("privileged", &["sh", "-c", "ls -a /; id -u; cat /disk /memory | head -c 1"]);
    spec.image = "evil/privileged:1".to_owned();
    spec.user = Some("1234:1234".to_owned());
    for applet in ["ls", "id", "cat", "head"] {
        spec.command[2] = spec.command[2].replace(&format!("{applet} "), &format!("busybox {applet} "));
    }
    let (_, said) = yard.run(&spec).await;
    let lines: Vec<_> = said.lines().collect();
    assert!(!lines.contains(&"disk") && !lines.contains(&"memory"), "{said}");
    assert!(lines.contains(&"1234"), "a program of root's does not make one root: {said}");
}

#[tokio::test]
async fn what_would_fill_the_disk_is_refused_before_it_does() {
    let Some(yard) = Yard::open().await else { return };
    let store = yard.folder.path().join("store");
    let before = bytes_in(&store);
    // A file that says that it is enormous, as a bomb of zeros unpacks to, and one with holes: they are refused by what they say.
    let mut enormous = header(Regular, "zeros", "", 1 << 50, 0o644).as_bytes().to_vec();
    enormous.extend([0; 4096]);
    let error = load(&yard, "bomb", &enormous).await.unwrap_err();
    assert!(error.to_string().contains("bytes"), "{error}");
    let mut sparse = header(EntryType::GNUSparse, "holes", "", 0, 0o644);
    let fields = sparse.as_gnu_mut().unwrap();
    fields.realsize[0] = 0x80;
    fields.realsize[4..].copy_from_slice(&(1_u64 << 50).to_be_bytes());
    sparse.set_cksum();
    let mut sparse = sparse.as_bytes().to_vec();
    sparse.extend([0; 1024]);
    let error = load(&yard, "sparse", &sparse).await.unwrap_err();
    assert!(bytes_in(&store) < before + (64 << 20), "{error}");
    // One that would really leave the machine without room, were it let.
    let disk = rustix::fs::statvfs(&store).unwrap();
    let free = disk.f_bavail * disk.f_frsize;
    if free < 150 << 30 {
        let mut large = header(Regular, "large", "", free, 0o644).as_bytes().to_vec();
        large.extend([0; 4096]);
        let error = load(&yard, "large", &large).await.unwrap_err();
        assert!(error.to_string().contains("always kept free"), "{error}");
    }
    assert_eq!(bytes_in(&store), before, "nothing is left of them");
    assert_eq!(std::fs::read_dir(store.join("temporary")).unwrap().count(), 0);
}
