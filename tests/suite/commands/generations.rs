//! Jobs and pools that are followed by others.

use std::time::{Duration, Instant};

use super::stranger::Stranger;
use crate::support::{Emulator, Output, Runtime, Sandbox};

/// `first` succeeds, `second` fails, `third` waits for it for ever, and the job would end with them.
const RECIPE: &str = r#"api_version: batchyard/v1
name: mended
parameters:
  exit: { type: integer, default: 3 }
pools:
  p: { vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {}, nodes: { dedicated: 1 } }
jobs:
  j:
    pool: p
    on_complete: terminate
    tasks:
      first: { container: { image: "busybox:1.37" }, command: one }
      second:
        depends_on: [first]
        container: { image: "busybox:1.37" }
        command: two
        environment: { BATCHYARD_SIMULATE: "exit=${{ params.exit }}" }
      third: { depends_on: [second], container: { image: "busybox:1.37" }, command: three }
"#;

fn apply(sandbox: &Sandbox, args: &[&str]) -> Output {
    sandbox.run(["apply", "recipe.yaml", "-y"].iter().chain(args))
}

fn plan(sandbox: &Sandbox, args: &[&str]) -> Output {
    sandbox.run(["plan", "recipe.yaml", "--detailed-exitcode"].iter().chain(args))
}

#[test]
fn a_mended_task_of_a_job_that_would_end_without_it_runs_in_another_one() {
    let sandbox = Sandbox::new().file("recipe.yaml", RECIPE);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    apply(&sandbox, &[]).code(7);
    let planned = plan(&sandbox, &["-p", "exit=0"]);
    planned.code(2).stdout_contains("`j` has nothing to do but tasks that change");
    planned.stdout_contains("3 tasks: 2 to add, 1 done by an earlier job");
    let mended = apply(&sandbox, &["-p", "exit=0"]);
    mended.success().stdout_contains("end the job before j-r2").stdout_contains("Job j-r2: 2 succeeded.");
    plan(&sandbox, &["-p", "exit=0"]).success().stdout_contains("No changes.");
    sandbox.run(["logs", "recipe.yaml"]).success().stdout_contains("==> j/first <==");
    sandbox.run(["destroy", "recipe.yaml", "-y"]).success().stdout_contains("delete job j-r2");
}

#[test]
fn the_id_of_a_generation_is_taken_and_it_comes_back_under_that_of_the_first() {
    let sandbox = Sandbox::new().file("recipe.yaml", &RECIPE.replace("default: 3", "default: 0"));
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    apply(&sandbox, &[]).success();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !sandbox.run(["status", "recipe.yaml"]).stdout.contains("completed") {
        assert!(Instant::now() < deadline, "the job does not end");
    }
    let more = sandbox.read("recipe.yaml").replace("command: one", "command: other");
    let more = more.replace("Standard_D2s_v3", "Standard_D4s_v3");
    sandbox.write("recipe.yaml", &more);
    let followed = apply(&sandbox, &["--allow", "blue_green"]);
    followed.success().stdout_contains("delete pool p").stdout_contains("Job j-r2: 3 succeeded.");
    let imported = sandbox.run(["import", "live", "--out", "imported"]);
    imported.success().stdout_contains("another generation of the job has followed it");
    let recipe = sandbox.read("imported/recipe.yaml");
    assert!(
        recipe.contains("\n  j:\n") && recipe.contains("\n  p:\n") && !recipe.contains("-r2"),
        "{recipe}"
    );
    sandbox.run(["plan", "imported", "--detailed-exitcode"]).success().stdout_contains("No changes.");

    // Two jobs of the recipe can't be one and the same.
    let another =
        "  j-r2:\n    pool: p\n    tasks: { x: { container: { image: \"busybox:1.37\" }, command: x } }\n";
    sandbox.write("recipe.yaml", &format!("{more}{another}"));
    let conflict = plan(&sandbox, &[]);
    conflict
        .code(5)
        .stdout_contains("! jobs.j-r2")
        .stdout_contains("it is a later generation of something else");
    apply(&sandbox, &[]).code(5);
    let status = sandbox.run(["status", "recipe.yaml"]).stdout;
    assert!(status.contains("job j-r2  completed, on pool p-r2: 3 succeeded"), "{status}");
}

/// A pool whose nodes come or don't, and that others take over from.
const POOL: &str = r#"api_version: batchyard/v1
name: taken
parameters:
  size: { type: string, default: Standard_D2s_v3 }
  start: { type: integer, default: 0 }
pools:
  p:
    vm_size: "${{ params.size }}"
    image: ubuntu-22.04-container
    container: {}
    nodes: { dedicated: 6 }
    on_change: blue_green
    start_task: { command: prepare, environment: { BATCHYARD_SIMULATE: "exit=${{ params.start }}" } }
jobs:
  j: { pool: p, tasks: { one: { container: { image: "busybox:1.37" }, command: one } } }
"#;

/// The ids of the account's pools.
fn pools(sandbox: &Sandbox) -> String {
    let status = sandbox.run(["status", "recipe.yaml", "--format", "json"]).json();
    let pools = status["pools"].as_array().unwrap().iter();
    pools.map(|pool| pool["id"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_takeover_that_failed_is_taken_back() {
    let sandbox = Sandbox::new().file("recipe.yaml", POOL);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    apply(&sandbox, &[]).success();
    let failed = apply(&sandbox, &["-p", "size=Standard_D4s_v3", "-p", "start=3"]);
    failed.code(6).stdout_contains(
        "wait for the nodes of pool p-r2 failed: no node of pool p-r2 can work (6 starttaskfailed)",
    );
    assert_eq!(pools(&sandbox), "p p-r2");
    let back = plan(&sandbox, &[]);
    back.code(2).stdout_contains("the recipe no longer asks for that").stdout_contains("- pools.p-r2");
    assert!(!back.stdout.contains("p-r3"), "{back}");
    apply(&sandbox, &[]).success();
    assert_eq!(pools(&sandbox), "p");
    plan(&sandbox, &[]).success().stdout_contains("No changes.");
    // The next takeover has an id that is free again.
    apply(&sandbox, &["-p", "size=Standard_D4s_v3"]).success();
    assert_eq!(pools(&sandbox), "p-r2");
}

#[test]
fn nodes_that_were_left_as_they_were_can_be_rebooted_later() {
    let recipe =
        POOL.replace("on_change: blue_green", "on_change: stop").replace("dedicated: 6", "dedicated: 2");
    let sandbox = Sandbox::new().file("recipe.yaml", &recipe);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    apply(&sandbox, &[]).success();
    let recipe = recipe.replace("command: prepare", "command: prepare more");
    sandbox.write("recipe.yaml", &recipe);
    apply(&sandbox, &[]).success().stdout_contains("update pool p").stdout_contains("now or later");
    let left = "nodes that have not rebooted since the pool changed go by what it was before; --allow reboot reboots them";
    plan(&sandbox, &[]).success().stdout_contains("No changes.").stdout_contains(left);
    // That is remembered whatever else changes.
    let recipe = recipe.replace("dedicated: 2", "dedicated: 3");
    sandbox.write("recipe.yaml", &recipe);
    apply(&sandbox, &[]).success().stdout_contains(left);
    plan(&sandbox, &[]).success().stdout_contains(left);
    let permitted = plan(&sandbox, &["--allow", "reboot"]);
    permitted.code(2).stdout_contains("nobody had permitted to reboot them").stdout_contains("~r pools.p");
    apply(&sandbox, &["--allow", "reboot"]).success().stdout_contains("reboot nodes p");
    for flags in [&[][..], &["--allow", "reboot"]] {
        let planned = plan(&sandbox, flags);
        assert!(!planned.success().stdout_contains("No changes.").stdout.contains("rebooted"), "{planned}");
    }

    // Nodes that come anew need no reboot.
    sandbox.write("recipe.yaml", &recipe.replace("command: prepare more", "command: prepare less"));
    apply(&sandbox, &[]).success();
    plan(&sandbox, &[]).success().stdout_contains(left);
    sandbox.write(
        "recipe.yaml",
        &recipe.replace("prepare more", "prepare less").replace("dedicated: 3", "dedicated: 0"),
    );
    apply(&sandbox, &[]).success();
    let planned = plan(&sandbox, &["--allow", "reboot"]);
    assert!(!planned.success().stdout.contains("rebooted"), "{planned}");
}

#[test]
fn a_rolling_reboot_stops_at_nodes_that_do_not_come_back() {
    let recipe = POOL.replace("on_change: blue_green", "on_change: stop");
    let sandbox = Sandbox::new().file("recipe.yaml", &recipe);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    apply(&sandbox, &[]).success();
    let broken = ["-p", "start=3", "--allow", "reboot"];
    for _ in 0..2 {
        // Again: whoever doubts it may try the same node once more, and no other.
        let stopped = apply(&sandbox, &broken);
        stopped.code(6).stdout_contains("a node was rebooted and did not come back, so no more are rebooted");
        stopped.stdout_contains("the start task failed with exit code 3");
        let status = sandbox.run(["status", "recipe.yaml", "--format", "json"]).json();
        assert_eq!(status["pools"][0]["nodes"], serde_json::json!({ "idle": 5, "starttaskfailed": 1 }));
    }
    let same = plan(&sandbox, &["-p", "start=3"]);
    same.code(2).stdout_contains("those that are left of its 6 nodes are rebooted, some at a time");
    // What was begun is ended, and said.
    let mended = plan(&sandbox, &[]);
    mended.code(2).stdout_contains("an earlier apply ended while it rebooted nodes");
    mended.stdout_contains("all of its 6 nodes are rebooted, some at a time");
    apply(&sandbox, &[]).success().stdout_contains("reboot nodes p");
    let status = sandbox.run(["status", "recipe.yaml", "--format", "json"]).json();
    assert_eq!(status["pools"][0]["nodes"], serde_json::json!({ "idle": 6 }));
    plan(&sandbox, &[]).success().stdout_contains("No changes.");
}

#[test]
fn a_task_that_is_not_there_cannot_run_again() {
    let sandbox = Sandbox::new().file("recipe.yaml", RECIPE);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    apply(&sandbox, &[]).code(7);
    for nothing in ["jobs.j.tasks.nope", "pools.p"] {
        let refused = plan(&sandbox, &["--rerun", nothing]);
        refused.code(64).stderr_contains(&format!("nothing in the recipe is meant by `{nothing}`"));
    }
    plan(&sandbox, &["--rerun", "jobs.j.tasks.second"]).code(2);
}

#[test]
fn all_generations_are_excluded_and_meant_together() {
    let sandbox = Sandbox::new().file("recipe.yaml", POOL);
    let Some(emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    apply(&sandbox, &[]).success();
    let larger = ["-p", "size=Standard_D4s_v3"];
    apply(&sandbox, &larger).success().stdout_contains("delete pool p");
    // The job is where its pool is, also where that is left alone.
    let rest = plan(&sandbox, &[&larger[..], &["--exclude", "pools.p"]].concat());
    rest.success().stdout_contains("No changes.");
    let destroy = |flags: &[&str]| sandbox.run(["plan", "recipe.yaml", "--destroy"].iter().chain(flags));
    let rest = destroy(&["--exclude", "pools.p"]);
    assert!(!rest.success().stdout_contains("jobs.j").stdout.contains("p-r2"), "{rest}");
    for address in ["pools.p", "pools.p-r2"] {
        let only = destroy(&["--target", address]);
        only.success().stdout_contains("pools.p-r2  pool `p-r2`").stdout_contains("Plan: 1 to destroy.");
    }
    sandbox.run(["destroy", "recipe.yaml", "-y", "--exclude", "pools.p"]).success();
    assert!(Stranger::of(&emulator).sees_pool("p-r2"));
}

#[test]
fn an_id_that_leaves_no_room_for_another_generation_is_said() {
    let long = "x".repeat(63);
    let recipe = POOL.replace("  p:\n", &format!("  p:\n    id: {long}\n"));
    let recipe = recipe.replace("{ pool: p,", &format!("{{ id: {long}, on_complete: terminate, pool: p,"));
    let sandbox = Sandbox::new().file("recipe.yaml", &recipe);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    apply(&sandbox, &[]).success();
    let refused = apply(&sandbox, &["-p", "size=Standard_D4s_v3"]);
    refused
        .code(4)
        .stderr_contains("no other pool can follow it: with `-r2` the id would be longer than 64 characters");
    let deadline = Instant::now() + Duration::from_secs(60);
    while !sandbox.run(["status", "recipe.yaml"]).stdout.contains("completed") {
        assert!(Instant::now() < deadline, "the job does not end");
    }
    sandbox.write("recipe.yaml", &recipe.replace("command: one", "command: other"));
    apply(&sandbox, &[]).code(4).stderr_contains("no other job can follow it");
}
