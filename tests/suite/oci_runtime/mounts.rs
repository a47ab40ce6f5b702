//! Mounts in images that are not as one would like them, and what images want to be mounted.

use batchyard::batch::run_options::RunOptions;
use batchyard::node::runtime::{
    ContainerRuntime, ContainerSpec, ExitStatus, Mount, MountSource, ResourceLimits, RuntimeError,
};
use tar::EntryType::{Directory, Regular, Symlink};

use super::malicious::{Entry, layer};
use super::yard::{Yard, archive_with};

/// Loads an image with busybox and these entries and volumes.
async fn load(yard: &Yard, name: &str, entries: &[Entry<'_>], volumes: &[&str]) {
    let busybox = std::fs::read("/bin/busybox").unwrap();
    let mut all: Vec<Entry<'_>> = vec![
        (Directory, "bin", "", b"", 0o755),
        (Regular, "bin/busybox", "", &busybox, 0o755),
        (Symlink, "bin/sh", "busybox", b"", 0o777),
    ];
    all.extend(entries);
    let file = yard.folder.path().join("image.tar");
    std::fs::write(&file, archive_with(name, &layer(&all), volumes)).unwrap();
    yard.runtime.load(name, &file).await.unwrap();
}

fn spec(yard: &Yard, image: &str, script: &str) -> ContainerSpec {
    ContainerSpec { image: image.to_owned(), ..yard.spec("odd", &["sh", "-c", script]) }
}

async fn said(yard: &Yard, spec: &ContainerSpec) -> String {
    let (ExitStatus { code, error, .. }, said) = yard.run(spec).await;
    let errors = std::fs::read_to_string(&spec.stderr).unwrap_or_default();
    assert_eq!((code, error), (0, None), "{said} {errors}");
    said
}

#[tokio::test]
async fn links_of_an_image_that_lead_to_nothing_are_followed_inside_it() {
    let Some(yard) = Yard::open().await else { return };
    let victim = tempfile::tempdir().unwrap();
    let planted = victim.path().join("deep/planted").display().to_string();
    let entries: [Entry<'_>; 5] = [
        (Directory, "etc", "", b"", 0o755),
        (Symlink, "etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf", b"", 0o777),
        (Symlink, "etc/hostname", &planted, b"", 0o777),
        (Symlink, "etc/hosts", "../../../../../../../..//data/hosts", b"", 0o777),
        (Symlink, "tmp", "/nowhere/tmp", b"", 0o777),
    ];
    load(&yard, "odd/links:1", &entries, &[]).await;
    load(&yard, "odd/etc:1", &[(Symlink, "etc", "lost/etc", b"", 0o777)], &[]).await;

    let node = yard.folder.path().join("node");
    std::fs::create_dir_all(node.join("wd")).unwrap();
    let bind =
        Mount { source: MountSource::Bind(node.clone()), target: "/tmp/node".into(), read_only: false };
    let memory = Mount { source: MountSource::Tmpfs(None), target: "/run".into(), read_only: false };
    let script = "cd /etc; busybox cat hostname; busybox readlink -f resolv.conf; busybox readlink -f hosts;
        busybox grep -c ' /run/systemd/resolve/stub-resolv.conf ' /proc/self/mountinfo; busybox grep -c odd-box hosts;
        cd - > /dev/null; pwd; echo made > made";
    for mounts in [vec![bind.clone()], vec![bind.clone(), memory]] {
        let spec = ContainerSpec {
            mounts,
            hostname: Some("odd-box".into()),
            working_directory: Some("/tmp/node/wd".into()),
            ..spec(&yard, "odd/links:1", script)
        };
        assert_eq!(
            said(&yard, &spec).await,
            "odd-box\n/run/systemd/resolve/stub-resolv.conf\n/data/hosts\n1\n1\n/nowhere/tmp/node/wd\n"
        );
        assert_eq!(std::fs::read_to_string(node.join("wd/made")).unwrap(), "made\n");
    }
    let spec = ContainerSpec {
        hostname: Some("odd-box".into()),
        working_directory: Some("/etc/new".into()),
        ..spec(&yard, "odd/etc:1", "busybox cat /lost/etc/hostname; pwd")
    };
    assert_eq!(said(&yard, &spec).await, "odd-box\n/lost/etc/new\n");
    assert_eq!(std::fs::read_dir(victim.path()).unwrap().count(), 0, "nothing is made outside");
}

#[tokio::test]
async fn volumes_of_an_image_are_each_containers_own_and_can_be_written_to() {
    let Some(yard) = Yard::open().await else { return };
    let entries: [Entry<'_>; 4] = [
        (Directory, "srv", "", b"", 0o755),
        (Directory, "srv/vol", "", b"", 0o750),
        (Regular, "srv/vol/file", "", b"of the image\n", 0o600),
        (Symlink, "way", "/there", b"", 0o777),
    ];
    load(&yard, "odd/volumes:1", &entries, &["/newvol", "/srv/vol/", "/way/deep", "/mine"]).await;
    let mine = yard.folder.path().join("mine");
    std::fs::create_dir(&mine).unwrap();
    let script = "busybox cat /srv/vol/file; busybox stat -c %a /srv/vol /newvol; echo changed > /srv/vol/file;
        echo x > /newvol/f; echo x > /there/deep/f; echo x > /mine/f; (echo x > /other) 2> /dev/null || echo read-only;
        busybox ls /newvol /mine";
    for read_only_root in [true, false] {
        let source = MountSource::Bind(mine.clone());
        let spec = ContainerSpec {
            mounts: vec![Mount { source, target: "/mine".into(), read_only: false }],
            read_only_root,
            working_directory: Some("/".into()),
            ..spec(&yard, "odd/volumes:1", script)
        };
        let refused = if read_only_root { "read-only\n" } else { "" };
        // The second container sees nothing of what the first one changed.
        let expected = format!("of the image\n750\n755\n{refused}/mine:\nf\n\n/newvol:\nf\n");
        assert_eq!(said(&yard, &spec).await, expected);
        assert_eq!(std::fs::read_to_string(mine.join("f")).unwrap(), "x\n", "what is mounted in its place");
        std::fs::remove_file(mine.join("f")).unwrap();
    }
    for volume in ["/", "/proc/x", "/bin/busybox"] {
        load(&yard, "odd/wrong:1", &[], &[volume]).await;
        let error = yard.runtime.create(&spec(&yard, "odd/wrong:1", "true")).await.unwrap_err();
        assert!(matches!(error, RuntimeError::InvalidSettings { .. }), "{volume}: {error}");
    }
}

/// Why a container with these run options can't be had.
async fn refusal(yard: &Yard, options: &str) -> RuntimeError {
    let mut spec = yard.spec("refused", &["true"]);
    spec.apply(&RunOptions::parse(options).unwrap());
    match yard.runtime.create(&spec).await {
        Err(error) => error,
        Ok(container) => {
            let error = yard.runtime.start(&container).await.expect_err(options);
            yard.runtime.remove(&container).await.unwrap();
            error
        }
    }
}

#[tokio::test]
async fn settings_that_can_t_be_are_told_as_such() {
    let Some(yard) = Yard::of_root().await else { return };
    for (options, why) in [
        ("-w /etc/passwd", "`/etc/passwd` is no folder"),
        ("-w /etc/passwd/below", "below a file of the image"),
        ("-w /proc/self/fd/7", "working directory"),
        ("-v /tmp:/m -v /etc/hostname:/m/x -w /m/x", "working directory"),
        ("-v /etc/hostname:/etc", "is a folder in the image"),
        ("-v /etc:/etc/passwd", "none in the image"),
        ("--tmpfs /etc/passwd", "none in the image"),
        ("-v /tmp:/m -v /etc:/m", "two mounts have the target `/m`"),
        ("-v /tmp:/m --tmpfs /m", "two mounts have the target `/m`"),
        ("--cpus 100000", "this machine has 0.01 to"),
        ("--cpuset-cpus 999", "are not all there"),
        ("--ulimit nofile=999999999999", "is above"),
    ] {
        let error = refusal(&yard, options).await;
        let RuntimeError::InvalidSettings { reason } = &error else { panic!("{options}: {error:?}") };
        assert!(reason.contains(why), "{options}: {reason}");
    }
    let memlock = rustix::process::getrlimit(rustix::process::Resource::Memlock).maximum;
    let limits = ResourceLimits {
        ulimits: vec![("memlock".to_owned(), 0, memlock.unwrap_or(u64::MAX))],
        ..ResourceLimits::default()
    };
    let (status, _) = yard.run(&ContainerSpec { limits, ..yard.spec("most", &["true"]) }).await;
    assert_eq!(status.code, 0, "what this program may have it may give");
}
