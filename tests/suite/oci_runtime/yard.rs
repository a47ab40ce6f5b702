//! A runtime with a store of its own, and the image that tests run.

use std::path::{Path, PathBuf};

use batchyard::node::runtime::oci::OciRuntime;
use batchyard::node::runtime::{ContainerId, ContainerRuntime, ContainerSpec, ExitStatus, RuntimeError};
use ring::digest::{SHA256, digest};

const BUSYBOX: &str = "/bin/busybox";
pub(super) const IMAGE: &str = "test/busybox:1";

/// A runtime with a store of its own and the busybox image, and containers in it.
pub(super) struct Yard {
    pub(super) folder: tempfile::TempDir,
    pub(super) runtime: OciRuntime,
}

pub(super) fn supervisor() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_batchyard"))
}

/// What `docker save` would write of an image with busybox, a user and some odd files.
fn busybox_archive() -> Vec<u8> {
    let mut layer = tar::Builder::new(Vec::new());
    let mut add = |kind: tar::EntryType, path: &str, link: &str, content: &[u8], mode: u32, owner: u64| {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_mode(mode);
        header.set_uid(owner);
        header.set_gid(owner);
        if link.is_empty() {
            layer.append_data(&mut header, path, content).unwrap();
        } else {
            layer.append_link(&mut header, path, link).unwrap();
        }
    };
    use tar::EntryType::{Directory, Regular, Symlink};
    for folder in ["bin", "etc", "srv", "var"] {
        add(Directory, folder, "", b"", 0o755, 0);
    }
    add(Directory, "tmp", "", b"", 0o1777, 0);
    add(Directory, "srv/app", "", b"", 0o755, 1000);
    add(Regular, "bin/busybox", "", &std::fs::read(BUSYBOX).unwrap(), 0o755, 0);
    for applet in
        ["sh", "true", "false", "echo", "env", "cat", "id", "pwd", "sleep", "ls", "head", "touch", "mount"]
    {
        add(Symlink, &format!("bin/{applet}"), "busybox", b"", 0o777, 0);
    }
    add(Regular, "bin/not-executable", "", b"#!/bin/sh\n", 0o644, 0);
    add(Regular, "bin/broken", "", b"\x7fELFnonsense", 0o755, 0);
    add(
        Regular,
        "etc/passwd",
        "",
        b"root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/srv/app:/bin/sh\n",
        0o644,
        0,
    );
    add(Regular, "etc/group", "", b"root:x:0:\napp:x:1000:\nvideo:x:44:app\n", 0o644, 0);
    archive(IMAGE, &layer.into_inner().unwrap())
}

/// What `docker save` would write of an image of one layer.
pub(super) fn archive(name: &str, layer: &[u8]) -> Vec<u8> {
    archive_with(name, layer, &[])
}

/// The same for an image with volumes.
pub(super) fn archive_with(name: &str, layer: &[u8], volumes: &[&str]) -> Vec<u8> {
    let volumes: std::collections::BTreeMap<_, _> =
        volumes.iter().map(|volume| (*volume, serde_json::json!({}))).collect();
    let config = serde_json::json!({
        "architecture": architecture(), "os": "linux",
        "config": { "Cmd": ["echo", "from CMD"], "Env": ["FROM_IMAGE=yes"], "WorkingDir": "/var/not/there",
                    "Volumes": volumes },
        "rootfs": { "type": "layers", "diff_ids": [sha256(layer)] },
    });
    let manifest =
        serde_json::json!([{ "Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"] }]);
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content) in [
        ("config.json", config.to_string().as_bytes()),
        ("layer.tar", layer),
        ("manifest.json", manifest.to_string().as_bytes()),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, content).unwrap();
    }
    archive.into_inner().unwrap()
}

pub(super) fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

pub(super) fn sha256(content: &[u8]) -> String {
    let hex: String = digest(&SHA256, content).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

impl Yard {
    /// `None`, and the reason on stderr, where containers can't be run.
    pub(super) async fn open() -> Option<Self> {
        if !Path::new(BUSYBOX).exists() {
            eprintln!("skipped: there is no {BUSYBOX} (Debian's busybox-static)");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let runtime = runtime(folder.path())?;
        let archive = folder.path().join("busybox.tar");
        std::fs::write(&archive, busybox_archive()).unwrap();
        runtime.load(IMAGE, &archive).await.unwrap();
        Some(Self { folder, runtime })
    }

    /// The same for a test of what an ordinary user's containers can't have, or that only root can make.
    pub(super) async fn of_root() -> Option<Self> {
        if !is_root() {
            eprintln!("skipped: an ordinary user can't have that");
            return None;
        }
        Self::open().await
    }

    pub(super) fn spec(&self, name: &str, command: &[&str]) -> ContainerSpec {
        ContainerSpec {
            name: name.to_owned(),
            owner: "tests".to_owned(),
            image: IMAGE.to_owned(),
            command: command.iter().map(|word| (*word).to_owned()).collect(),
            stdout: self.folder.path().join(format!("{name}.out")),
            stderr: self.folder.path().join(format!("{name}.err")),
            ..ContainerSpec::default()
        }
    }

    pub(super) fn output(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(format!("{name}.out"))).unwrap()
    }

    pub(super) async fn start(&self, spec: &ContainerSpec) -> ContainerId {
        let container = self.runtime.create(spec).await.unwrap();
        self.runtime.start(&container).await.unwrap();
        container
    }

    /// Runs a container to its end and removes it; returns how it ended and what it said.
    pub(super) async fn run(&self, spec: &ContainerSpec) -> (ExitStatus, String) {
        for stream in [&spec.stdout, &spec.stderr] {
            let _ = std::fs::remove_file(stream);
        }
        let container = self.start(spec).await;
        let status = self.runtime.wait(&container).await.unwrap();
        self.runtime.remove(&container).await.unwrap();
        assert_eq!(self.runtime.state(&container).await.unwrap(), None);
        (status, self.output(&spec.name))
    }

    pub(super) async fn sh(&self, script: &str) -> (ExitStatus, String) {
        self.run(&self.spec("sh", &["sh", "-c", script])).await
    }
}

pub(super) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A runtime with an empty store in `folder`. `None`, and the reason on stderr, where containers can't be run.
pub(super) fn runtime(folder: &Path) -> Option<OciRuntime> {
    match OciRuntime::with_supervisor(folder.join("store"), supervisor()) {
        Ok(runtime) => Some(runtime),
        Err(RuntimeError::Unavailable { reason, .. }) => {
            eprintln!("skipped: {reason}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}
