//! What survives `kill -9`.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Emulator, Runtime, Sandbox, Service};

/// Ten tasks that run for a few seconds, and then two that depend on them.
fn recipe(registry: &str) -> String {
    format!(
        r#"api_version: batchyard/v1
name: crash
pools:
  p:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {{ prefetch: ["{registry}/busybox:latest"] }}
    nodes: {{ dedicated: 2 }}
    slots_per_node: 5
jobs:
  j:
    pool: p
    tasks:
      work:
        for_each: {{ n: {{ range: [1, 10] }} }}
        container: {{ image: "{registry}/busybox:latest" }}
        command: ["/bin/sh", "-c", "echo begin ${{{{ item.n }}}}; sleep 4; echo end ${{{{ item.n }}}}; exit ${{{{ item.n % 2 }}}}"]
      after:
        depends_on: [work]
        container: {{ image: "{registry}/busybox:latest" }}
        command: [echo, never]
"#
    )
}

fn tasks(sandbox: &Sandbox) -> Value {
    let status = sandbox.run(["status", "recipe.yaml", "--format", "json"]).json();
    status["jobs"][0]["tasks"].clone()
}

#[track_caller]
fn until(sandbox: &Sandbox, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let counts = tasks(sandbox);
        if holds(&counts) {
            return counts;
        }
        assert!(Instant::now() < deadline, "{what} did not come about: {counts}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn killed_in_the_middle(runtime: Runtime) {
    let Some(registry) = Service::Registry.address() else { return };
    let sandbox = Sandbox::new().file("recipe.yaml", &recipe(&registry));
    let Some(mut emulator) = Emulator::start(&sandbox, runtime) else { return };
    sandbox.run(["apply", "recipe.yaml", "--auto-approve", "--no-wait"]).success();
    until(&sandbox, "ten running tasks", |counts| counts["running"] == 10);
    emulator.kill();
    emulator.restart();
    let plan = sandbox.run(["plan", "recipe.yaml", "--detailed-exitcode"]);
    plan.success().stdout_contains("No changes.");
    // Odd tasks exit with 1: every task ends with its own result, and what depends on a failed one never runs.
    let counts = until(&sandbox, "the end of all tasks", |counts| counts["completed"] == 10);
    assert_eq!(
        (&counts["succeeded"], &counts["failed"], &counts["active"]),
        (&5.into(), &5.into(), &1.into()),
        "{}",
        sandbox.run(["status", "recipe.yaml", "--format", "json"])
    );
    for n in 1..=10 {
        let log = sandbox.run(["logs", &format!("j/work-{n}")]);
        log.success().stdout_contains(&format!("begin {n}\n")).stdout_contains(&format!("end {n}\n"));
    }
}

#[test]
fn tasks_in_docker_outlive_the_emulator() {
    killed_in_the_middle(Runtime::Docker);
}

#[test]
fn tasks_without_a_daemon_outlive_the_emulator() {
    killed_in_the_middle(Runtime::Oci);
}
