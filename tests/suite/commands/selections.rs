//! Plans of a part of a recipe, of what nothing asks for, and of what only takes effect in turns.

use std::time::{Duration, Instant};

use super::stranger::Stranger;
use crate::support::{Emulator, Runtime, Sandbox};

const RECIPE: &str = r#"api_version: batchyard/v1
name: part
parameters:
  command: { type: string, default: "true" }
  pool: { type: string, default: p }
pools:
  p: &pool
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: { dedicated: 3 }
    start_task: { command: "${{ params.command }}" }
  q: *pool
jobs:
  j:
    pool: "${{ params.pool }}"
    tasks:
      t: { for_each: { n: { range: [1, 3] } }, container: { image: busybox }, command: [echo, "${{ item.n }}"] }
      bad: { container: { image: busybox }, command: [false], environment: { BATCHYARD_SIMULATE: exit=1 } }
"#;

fn sandbox() -> Sandbox {
    Sandbox::new().file("recipe.yaml", RECIPE)
}

fn count(sandbox: &Sandbox, kind: &str) -> usize {
    let status = sandbox.run(["status", "recipe.yaml", "--format", "json"]).json();
    status[kind].as_array().unwrap().iter().filter(|it| it["state"] != "missing").count()
}

#[test]
fn a_target_brings_what_it_needs_and_leaves_the_rest() {
    let sandbox = sandbox();
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let plan = sandbox.run(["plan", "recipe.yaml", "--target", "jobs.j"]);
    plan.success().stdout_contains("+ pools.p").stdout_contains("Plan: 3 to create.");
    sandbox
        .run(["apply", "recipe.yaml", "-y", "--no-wait", "--target", "pools.*", "--exclude", "pools.q"])
        .success();
    let rest = sandbox.run(["plan", "recipe.yaml"]);
    rest.success().stdout_contains("+ pools.q").stdout_contains("Plan: 3 to create.");
    let slip = sandbox.run(["plan", "recipe.yaml", "--target", "pools.x"]);
    slip.code(64)
        .stderr_contains("nothing in the recipe is meant by `pools.x`; it has pools.p, pools.q, jobs.j");
    let single = sandbox.run(["plan", "recipe.yaml", "--replace", "jobs.j.tasks.bad"]);
    single.code(64).stderr_contains("--rerun runs single tasks again");
    sandbox.run(["plan", "recipe.yaml", "--target", "x"]).code(64).stderr_contains("`x` is no address");
    sandbox.run(["apply", "recipe.yaml", "-y", "--no-wait"]).success();
    sandbox.run(["destroy", "recipe.yaml", "-y", "--force", "--target", "pools.q"]).success();
    sandbox.run(["plan", "recipe.yaml"]).success().stdout_contains("Plan: 1 to create.");
}

#[test]
fn what_nothing_asks_for_is_made_anew_on_request() {
    let sandbox = sandbox();
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "recipe.yaml", "-y"]).code(7);
    let replace = sandbox.run(["plan", "recipe.yaml", "--replace", "pools.q"]);
    replace.success().stdout_contains("-/+ pools.q").stdout_contains("--replace asks for it");
    sandbox.run(["apply", "recipe.yaml", "-y", "--no-wait", "--replace", "pools.q"]).code(7);
    let rerun = sandbox.run(["plan", "recipe.yaml", "--rerun", "failed"]);
    rerun
        .success()
        .stdout_contains("4 tasks: 1 to replace, 3 kept")
        .stdout_contains("because --rerun asks for it");
    let some = sandbox.run(["plan", "recipe.yaml", "--rerun", "jobs.j.tasks.t-[12]"]);
    some.success().stdout_contains("4 tasks: 2 to replace, 2 kept");
    let again = sandbox.run(["apply", "recipe.yaml", "-y", "--rerun", "failed"]);
    again.code(7).stdout_contains("bad");
    sandbox.run(["plan", "recipe.yaml"]).success().stdout_contains("No changes.");
}

#[test]
fn nodes_reboot_in_turns_to_go_by_another_start_task() {
    let sandbox = sandbox();
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "recipe.yaml", "-y", "--no-wait", "--target", "pools.*"]).success();
    let changed = ["-p", "command=echo other", "--target", "pools.*"];
    let plan = sandbox.run(["plan", "recipe.yaml"].iter().chain(&changed));
    plan.success()
        .stdout_contains("~r pools.p")
        .stdout_contains("nodes keep what they have until they reboot");
    let rebooting = sandbox.run(["plan", "recipe.yaml", "--allow", "reboot"].iter().chain(&changed));
    rebooting.success().stdout_contains("3 nodes are rebooted, some at a time");
    let apply = ["apply", "recipe.yaml", "-y", "--no-wait", "--allow", "reboot", "--format", "json"];
    let applied = sandbox.run(apply.iter().chain(&changed));
    applied.success().stdout_contains("reboot nodes");
    let after = sandbox.run(["plan", "recipe.yaml"].iter().chain(&changed));
    after.success().stdout_contains("No changes.");
}

#[test]
fn a_job_moves_to_another_pool_and_goes_on() {
    let sandbox = sandbox();
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "recipe.yaml", "-y"]).code(7);
    let moved = ["-p", "pool=q"];
    let plan = sandbox.run(["plan", "recipe.yaml"].iter().chain(&moved));
    plan.success().stdout_contains("~d jobs.j").stdout_contains("pool : \"p\" -> \"q\"");
    // A task failed, before it moved.
    sandbox.run(["apply", "recipe.yaml", "-y", "--no-wait"].iter().chain(&moved)).code(7);
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let status = sandbox.run(["status", "recipe.yaml", "-p", "pool=q", "--format", "json"]).json();
        if status["jobs"][0]["state"] == "active" {
            break;
        }
        assert!(Instant::now() < deadline, "{status}");
    }
    sandbox.run(["plan", "recipe.yaml"].iter().chain(&moved)).success().stdout_contains("No changes.");
    assert_eq!(count(&sandbox, "pools"), 2);
}

#[test]
fn drift_is_said_and_set_back() {
    let sandbox = sandbox();
    let Some(emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "recipe.yaml", "-y", "--no-wait", "--target", "pools.p"]).success();
    let clean = sandbox.run(["plan", "recipe.yaml", "--refresh-only", "--target", "pools.p"]);
    clean.success().stdout_contains("No drift found.");
    Stranger::of(&emulator).resize_pool("p", 1);
    let drift = sandbox.run(["plan", "recipe.yaml", "--refresh-only", "--detailed-exitcode"]);
    drift.code(2).stdout_contains("nodes.dedicated : 1 -> 3").stdout_contains("Drift: 1 object changed");
    let older = ["plan", "recipe.yaml", "--api-version", "2024-02-01.19.0", "--target", "pools.p"];
    sandbox.run(older).success().stdout_contains("nodes.dedicated : 1 -> 3");
}

/// A pool and a job whose keys are not their ids.
const NAMED: &str = r#"api_version: batchyard/v1
name: named
pools:
  key: { id: realid, vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {}, nodes: { dedicated: 1 } }
jobs:
  work: { id: realjob, pool: key, tasks: { t: { container: { image: busybox }, command: run } } }
"#;

#[test]
fn destroying_leaves_alone_what_is_excluded() {
    let sandbox = Sandbox::new().file("recipe.yaml", NAMED);
    let Some(emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "recipe.yaml", "-y"]).success();
    let destroy = |args: &[&str]| sandbox.run(["destroy", "recipe.yaml", "-y"].iter().chain(args));
    let slip = destroy(&["--exclude", "pools.typo"]);
    slip.code(64)
        .stderr_contains("nothing in the recipe is meant by `pools.typo`; it has pools.key, jobs.work");
    let kept = ["plan", "recipe.yaml", "--destroy", "--exclude", "pools.key", "--out", "kept.plan"];
    sandbox.run(kept).success().stdout_contains("Plan: 1 to destroy.");
    sandbox.run(["apply", "kept.plan"]).success().stdout_contains("delete job realjob");
    assert!(Stranger::of(&emulator).sees_pool("realid"));
    let none = destroy(&["--target", "jobs.work"]);
    none.success()
        .stdout_contains("the account has nothing of what is selected that the recipe `named` made");
    let gone = destroy(&["--target", "pools.key"]);
    gone.success().stdout_contains("- pools.key  pool `realid` will be destroyed");
    assert!(!Stranger::of(&emulator).sees_pool("realid"));
}

#[test]
fn a_pool_is_not_destroyed_under_a_job_that_is_excluded() {
    let long =
        NAMED.replace("command: run", "command: run, environment: { BATCHYARD_SIMULATE: seconds=600 }");
    let sandbox = Sandbox::new().file("recipe.yaml", &long);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "recipe.yaml", "-y", "--no-wait"]).success();
    let refused = sandbox.run(["destroy", "recipe.yaml", "-y", "--exclude", "jobs.work"]);
    refused.code(4).stderr_contains("pool `realid`: the job `realjob` of the recipe `named` uses it");
}

#[test]
fn what_would_have_no_effect_is_refused() {
    let sandbox = sandbox();
    let refused = |args: &[&str]| {
        let output = sandbox.run(["plan", "recipe.yaml"].iter().chain(args));
        output.code(64).stderr_contains("cannot be used with");
    };
    for flags in [&["--allow", "drain"][..], &["--adopt"], &["--prune"], &["--replace", "pools.p"]] {
        refused(&[&["--destroy"][..], flags].concat());
        refused(&[&["--refresh-only"][..], flags].concat());
    }
    refused(&["--destroy", "--rerun", "failed"]);
    refused(&["--refresh-only", "--rerun", "failed"]);
    refused(&["--prune", "--target", "pools.p"]);
    refused(&["--prune", "--exclude", "pools.p"]);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    for asked in ["--replace", "--rerun"] {
        let plan = sandbox.run(["plan", "recipe.yaml", asked, "jobs.j", "--target", "pools.q"]);
        plan.code(64).stderr_contains("nothing in the selection is meant by `jobs.j`");
    }
}
