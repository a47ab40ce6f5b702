//! `--init`: a first process that looks after the program.

use std::path::Path;
use std::time::Duration;

use batchyard::node::runtime::{ContainerRuntime, ContainerSpec, ResourceLimits, RuntimeError};

use super::yard::Yard;

impl Yard {
    fn with_init(&self, name: &str, script: &str) -> ContainerSpec {
        ContainerSpec { init: true, ..self.spec(name, &["sh", "-c", script]) }
    }
}

#[tokio::test]
async fn the_program_is_not_the_first_process_and_ends_as_it_would() {
    let Some(yard) = Yard::open().await else { return };
    let (status, said) = yard.run(&yard.with_init("code", "echo $$; exit 7")).await;
    assert_eq!(status.code, 7);
    assert_ne!(said, "1\n");
    for (signal, code) in [("TERM", 143), ("KILL", 137), ("SEGV", 139)] {
        // Without a first process before it, it would be deaf to what it has not asked for.
        let (status, _) = yard.run(&yard.with_init("signal", &format!("kill -{signal} $$; exit 3"))).await;
        assert_eq!(status.code, code, "{signal}");
    }
    let mut spec = yard.with_init("user", "id -u; echo $FROM_IMAGE; pwd");
    spec.user = Some("1000".to_owned());
    let (_, said) = yard.run(&spec).await;
    assert_eq!(said, "1000\nyes\n/var/not/there\n");
}

#[tokio::test]
async fn orphans_are_taken_on_and_leave_no_trace() {
    let Some(yard) = Yard::open().await else { return };
    // The inner shell ends at once, its child later: that is nobody's then.
    let script = "sh -c 'sleep 0.2 & echo $! > /tmp/orphan'; sleep 1; \
                  if [ -e /proc/$(cat /tmp/orphan) ]; then cat /proc/$(cat /tmp/orphan)/stat; else echo gone; fi";
    let (status, said) = yard.run(&yard.with_init("orphan", script)).await;
    assert_eq!((status.code, said.as_str()), (0, "gone\n"));
    // What it leaves running ends with it.
    let (status, said) = yard.run(&yard.with_init("left", "sleep 1000 & echo left")).await;
    assert_eq!((status.code, said.as_str()), (0, "left\n"));
}

#[tokio::test]
async fn signals_are_handed_on() {
    let Some(yard) = Yard::open().await else { return };
    let cases = [
        ("trap 'echo bye; exit 5' TERM; echo up; while true; do sleep 0.01; done", 5),
        ("echo up; sleep 1000", 143),
    ];
    for (script, code) in cases {
        let spec = yard.with_init("asked", script);
        let container = yard.start(&spec).await;
        while yard.output("asked").is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let stopped = yard.runtime.stop(&container, Duration::from_secs(100));
        tokio::time::timeout(Duration::from_secs(30), stopped).await.expect("it is not deaf").unwrap();
        assert_eq!(yard.runtime.wait(&container).await.unwrap().code, code);
        yard.runtime.remove(&container).await.unwrap();
        std::fs::remove_file(&spec.stdout).unwrap();
    }
}

#[tokio::test]
async fn a_program_that_cannot_start_is_named_all_the_same() {
    let Some(yard) = Yard::open().await else { return };
    for (program, why) in [("/no/such", "was not found"), ("not-executable", "not executable")] {
        let spec = ContainerSpec { init: true, ..yard.spec("missing", &[program]) };
        let container = yard.runtime.create(&spec).await.unwrap();
        let error = yard.runtime.start(&container).await.unwrap_err();
        assert!(
            matches!(&error, RuntimeError::StartFailed { reason } if reason.contains(program) && reason.contains(why)),
            "{error}"
        );
        yard.runtime.remove(&container).await.unwrap();
        let said = std::fs::read_to_string(&spec.stderr).unwrap_or_default();
        assert_eq!(said, "", "what goes wrong is told to the runtime, not to the task");
    }
}

#[tokio::test]
async fn nothing_of_the_machine_lies_open_in_the_first_process() {
    let Some(yard) = Yard::open().await else { return };
    let mut spec = yard.with_init("open", "ls -l /proc/1/fd && ls -l /proc/1/exe");
    spec.cap_add = vec!["SYS_PTRACE".to_owned()];
    let (status, said) = yard.run(&spec).await;
    assert_eq!(status.code, 0, "{said}");
    let targets: Vec<_> =
        said.lines().filter_map(|line| line.split_once(" -> ")).map(|(_, target)| target).collect();
    assert!(targets.len() > 3, "{said}");
    let harmless = |target: &&&str| {
        ["pipe:", "socket:", "anon_inode:", "/dev/null", "/memfd:"]
            .iter()
            .any(|kind| target.starts_with(kind))
    };
    let others: Vec<_> = targets.iter().filter(|target| !harmless(target)).collect();
    assert!(others.is_empty(), "{said}");
}

#[tokio::test]
async fn swap_is_limited_with_memory() {
    let Some(yard) = Yard::of_root().await else { return };
    let first = Path::new("/sys/fs/cgroup/memory");
    let file = match first.join("memory.limit_in_bytes").exists() {
        true if !first.join("memory.memsw.limit_in_bytes").exists() => {
            eprintln!("skipped: this kernel does not limit swap");
            return;
        }
        true => "/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes",
        false => "/sys/fs/cgroup/memory.swap.max",
    };
    let is_first = file.contains("memsw");
    const MIB: u64 = 1 << 20;
    // Version 1 counts memory and swap together, version 2 swap alone.
    let cases: [(Option<i64>, u64, u64); 3] =
        [(None, 128, 64), (Some(64 << 20), 64, 0), (Some(80 << 20), 80, 16)];
    for (memory_swap, together, alone) in cases {
        let mut spec = yard.spec("swap", &["cat", file]);
        spec.limits = ResourceLimits { memory: Some(64 * MIB), memory_swap, ..ResourceLimits::default() };
        let (status, said) = yard.run(&spec).await;
        let expected = if is_first { together } else { alone } * MIB;
        assert_eq!((status.code, said.trim()), (0, expected.to_string().as_str()), "{memory_swap:?}");
    }
    let mut spec = yard.spec("swap", &["cat", file]);
    spec.limits =
        ResourceLimits { memory: Some(64 * MIB), memory_swap: Some(-1), ..ResourceLimits::default() };
    let (_, said) = yard.run(&spec).await;
    assert!(said.trim() == "max" || said.trim().parse::<u64>().unwrap() > 1 << 60, "{said}");
}
