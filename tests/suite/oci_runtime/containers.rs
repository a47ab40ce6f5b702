//! Running containers.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use batchyard::node::builtin;
use batchyard::node::runtime::oci::OciRuntime;
use batchyard::node::runtime::{
    ContainerId, ContainerRuntime, ContainerSpec, ContainerState, ExitStatus, Mount, MountSource,
    NetworkMode, RuntimeError,
};

use super::yard::{IMAGE, Yard, is_root, runtime, supervisor};

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
        "HOME=/srv/app\n",
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
async fn what_lies_in_mounts_gives_no_privileges_and_opens_no_devices() {
    let Some(yard) = Yard::of_root().await else { return };
    let source = yard.folder.path().join("source");
    let inner = source.join("inner");
    std::fs::create_dir_all(&inner).unwrap();
    rustix::mount::mount("inner", &inner, "tmpfs", rustix::mount::MountFlags::empty(), c"").unwrap();
    let mounts =
        vec![Mount { source: MountSource::Bind(source), target: "/source".into(), read_only: false }];
    let look = "grep ' /source' /proc/self/mountinfo";
    let spec = |name: &str, privileged| ContainerSpec {
        mounts: mounts.clone(),
        privileged,
        ..yard.spec(name, &["sh", "-c", look])
    };
    let (_, ordinary) = yard.run(&spec("ordinary", false)).await;
    let (_, privileged) = yard.run(&spec("privileged", true)).await;
    rustix::mount::unmount(&inner, rustix::mount::UnmountFlags::DETACH).unwrap();
    assert_eq!(ordinary.lines().count(), 2, "{ordinary}");
    assert!(ordinary.lines().all(|mount| mount.contains("nosuid,nodev")), "{ordinary}");
    assert!(privileged.lines().count() == 2 && !privileged.contains("nosuid"), "{privileged}");
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

/// For an ordinary user only: root removes whatever there is.
#[tokio::test]
async fn what_containers_give_to_their_own_users_can_be_removed() {
    let Some(yard) = Yard::open().await.filter(|_| !is_root()) else { return };
    let shared = yard.folder.path().join("shared");
    std::fs::create_dir(&shared).unwrap();
    let give = "cd /shared && busybox mkdir given && touch given/file && busybox chown -R app:app given && busybox chmod 700 given";
    let mounts =
        vec![Mount { source: MountSource::Bind(shared.clone()), target: "/shared".into(), read_only: false }];
    let (status, _) = yard.run(&ContainerSpec { mounts, ..yard.spec("gives", &["sh", "-c", give]) }).await;
    assert_eq!(status.code, 0);
    let refused = std::fs::remove_dir_all(&shared).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::PermissionDenied);
    // Not through a link that a container has left on the way there.
    std::os::unix::fs::symlink(&shared, yard.folder.path().join("link")).unwrap();
    assert!(yard.runtime.remove_left(&yard.folder.path().join("link/given")).await.is_err());
    assert!(shared.join("given").exists());
    yard.runtime.remove_left(&shared).await.unwrap();
    assert!(!shared.exists());
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
        ("/tmp", "`/tmp` is a folder"),
    ] {
        let container = yard.runtime.create(&yard.spec("bad", &[command])).await.unwrap();
        let error = yard.runtime.start(&container).await.unwrap_err();
        let RuntimeError::StartFailed { reason: found } = &error else { panic!("{error:?}") };
        assert!(found.contains(reason), "{found}");
        let state = yard.runtime.state(&container).await.unwrap();
        let Some(ContainerState::Exited(status)) = state else { panic!("{state:?}") };
        assert_eq!((status.code, status.error.as_ref()), (127, Some(found)));
        // Whoever asks later, after a restart too, learns that it never ran.
        let later = runtime(yard.folder.path()).unwrap();
        let error = later.wait(&container).await.unwrap_err();
        assert!(matches!(&error, RuntimeError::StartFailed { reason } if reason == found), "{error:?}");
        yard.runtime.remove(&container).await.unwrap();
    }
    let unknown = ContainerSpec { ipc: Some("container:x".to_owned()), ..yard.spec("ipc", &["true"]) };
    let error = yard.runtime.create(&unknown).await.unwrap_err();
    assert!(matches!(error, RuntimeError::InvalidSettings { .. }), "{error:?}");
    assert!(yard.runtime.list("tests").await.unwrap().is_empty());
}

#[tokio::test]
async fn what_the_kernel_refuses_to_execute_ends_as_with_docker() {
    let Some(yard) = Yard::open().await else { return };
    let tools = yard.folder.path().join("tools");
    std::fs::create_dir(&tools).unwrap();
    for (name, content) in [("bare", "echo hello\n"), ("lost", "#!/nope/int\n")] {
        std::fs::write(tools.join(name), content).unwrap();
        std::fs::set_permissions(tools.join(name), PermissionsExt::from_mode(0o755)).unwrap();
    }
    let long = "x".repeat(140_000);
    let mounts = vec![Mount { source: MountSource::Bind(tools), target: "/tools".into(), read_only: true }];
    for init in [false, true] {
        for (command, why) in [
            (vec!["/bin/broken"], "exec format error"),
            (vec!["/tools/bare"], "exec format error"),
            (vec!["/tools/lost"], "No such file"),
            (vec!["echo", &long], "Argument list too long"),
        ] {
            let spec = ContainerSpec { init, mounts: mounts.clone(), ..yard.spec("refused", &command) };
            let (status, said) = yard.run(&spec).await;
            assert_eq!((status.code, status.error, said.as_str()), (1, None, ""), "{command:.20?}");
            let told = std::fs::read_to_string(&spec.stderr).unwrap();
            let name = command[0].rsplit('/').next().unwrap();
            assert!(told.starts_with("exec /") && told.contains(name) && told.contains(why), "{told}");
            assert_eq!(told.lines().count(), 1, "{told}");
        }
    }
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
    let Some(yard) = Yard::of_root().await else { return };
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
        .args(["--exact", "oci_runtime::containers::plays_a_program_that_is_killed", "--nocapture"])
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

    let restarted = OciRuntime::with_supervisor(store, supervisor()).unwrap();
    let listed = restarted.list("tests").await.unwrap();
    let running = (ContainerId("survivor".into()), ContainerState::Running);
    let over = ExitStatus { code: 9, out_of_memory: Some(false), error: None };
    assert_eq!(listed, [(ContainerId("ended".into()), ContainerState::Exited(over.clone())), running]);
    assert_eq!(restarted.wait(&ContainerId("ended".into())).await.unwrap(), over);

    // What is root in a container reaches the supervisor's program by /proc: it must be nobody's file.
    let store = yard.folder.path().join("store");
    let supervisor = std::fs::read_to_string(store.join("containers/survivor/supervisor")).unwrap();
    let program = std::fs::read_link(format!("/proc/{}/exe", supervisor.trim())).unwrap();
    assert!(program.to_string_lossy().starts_with("/memfd:batchyard"), "{}", program.display());

    let survivor = ContainerId("survivor".into());
    let waiting = restarted.wait(&survivor);
    std::fs::write(yard.folder.path().join("signal/go"), "").unwrap();
    let status = tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap().unwrap();
    assert_eq!(status, ExitStatus { code: 42, out_of_memory: Some(false), error: None });
    assert_eq!(yard.output("survivor"), "up\ndone\n");
}

/// Only does something when [`a_container_outlives_the_program_that_started_it`] runs it.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the way one test speaks to a copy of its own program")]
async fn plays_a_program_that_is_killed() {
    let Some(folder) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    let runtime = OciRuntime::with_supervisor(folder.join("store"), supervisor()).unwrap();
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
    let supervisor = rustix::process::Pid::from_raw(read("supervisor").trim().parse().unwrap()).unwrap();
    rustix::process::kill_process(supervisor, rustix::process::Signal::KILL).unwrap();
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
    let archive = builtin::archive_of(&supervisor(), &folder.path().join("cache")).unwrap();
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
