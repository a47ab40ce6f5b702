//! The daemon-less runtime, with real containers. Needs root, Linux and a static busybox; says so and passes where they are
//! missing.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use batchyard::node::builtin;
use batchyard::node::runtime::oci::OciRuntime;
use batchyard::node::runtime::{
    ContainerId, ContainerRuntime, ContainerSpec, ContainerState, ExitStatus, Mount, MountSource,
    NetworkMode, RegistryCredential, ResourceLimits, RuntimeError,
};
use batchyard::secret::Secret;
use ring::digest::{SHA256, digest};

const BUSYBOX: &str = "/bin/busybox";
const IMAGE: &str = "test/busybox:1";

/// A runtime with a store of its own and the busybox image, and containers in it.
struct Yard {
    folder: tempfile::TempDir,
    runtime: OciRuntime,
}

fn helper() -> PathBuf {
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
    for folder in ["bin", "etc", "home", "var"] {
        add(Directory, folder, "", b"", 0o755, 0);
    }
    add(Directory, "tmp", "", b"", 0o1777, 0);
    add(Directory, "home/app", "", b"", 0o755, 1000);
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
        b"root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n",
        0o644,
        0,
    );
    add(Regular, "etc/group", "", b"root:x:0:\napp:x:1000:\nvideo:x:44:app\n", 0o644, 0);
    let layer = layer.into_inner().unwrap();
    let config = serde_json::json!({
        "architecture": architecture(), "os": "linux",
        "config": { "Cmd": ["echo", "from CMD"], "Env": ["FROM_IMAGE=yes"], "WorkingDir": "/var/not/there" },
        "rootfs": { "type": "layers", "diff_ids": [sha256(&layer)] },
    });
    let manifest =
        serde_json::json!([{ "Config": "config.json", "RepoTags": [IMAGE], "Layers": ["layer.tar"] }]);
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content) in [
        ("config.json", config.to_string().into_bytes()),
        ("layer.tar", layer),
        ("manifest.json", manifest.to_string().into_bytes()),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, content.as_slice()).unwrap();
    }
    archive.into_inner().unwrap()
}

fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

fn sha256(content: &[u8]) -> String {
    let hex: String = digest(&SHA256, content).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

impl Yard {
    /// `None`, and the reason on stderr, where containers can't be run.
    async fn open() -> Option<Self> {
        if !Path::new(BUSYBOX).exists() {
            eprintln!("skipped: there is no {BUSYBOX} (Debian's busybox-static)");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let runtime = match OciRuntime::with_helper(folder.path().join("store"), helper()) {
            Ok(runtime) => runtime,
            Err(RuntimeError::Unavailable { reason, .. }) => {
                eprintln!("skipped: {reason}");
                return None;
            }
            Err(error) => panic!("{error}"),
        };
        let archive = folder.path().join("busybox.tar");
        std::fs::write(&archive, busybox_archive()).unwrap();
        runtime.load(IMAGE, &archive).await.unwrap();
        Some(Self { folder, runtime })
    }

    fn spec(&self, name: &str, command: &[&str]) -> ContainerSpec {
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

    fn output(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(format!("{name}.out"))).unwrap()
    }

    async fn start(&self, spec: &ContainerSpec) -> ContainerId {
        let container = self.runtime.create(spec).await.unwrap();
        self.runtime.start(&container).await.unwrap();
        container
    }

    /// Runs a container to its end and removes it; returns how it ended and what it said.
    async fn run(&self, spec: &ContainerSpec) -> (ExitStatus, String) {
        for stream in [&spec.stdout, &spec.stderr] {
            let _ = std::fs::remove_file(stream);
        }
        let container = self.start(spec).await;
        let status = self.runtime.wait(&container).await.unwrap();
        self.runtime.remove(&container).await.unwrap();
        assert_eq!(self.runtime.state(&container).await.unwrap(), None);
        (status, self.output(&spec.name))
    }

    async fn sh(&self, script: &str) -> (ExitStatus, String) {
        self.run(&self.spec("sh", &["sh", "-c", script])).await
    }
}

#[tokio::test]
async fn programs_run_and_their_exit_codes_come_back() {
    let Some(yard) = Yard::open().await else { return };
    for (script, code) in
        [("true", 0), ("false", 1), ("exit 3", 3), ("kill -9 $$", 0), ("sh -c 'kill -15 $$'; exit $?", 143)]
    {
        let (status, _) = yard.sh(script).await;
        assert_eq!((status.code, status.error), (code, None), "{script}");
    }
    let (_, output) = yard.run(&yard.spec("cmd", &[])).await;
    assert_eq!(output, "from CMD\n");
    let (_, output) = yard
        .run(&ContainerSpec {
            entrypoint: Some(vec!["/bin/echo".into(), "own".into()]),
            command: vec!["words".into()],
            ..yard.spec("entry", &[])
        })
        .await;
    assert_eq!(output, "own words\n");
}

#[tokio::test]
async fn a_container_sees_its_own_world() {
    let Some(yard) = Yard::open().await else { return };
    let (status, output) =
        yard.sh("echo $$; pwd; cat /etc/hostname; ls -A /dev/mqueue; id -u; echo $FROM_IMAGE $HOME").await;
    assert_eq!(status.code, 0, "{output}");
    let lines: Vec<_> = output.lines().collect();
    assert_eq!(lines[0], "1", "the first process of its own");
    assert_eq!(lines[1], "/var/not/there", "the image's working directory, made where it was missing");
    assert_eq!(lines[2].len(), 12, "a host name of its own");
    assert_eq!(lines[3..], ["0", "yes /root"]);

    let (_, output) = yard
        .sh("echo hi > /dev/stderr; echo lost > /no/such; mount | head -1; echo x > /dev/null && echo fine")
        .await;
    assert!(output.starts_with("overlay on / type overlay"), "{output}");
    assert!(output.ends_with("fine\n"), "{output}");
    // What one container writes is not there in the next.
    yard.sh("echo changed > /etc/passwd; touch /new").await;
    let (_, output) = yard.sh("head -c 4 /etc/passwd; ls /new").await;
    assert_eq!(output, "root");
}

#[tokio::test]
async fn environment_user_working_directory_and_hosts_are_as_asked() {
    let Some(yard) = Yard::open().await else { return };
    let spec = ContainerSpec {
        environment: vec![("AZ_BATCH_TASK_ID".into(), "t 1".into()), ("FROM_IMAGE".into(), "no".into())],
        working_directory: Some("/tmp/deep/er".into()),
        user: Some("app".into()),
        hostname: Some("box".into()),
        extra_hosts: vec!["db.local:10.9.8.7".into()],
        ..yard.spec("world", &["sh", "-c", "env; pwd; id; cat /etc/hosts; echo to stdout > /dev/stdout"])
    };
    let (status, output) = yard.run(&spec).await;
    assert_eq!(status.code, 0, "{output}");
    for expected in [
        "AZ_BATCH_TASK_ID=t 1\n",
        "FROM_IMAGE=no\n",
        "HOME=/home/app\n",
        "HOSTNAME=box\n",
        "\n/tmp/deep/er\n",
        "uid=1000(app) gid=1000(app) groups=44(video)",
        "10.9.8.7\tdb.local",
        "to stdout\n",
    ] {
        assert!(output.contains(expected), "{expected:?} is missing in {output}");
    }
    let numbers = ContainerSpec { user: Some("12:34".into()), ..yard.spec("numbers", &["id", "-u"]) };
    assert_eq!(yard.run(&numbers).await.1, "12\n");
}

#[tokio::test]
async fn mounts_are_seen_and_kept_read_only() {
    let Some(yard) = Yard::open().await else { return };
    let host = yard.folder.path().join("host folder, with: odd name");
    std::fs::create_dir_all(host.join("wd")).unwrap();
    std::fs::write(host.join("input"), "data").unwrap();
    let bind = |target: &str, read_only| Mount {
        source: MountSource::Bind(host.clone()),
        target: target.into(),
        read_only,
    };
    let tmpfs =
        Mount { source: MountSource::Tmpfs(Some(1 << 20)), target: "/scratch".into(), read_only: false };
    let script = "cat /ro/input; touch /ro/x || echo read-only; echo out > output; pwd; \
                  head -c 2000000 /dev/zero > /scratch/big || echo full; touch /etc/x || echo root too";
    let spec = ContainerSpec {
        mounts: vec![bind("/mnt/batch", false), bind("/ro", true), tmpfs],
        working_directory: Some("/mnt/batch/wd/made".into()),
        read_only_root: true,
        ..yard.spec("mounts", &["sh", "-c", script])
    };
    let (status, output) = yard.run(&spec).await;
    assert_eq!(status.code, 0);
    assert_eq!(output, "dataread-only\n/mnt/batch/wd/made\nfull\nroot too\n");
    assert_eq!(std::fs::read_to_string(host.join("wd/made/output")).unwrap(), "out\n");
}

#[tokio::test]
async fn limits_are_enforced() {
    let Some(yard) = Yard::open().await else { return };
    let limits = ResourceLimits { memory: Some(16 << 20), ..ResourceLimits::default() };
    let hog = "x=a; while true; do x=$x$x; done";
    let spec = ContainerSpec { limits, ..yard.spec("hog", &["sh", "-c", hog]) };
    let (status, _) = yard.run(&spec).await;
    assert_eq!((status.code, status.out_of_memory), (137, true));

    let limits = ResourceLimits {
        pids: Some(3),
        shm_size: Some(1 << 20),
        ulimits: vec![("nofile".into(), 77, 99)],
        cpus: Some(0.5),
        cpu_shares: Some(512),
        cpuset: Some("0".into()),
        ..ResourceLimits::default()
    };
    let script = "ulimit -n; head -c 2000000 /dev/zero > /dev/shm/x 2>/dev/null || echo shm is full; \
                  sleep 1 & sleep 1 & sleep 1 & sleep 1 & sleep 1";
    let spec = ContainerSpec { limits, ..yard.spec("limits", &["sh", "-c", script]) };
    let (status, output) = yard.run(&spec).await;
    assert_eq!(output, "77\nshm is full\n");
    assert_ne!(status.code, 0, "no more than 3 processes");
}

#[tokio::test]
async fn privileges_are_dockers_unless_asked_otherwise() {
    let Some(yard) = Yard::open().await else { return };
    let effective = async |spec: ContainerSpec| {
        let output = yard.run(&spec).await.1;
        let line = output.lines().find(|line| line.starts_with("CapEff")).unwrap().to_owned();
        u64::from_str_radix(line.split_whitespace().last().unwrap(), 16).unwrap()
    };
    let status = ["cat", "/proc/self/status"];
    let default = effective(yard.spec("default", &status)).await;
    assert_eq!(default & (1 << 21), 0, "no CAP_SYS_ADMIN");
    assert_ne!(default & 1, 0, "CAP_CHOWN");
    let dropped = ContainerSpec { cap_drop: vec!["ALL".into()], ..yard.spec("dropped", &status) };
    assert_eq!(effective(dropped).await, 0);
    let user = ContainerSpec { user: Some("app".into()), ..yard.spec("user", &status) };
    assert_eq!(effective(user).await, 0);
    let privileged = ContainerSpec { privileged: true, ..yard.spec("privileged", &status) };
    assert_ne!(effective(privileged).await & (1 << 21), 0);
    let strict =
        ContainerSpec { security_opt: vec!["no-new-privileges".into()], ..yard.spec("strict", &status) };
    assert!(yard.run(&strict).await.1.contains("NoNewPrivs:\t1"));
    assert!(yard.run(&yard.spec("lax", &status)).await.1.contains("NoNewPrivs:\t0"));
}

#[tokio::test]
async fn a_container_without_network_has_loopback_only() {
    let Some(yard) = Yard::open().await else { return };
    let spec = ContainerSpec {
        network: NetworkMode::None,
        ..yard.spec(
            "alone",
            &["sh", "-c", "ls /sys/class/net; cat /sys/class/net/lo/operstate; cat /sys/class/net/lo/flags"],
        )
    };
    let (_, output) = yard.run(&spec).await;
    // Bit 1 of the flags: up.
    assert_eq!(output.lines().next(), Some("lo"));
    assert_eq!(output.lines().last(), Some("0x9"), "{output}");
}

#[tokio::test]
async fn a_program_that_cannot_start_is_named() {
    let Some(yard) = Yard::open().await else { return };
    for (command, reason) in [
        ("no-such-program", "`no-such-program` was not found"),
        ("/no/such/program", "`/no/such/program` was not found"),
        ("not-executable", "`not-executable` is not executable"),
        ("/bin/broken", "`/bin/broken` can't be executed: exec format error"),
        ("/tmp", "`/tmp` is a folder"),
    ] {
        let container = yard.runtime.create(&yard.spec("bad", &[command])).await.unwrap();
        let error = yard.runtime.start(&container).await.unwrap_err();
        let RuntimeError::StartFailed { reason: found } = &error else { panic!("{error:?}") };
        assert!(found.contains(reason), "{found}");
        let status = yard.runtime.wait(&container).await.unwrap();
        assert_eq!(status.code, 127);
        assert_eq!(status.error.as_ref(), Some(found));
        yard.runtime.remove(&container).await.unwrap();
    }
    let error =
        yard.runtime.create(&ContainerSpec { init: true, ..yard.spec("init", &["true"]) }).await.unwrap_err();
    assert!(matches!(error, RuntimeError::InvalidSettings { .. }), "{error:?}");
    assert!(yard.runtime.list("tests").await.unwrap().is_empty());
}

#[tokio::test]
async fn stopping_asks_first_and_then_insists() {
    let Some(yard) = Yard::open().await else { return };
    let polite = yard
        .start(&yard.spec(
            "polite",
            &["sh", "-c", "trap 'echo bye; exit 5' TERM; echo up; while true; do sleep 0.01; done"],
        ))
        .await;
    while yard.output("polite").is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    yard.runtime.stop(&polite, Duration::from_secs(30)).await.unwrap();
    assert_eq!(yard.runtime.wait(&polite).await.unwrap().code, 5);
    assert_eq!(yard.output("polite"), "up\nbye\n");

    let stubborn = yard.start(&yard.spec("stubborn", &["sleep", "1000"])).await;
    assert_eq!(yard.runtime.state(&stubborn).await.unwrap(), Some(ContainerState::Running));
    assert!(yard.runtime.remove(&stubborn).await.is_err(), "it runs");
    let asked = Instant::now();
    yard.runtime.stop(&stubborn, Duration::from_millis(200)).await.unwrap();
    assert!(asked.elapsed() >= Duration::from_millis(200));
    assert_eq!(yard.runtime.wait(&stubborn).await.unwrap().code, 137);
    yard.runtime.stop(&stubborn, Duration::ZERO).await.unwrap();

    let never_started = yard.runtime.create(&yard.spec("never", &["true"])).await.unwrap();
    assert_eq!(yard.runtime.state(&never_started).await.unwrap(), Some(ContainerState::Created));
    yard.runtime.stop(&never_started, Duration::ZERO).await.unwrap();
    let names: Vec<_> = yard.runtime.list("tests").await.unwrap().into_iter().map(|(id, _)| id.0).collect();
    assert_eq!(names, ["never", "polite", "stubborn"]);
    assert!(yard.runtime.list("others").await.unwrap().is_empty());
    for name in names {
        yard.runtime.remove(&ContainerId(name.clone())).await.unwrap();
        yard.runtime.remove(&ContainerId(name)).await.unwrap();
    }
    let gone = yard.runtime.wait(&polite).await.unwrap_err();
    assert!(matches!(gone, RuntimeError::NoSuchContainer { .. }));
}

#[tokio::test]
async fn processes_of_a_shared_pid_namespace_end_with_the_container() {
    let Some(yard) = Yard::open().await else { return };
    let script = "sleep 4242 & echo $!; exit 4";
    let spec = ContainerSpec { pid: Some("host".into()), ..yard.spec("shared", &["sh", "-c", script]) };
    let (status, output) = yard.run(&spec).await;
    assert_eq!(status.code, 4);
    let left = Path::new("/proc").join(output.trim());
    assert!(!left.exists() || is_zombie(&left), "{}", output.trim());
}

/// A test binary cannot be killed in the middle of a test, so a copy of it plays the program that dies.
const CHILD: &str = "BATCHYARD_TEST_STORE";

#[tokio::test]
async fn a_container_outlives_the_program_that_started_it() {
    let Some(yard) = Yard::open().await else { return };
    let store = yard.folder.path().join("store");
    let mut program = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "oci_runtime::plays_a_program_that_is_killed", "--nocapture"])
        .env(CHILD, yard.folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let ready = yard.folder.path().join("ready");
    while !ready.exists() {
        assert!(program.try_wait().unwrap().is_none(), "the program ended");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    program.kill().unwrap();
    program.wait().unwrap();

    let restarted = OciRuntime::with_helper(store, helper()).unwrap();
    let listed = restarted.list("tests").await.unwrap();
    let running = (ContainerId("survivor".into()), ContainerState::Running);
    let over = ExitStatus { code: 9, out_of_memory: false, error: None };
    assert_eq!(listed, [(ContainerId("ended".into()), ContainerState::Exited(over.clone())), running]);
    assert_eq!(restarted.wait(&ContainerId("ended".into())).await.unwrap(), over);

    let survivor = ContainerId("survivor".into());
    let waiting = restarted.wait(&survivor);
    std::fs::write(yard.folder.path().join("signal/go"), "").unwrap();
    let status = tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap().unwrap();
    assert_eq!(status, ExitStatus { code: 42, out_of_memory: false, error: None });
    assert_eq!(yard.output("survivor"), "up\ndone\n");
}

/// Only does something when [`a_container_outlives_the_program_that_started_it`] runs it.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the way one test speaks to a copy of its own program")]
async fn plays_a_program_that_is_killed() {
    let Some(folder) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    let runtime = OciRuntime::with_helper(folder.join("store"), helper()).unwrap();
    let signal = folder.join("signal");
    std::fs::create_dir(&signal).unwrap();
    let spec = |name: &str, script: &str| ContainerSpec {
        name: name.into(),
        owner: "tests".into(),
        image: IMAGE.into(),
        command: vec!["sh".into(), "-c".into(), script.into()],
        mounts: vec![Mount {
            source: MountSource::Bind(signal.clone()),
            target: "/signal".into(),
            read_only: true,
        }],
        stdout: folder.join(format!("{name}.out")),
        stderr: folder.join(format!("{name}.err")),
        ..ContainerSpec::default()
    };
    let survivor =
        spec("survivor", "echo up; until test -e /signal/go; do sleep 0.02; done; echo done; exit 42");
    for spec in [survivor, spec("ended", "exit 9")] {
        let container = runtime.create(&spec).await.unwrap();
        runtime.start(&container).await.unwrap();
        if spec.name == "ended" {
            runtime.wait(&container).await.unwrap();
        }
    }
    std::fs::write(folder.join("ready"), "").unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_killed_supervisor_takes_its_container_along_and_that_is_said() {
    let Some(yard) = Yard::open().await else { return };
    let container = yard.start(&yard.spec("orphan", &["sleep", "1000"])).await;
    let folder = yard.folder.path().join("store/containers/orphan");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    assert!(Command::new("kill").args(["-9", &read("supervisor")]).status().unwrap().success());
    let status = yard.runtime.wait(&container).await.unwrap();
    assert_eq!(status.code, 255);
    assert!(status.error.unwrap().contains("exit code unknown"));
    let init = PathBuf::from("/proc").join(read("init"));
    let deadline = Instant::now() + Duration::from_secs(10);
    while init.exists() && !is_zombie(&init) {
        assert!(Instant::now() < deadline, "the container lives on");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    yard.runtime.remove(&container).await.unwrap();
}

fn is_zombie(process: &Path) -> bool {
    std::fs::read_to_string(process.join("stat")).is_ok_and(|stat| stat.contains(") Z "))
}

#[tokio::test]
async fn the_built_in_image_runs_with_nothing_but_itself() {
    let folder = tempfile::tempdir().unwrap();
    let Some(runtime) = runtime(folder.path()) else { return };
    let archive = builtin::archive_of(&helper(), &folder.path().join("cache")).unwrap();
    let image = runtime.load(builtin::REFERENCE, &archive).await.unwrap();
    assert_eq!(image.entrypoint, ["/bin/hello"]);
    let first = Instant::now();
    assert_eq!(runtime.load(builtin::REFERENCE, &archive).await.unwrap(), image);
    assert!(first.elapsed() < Duration::from_secs(2), "an image that is known is not unpacked again");

    let results = folder.path().join("results");
    std::fs::create_dir(&results).unwrap();
    let run = async |name: &str, command: &[&str]| {
        let spec = ContainerSpec {
            name: name.to_owned(),
            image: builtin::REFERENCE.to_owned(),
            command: command.iter().map(|word| (*word).to_owned()).collect(),
            environment: vec![("AZ_BATCH_TASK_ID".into(), "t".into()), ("OUT".into(), "/results".into())],
            mounts: vec![Mount {
                source: MountSource::Bind(results.clone()),
                target: "/results".into(),
                read_only: false,
            }],
            stdout: folder.path().join("out"),
            stderr: folder.path().join("err"),
            ..ContainerSpec::default()
        };
        let _ = std::fs::remove_file(&spec.stdout);
        let container = runtime.create(&spec).await.unwrap();
        runtime.start(&container).await.unwrap();
        if name == "sleeper" {
            // Its first process listens to SIGTERM once it has set itself up.
            tokio::time::sleep(Duration::from_millis(300)).await;
            runtime.stop(&container, Duration::from_secs(30)).await.unwrap();
        }
        let status = runtime.wait(&container).await.unwrap();
        runtime.remove(&container).await.unwrap();
        (status.code, std::fs::read_to_string(&spec.stdout).unwrap())
    };
    let (code, output) = run("greet", &[]).await;
    assert_eq!(code, 0, "{output}");
    assert!(output.contains("Hello from a real container!"), "{output}");
    assert!(output.contains("process  1, as user 0") && output.contains("task     t\n"), "{output}");
    let (code, output) = run("pi", &["pi", "--seed", "3", "--samples", "1000", "--out", "$OUT/pi"]).await;
    assert_eq!((code, output.starts_with("seed 3: pi ≈ 3.")), (0, true), "{output}");
    assert!(results.join("pi/pi-3.json").exists());
    assert_eq!(run("exit", &["exit", "3"]).await.0, 3);
    let asked = Instant::now();
    assert_eq!(run("sleeper", &["sleep", "1000"]).await.0, 143);
    assert!(asked.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn many_containers_at_once_and_how_long_one_takes() {
    let Some(yard) = Yard::open().await else { return };
    let mut times = Vec::new();
    for number in 0..21 {
        let spec = yard.spec(&format!("one-{number}"), &["true"]);
        let start = Instant::now();
        let container = yard.start(&spec).await;
        assert_eq!(yard.runtime.wait(&container).await.unwrap().code, 0);
        times.push(start.elapsed());
        yard.runtime.remove(&container).await.unwrap();
    }
    times.sort();
    eprintln!("`true`, create to exit: median {:?}, best {:?}", times[times.len() / 2], times[0]);
    let runs = (0..20).map(|number| {
        let yard = &yard;
        async move {
            let script = format!("echo {number}; exit {number}");
            yard.run(&yard.spec(&format!("many-{number}"), &["sh", "-c", &script])).await
        }
    });
    for (number, (status, output)) in futures::future::join_all(runs).await.into_iter().enumerate() {
        assert_eq!((status.code, output), (i32::try_from(number).unwrap(), format!("{number}\n")));
    }
}

/// A registry of Debian's package docker-registry, on loopback, ended with the test.
struct Registry {
    process: Child,
    address: String,
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Registry {
    /// `None`, and the reason on stderr, if the package isn't installed.
    async fn start(folder: &Path, password: Option<&str>) -> Option<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let data = folder.join("registry");
        let mut config = format!(
            "version: 0.1\nlog: {{ level: error }}\nstorage: {{ filesystem: {{ rootdirectory: {} }} }}\n\
             http: {{ addr: \"{address}\" }}\n",
            data.display()
        );
        if let Some(password) = password {
            let users = folder.join("htpasswd");
            let Ok(made) = Command::new("htpasswd").args(["-Bbn", "ada", password]).output() else {
                eprintln!("skipped: htpasswd is missing (Debian's apache2-utils)");
                return None;
            };
            std::fs::write(&users, made.stdout).unwrap();
            config += &format!("auth: {{ htpasswd: {{ realm: test, path: {} }} }}\n", users.display());
        }
        let file = folder.join("registry.yml");
        std::fs::write(&file, config).unwrap();
        let started = Command::new("docker-registry")
            .arg("serve")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(process) = started else {
            eprintln!("skipped: docker-registry is missing (Debian's package of that name)");
            return None;
        };
        let registry = Self { process, address };
        for _ in 0..500 {
            if std::net::TcpStream::connect(&registry.address).is_ok() {
                return Some(registry);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the registry doesn't listen");
    }

    async fn put(&self, path: &str, kind: &str, content: Vec<u8>, login: Option<(&str, &str)>) {
        let client = reqwest::Client::new();
        let mut request =
            client.put(format!("http://{}{path}", self.address)).header("content-type", kind).body(content);
        if let Some((user, password)) = login {
            request = request.basic_auth(user, Some(password));
        }
        let response = request.send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.status());
    }

    async fn put_blob(
        &self,
        repository: &str,
        content: Vec<u8>,
        login: Option<(&str, &str)>,
    ) -> serde_json::Value {
        let client = reqwest::Client::new();
        let mut request = client.post(format!("http://{}/v2/{repository}/blobs/uploads/", self.address));
        if let Some((user, password)) = login {
            request = request.basic_auth(user, Some(password));
        }
        let location = request.send().await.unwrap().headers()["location"].to_str().unwrap().to_owned();
        let path = location.strip_prefix(&format!("http://{}", self.address)).unwrap_or(&location).to_owned();
        let digest = sha256(&content);
        let size = content.len();
        let separator = if path.contains('?') { '&' } else { '?' };
        self.put(&format!("{path}{separator}digest={digest}"), "application/octet-stream", content, login)
            .await;
        serde_json::json!({ "digest": digest, "size": size })
    }

    /// Pushes an image of one layer, compressed by `compress`, and returns its manifest's digest and size.
    async fn push(
        &self,
        tag: &str,
        compress: impl Fn(&[u8]) -> Vec<u8>,
        login: Option<(&str, &str)>,
    ) -> serde_json::Value {
        let mut layer = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(5);
        header.set_mode(0o644);
        layer.append_data(&mut header, "hello", &b"hello"[..]).unwrap();
        let layer = layer.into_inner().unwrap();
        let config = serde_json::json!({
            "architecture": architecture(), "os": "linux", "config": { "Cmd": ["/hello"], "Labels": { "tag": tag } },
            "rootfs": { "type": "layers", "diff_ids": [sha256(&layer)] },
        });
        let mut config = self.put_blob("a/b", config.to_string().into_bytes(), login).await;
        config["mediaType"] = "application/vnd.oci.image.config.v1+json".into();
        let mut blob = self.put_blob("a/b", compress(&layer), login).await;
        blob["mediaType"] = "application/vnd.oci.image.layer.v1.tar+gzip".into();
        let kind = "application/vnd.oci.image.manifest.v1+json";
        let manifest = serde_json::json!({
            "schemaVersion": 2, "mediaType": kind, "config": config, "layers": [blob]
        });
        self.put_manifest(tag, kind, &manifest, login).await
    }

    async fn put_manifest(
        &self,
        tag: &str,
        kind: &str,
        manifest: &serde_json::Value,
        login: Option<(&str, &str)>,
    ) -> serde_json::Value {
        let content = manifest.to_string().into_bytes();
        let entry =
            serde_json::json!({ "mediaType": kind, "digest": sha256(&content), "size": content.len() });
        self.put(&format!("/v2/a/b/manifests/{tag}"), kind, content, login).await;
        entry
    }
}

fn gzip(content: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zstd(content: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(content, ruzstd::encoding::CompressionLevel::Fastest)
}

fn use_ring() {
    // Another test may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn runtime(folder: &Path) -> Option<OciRuntime> {
    OciRuntime::with_helper(folder.join("store"), helper())
        .inspect_err(|error| eprintln!("skipped: {error}"))
        .ok()
}

#[tokio::test]
async fn images_are_pulled_in_every_form() {
    use_ring();
    let folder = tempfile::tempdir().unwrap();
    let Some(runtime) = runtime(folder.path()) else { return };
    let Some(registry) = Registry::start(folder.path(), None).await else { return };
    let plain = registry.push("plain", <[u8]>::to_vec, None).await;
    registry.push("gzip", gzip, None).await;
    registry.push("zstd", zstd, None).await;
    let mut here = plain.clone();
    here["platform"] = serde_json::json!({ "os": "linux", "architecture": architecture() });
    let mut elsewhere = plain.clone();
    elsewhere["platform"] = serde_json::json!({ "os": "linux", "architecture": "s390x" });
    let kind = "application/vnd.oci.image.index.v1+json";
    let list = |entries: &[&serde_json::Value]| serde_json::json!({ "schemaVersion": 2, "mediaType": kind, "manifests": entries });
    registry.put_manifest("list", kind, &list(&[&elsewhere, &here]), None).await;
    registry.put_manifest("foreign", kind, &list(&[&elsewhere]), None).await;

    let name = |tag: &str| format!("{}/a/b:{tag}", registry.address);
    assert_eq!(runtime.find_image(&name("plain")).await.unwrap(), None);
    let image = runtime.pull(&name("plain"), None).await.unwrap();
    assert_eq!(image.command, ["/hello"]);
    assert_eq!(runtime.find_image(&name("plain")).await.unwrap(), Some(image.clone()));
    for tag in ["gzip", "zstd", "list"] {
        runtime.pull(&name(tag), None).await.unwrap();
    }
    let by_digest = format!("{}/a/b@{}", registry.address, plain["digest"].as_str().unwrap());
    assert_eq!(runtime.pull(&by_digest, None).await.unwrap(), image);
    // Several at once: each gets it, one fetches it.
    let gzip_name = name("gzip");
    let pulls = (0..8).map(|_| runtime.pull(&gzip_name, None));
    assert!(futures::future::join_all(pulls).await.iter().all(Result::is_ok));

    let error = runtime.pull(&name("foreign"), None).await.unwrap_err();
    assert!(
        matches!(&error, RuntimeError::InvalidImage { reason, .. } if reason.contains("platform")),
        "{error}"
    );
    let error = runtime.pull(&name("missing"), None).await.unwrap_err();
    assert!(
        matches!(&error, RuntimeError::ImageNotFound { reason, .. } if reason.contains("404")),
        "{error}"
    );
}

#[tokio::test]
async fn a_layer_changed_in_the_registry_is_refused() {
    use_ring();
    let folder = tempfile::tempdir().unwrap();
    let Some(runtime) = runtime(folder.path()) else { return };
    let Some(registry) = Registry::start(folder.path(), None).await else { return };
    // The configuration promises another layer than the manifest brings.
    registry
        .push(
            "changed",
            |layer| {
                let mut other = layer.to_vec();
                other[512] = b'J';
                other
            },
            None,
        )
        .await;
    let error = runtime.pull(&format!("{}/a/b:changed", registry.address), None).await.unwrap_err();
    assert!(
        matches!(&error, RuntimeError::InvalidImage { reason, .. } if reason.contains("something else")),
        "{error}"
    );
    assert_eq!(std::fs::read_dir(folder.path().join("store/images")).unwrap().count(), 0);
    assert_eq!(std::fs::read_dir(folder.path().join("store/temporary")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_private_registry_wants_the_right_password() {
    use_ring();
    let folder = tempfile::tempdir().unwrap();
    let Some(runtime) = runtime(folder.path()) else { return };
    let Some(registry) = Registry::start(folder.path(), Some("right")).await else { return };
    registry.push("private", gzip, Some(("ada", "right"))).await;
    let name = format!("{}/a/b:private", registry.address);
    let login = |password: &str| RegistryCredential {
        server: registry.address.clone(),
        username: "ada".into(),
        password: Secret::new(password),
    };
    for credential in [None, Some(login("wrong"))] {
        let error = runtime.pull(&name, credential.as_ref()).await.unwrap_err();
        let RuntimeError::Unauthorized { registry: found, reason, .. } = &error else { panic!("{error:?}") };
        assert_eq!(*found, registry.address);
        assert!(reason.contains("401 Unauthorized"), "{reason}");
        assert!(!error.to_string().contains("wrong"), "{error}");
    }
    runtime.pull(&name, Some(&login("right"))).await.unwrap();
    // The right password is not remembered for the next one who asks.
    assert!(runtime.pull(&name, None).await.is_err());
    let found = Command::new("grep").args(["-r", "right"]).arg(folder.path().join("store")).output().unwrap();
    assert!(!found.status.success(), "the password was written to the store");
}

#[tokio::test]
async fn a_registry_that_is_not_there_is_a_failed_pull() {
    use_ring();
    let folder = tempfile::tempdir().unwrap();
    let Some(runtime) = runtime(folder.path()) else { return };
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = runtime.pull(&format!("127.0.0.1:{port}/a/b"), None).await.unwrap_err();
    let RuntimeError::PullFailed { reason, .. } = &error else { panic!("{error:?}") };
    assert!(reason.contains("refused"), "{reason}");
}
