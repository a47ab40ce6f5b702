//! The local account between commands, and among several of them: real processes, real containers.

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::{Local, Running, Runtime};

/// What a command says that goes on where another one ended.
const TAKEN_OVER: &str = "this command runs it from now on";

const SOON: Duration = Duration::from_secs(60);

/// `tasks` tasks that sleep for `seconds` each and then end with `code`, one at a time.
fn recipe(name: &str, tasks: u32, seconds: u32, code: u8) -> String {
    format!(
        r#"api_version: batchyard/v1
name: {name}
pools:
  {name}: {{ vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {{}}, nodes: {{ dedicated: 1 }} }}
jobs:
  {name}:
    pool: {name}
    tasks:
      t:
        for_each: {{ n: {{ range: [1, {tasks}] }} }}
        container: {{ image: batchyard/hello }}
        command: [sleep, "{seconds}", "--exit", "{code}"]
"#
    )
}

#[track_caller]
fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + SOON;
    while !holds() {
        assert!(Instant::now() < deadline, "{what} did not come about");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn entries(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Starts to apply the recipe of that name, and returns once its first task runs.
#[track_caller]
fn applying(local: &Local, name: &str) -> Running {
    let running = local.command(["apply", &format!("{name}.yaml"), "--auto-approve"]).start();
    until("a running task", || local.run(["logs", &format!("{name}/t-1")]).stdout.contains("sleeping"));
    running
}

fn reading_starts_nothing(runtime: Runtime) {
    let Some(local) = Local::new(runtime) else { return };
    local.sandbox().write("rest.yaml", &recipe("rest", 3, 2, 0));
    let applying = applying(&local, "rest");
    applying.signal(Signal::INT);
    applying.wait(SOON).code(130);
    // The first task ends meanwhile; the second has a free node, and nobody who starts it.
    std::thread::sleep(Duration::from_secs(4));
    for _ in 0..2 {
        let status = local.run(["status", "rest.yaml"]);
        status.success().stdout_contains("1 succeeded, 0 failed, 0 running, 2 waiting");
        status
            .stdout_contains("at rest")
            .stdout_contains("batchyard apply rest.yaml")
            .stdout_contains("batchyard emulator");
        local.run(["plan", "rest.yaml", "--detailed-exitcode"]).success();
        local.run(["logs", "rest/t-1"]).success();
    }
    let followed = local.run(["logs", "rest/t-2", "--follow"]);
    followed.success().stderr_contains("at rest");
    let followed = local.run(["logs", "rest/t-2", "--follow", "--format", "json"]);
    let last: serde_json::Value =
        serde_json::from_str(followed.success().stdout.lines().last().unwrap()).unwrap();
    assert_eq!((&last["type"], &last["exit_code"]), (&"result".into(), &0.into()));
    assert!(last["reason"].as_str().unwrap().contains("at rest"), "{last}");
    local.run(["apply", "rest.yaml", "--auto-approve"]).success().stdout_contains("3 succeeded");
    local.run(["status", "rest.yaml"]).success().never_mentions("at rest");
    local.run(["destroy", "rest.yaml", "--auto-approve"]).success();
}

#[test]
fn reading_starts_no_container_in_docker() {
    reading_starts_nothing(Runtime::Docker);
}

#[test]
fn reading_starts_no_container_without_a_daemon() {
    reading_starts_nothing(Runtime::Oci);
}

#[test]
fn a_task_that_outlived_its_command_is_read_with_its_own_exit_code_by_whatever_reads() {
    let Some(local) = Local::new(Runtime::Oci) else { return };
    local.sandbox().write("outlive.yaml", &recipe("outlive", 1, 3, 9));
    let mut applying = applying(&local, "outlive");
    applying.kill();
    local.run(["status", "outlive.yaml"]).success().stdout_contains("1 running, 0 waiting");
    std::thread::sleep(Duration::from_secs(4));
    // Whatever runtime this command would use itself: the node knows its own.
    let status = local
        .sandbox()
        .command(["status", "outlive.yaml", "--runtime", "simulated", "--format", "json"])
        .run();
    let status = status.code(7).json();
    assert_eq!(
        (&status["at_rest"], &status["jobs"][0]["failures"][0]["exit_code"]),
        (&true.into(), &9.into())
    );
    local.run(["destroy", "outlive.yaml", "--auto-approve"]).success();
}

#[test]
fn waiting_tasks_are_destroyed_without_being_started() {
    let Some(local) = Local::new(Runtime::Oci) else { return };
    local.sandbox().write("waiting.yaml", &recipe("waiting", 3, 3, 0));
    let applying = applying(&local, "waiting");
    applying.signal(Signal::INT);
    applying.wait(SOON).code(130);
    local.run(["destroy", "waiting.yaml", "--auto-approve"]).code(4).stderr_contains("--force");
    // The first task ends: its node would take the next one.
    std::thread::sleep(Duration::from_secs(4));
    let mut destroy = local.command(["destroy", "waiting.yaml", "--auto-approve"]).start();
    let containers = local.sandbox().data().join("oci/containers");
    let mut most = 0;
    while destroy.ended_within(Duration::from_millis(1)).is_none() {
        most = most.max(entries(&containers).len());
    }
    destroy.wait(SOON).success();
    assert_eq!(most, 1, "the container of the task that ended, and no other");
    assert_eq!(entries(&containers), Vec::<String>::new());
}

fn taken_over(runtime: Runtime, end: impl FnOnce(&mut Running)) {
    let Some(local) = Local::new(runtime) else { return };
    local.sandbox().write("first.yaml", &recipe("first", 1, 15, 3));
    local.sandbox().write("second.yaml", &recipe("second", 1, 25, 0));
    let mut first = applying(&local, "first");
    let second = applying(&local, "second");
    // Both commands go through the first one: it runs the account.
    local.run(["status", "first.yaml"]).success().stdout_contains("1 running");
    end(&mut first);
    until("the second command's running the account", || second.stderr().contains(TAKEN_OVER));
    let status = local.run(["status", "second.yaml"]);
    status.success().stdout_contains("1 running");
    assert!(!status.stdout.contains("at rest"), "{status}");
    let second = second.wait(SOON);
    second.success().stdout_contains("Job second: 1 succeeded");
    // The second command watched the first one's task to its end.
    let status = local.run(["status", "first.yaml"]);
    status.code(7).stdout_contains("0 succeeded, 1 failed").stdout_contains("exit 3");
    for recipe in ["first.yaml", "second.yaml"] {
        local.run(["destroy", recipe, "--auto-approve"]).success();
    }
}

#[test]
fn a_command_takes_over_from_one_that_is_killed() {
    taken_over(Runtime::Oci, Running::kill);
}

#[test]
fn a_command_takes_over_from_one_that_is_killed_with_docker() {
    taken_over(Runtime::Docker, Running::kill);
}

#[test]
fn a_command_takes_over_from_one_that_is_stopped() {
    taken_over(Runtime::Oci, |first| {
        first.signal(Signal::INT);
        assert_eq!(first.ended_within(SOON).and_then(|status| status.code()), Some(130));
    });
}

#[test]
fn a_command_that_only_waits_takes_over_from_one_that_is_done() {
    let Some(local) = Local::new(Runtime::Oci) else { return };
    local.sandbox().write("short.yaml", &recipe("short", 1, 2, 0));
    local.sandbox().write("long.yaml", &recipe("long", 2, 4, 0));
    let short = applying(&local, "short");
    let long = applying(&local, "long");
    short.wait(SOON).success().stdout_contains("Job short: 1 succeeded");
    long.wait(SOON).success().stdout_contains("Job long: 2 succeeded");
    for recipe in ["short.yaml", "long.yaml"] {
        local.run(["destroy", recipe, "--auto-approve"]).success();
    }
}
