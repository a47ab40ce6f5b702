//! Work of others is not ended without a word.

use std::time::{Duration, Instant};

use batchyard::batch::model::BatchTaskState;

use super::stranger::Stranger;
use crate::support::{Emulator, Runtime, Sandbox};

const RECIPE: &str = r#"api_version: batchyard/v1
name: owner
parameters:
  slots: { type: integer, default: 4 }
pools:
  shared:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: { dedicated: 1 }
    slots_per_node: "${{ params.slots }}"
    on_change: recreate
jobs:
  own:
    pool: shared
    tasks:
      t: { container: { image: busybox }, command: ["true"] }
"#;

const GUEST: &str = r#"api_version: batchyard/v1
name: guest
jobs:
  visit:
    pool: { id: shared }
    tasks:
      stay:
        container: { image: busybox }
        command: [sleep]
        environment: { BATCHYARD_SIMULATE: seconds=600 }
"#;

fn sandbox() -> Sandbox {
    Sandbox::new().file("owner.yaml", RECIPE).file("guest.yaml", GUEST)
}

#[test]
fn a_pool_is_not_destroyed_under_the_job_of_another_recipe() {
    let sandbox = sandbox();
    let Some(emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "owner.yaml", "-y"]).success();
    sandbox.run(["apply", "guest.yaml", "-y", "--no-wait"]).success();

    let uses = "the job `visit` of the recipe `guest` uses it (1 running, 0 waiting)";
    sandbox.run(["plan", "owner.yaml", "--destroy"]).success().stdout_contains(uses);
    let refused = sandbox.run(["destroy", "owner.yaml", "-y"]);
    refused.code(4).stdout_contains(uses).stderr_contains(&format!("pool `shared`: {uses}"));
    refused.stderr_contains("nothing was destroyed").stderr_contains("--force");
    let stranger = Stranger::of(&emulator);
    assert!(stranger.sees_pool("shared"));

    let plan = sandbox.run(["plan", "owner.yaml", "--destroy", "--format", "json"]).json();
    assert_eq!(plan["applyable"], false);
    let pool = plan["resource_changes"].as_array().unwrap().iter().find(|it| it["address"] == "pools.shared");
    let obstacle = &pool.unwrap()["obstacles"][0];
    assert_eq!((&obstacle["kind"], &obstacle["job"]), (&"pool_in_use".into(), &"visit".into()));
    assert_eq!((&obstacle["recipe"], &obstacle["running"]), (&"guest".into(), &1.into()));

    sandbox.run(["destroy", "owner.yaml", "-y", "--force"]).success();
    assert!(!stranger.sees_pool("shared"));
}

#[test]
fn a_pool_is_not_replaced_under_the_job_of_an_sdk() {
    let sandbox = sandbox();
    let Some(emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "owner.yaml", "-y"]).success();
    Stranger::of(&emulator).job("by-hand", "shared").task("by-hand", "t", "seconds=600");
    let changed = ["apply", "owner.yaml", "-y", "-p", "slots=2"];
    let refused = sandbox.run(changed);
    refused
        .code(4)
        .stderr_contains("the job `by-hand`, which no recipe made, uses it (1 running, 0 waiting)");
    refused.stderr_contains("nothing was changed");
    sandbox.run(changed.into_iter().chain(["--force"])).success();
    sandbox.run(["plan", "owner.yaml", "--detailed-exitcode", "-p", "slots=2"]).success();
}

/// The owner's pool, with a task of the guest's running on it.
fn visited(sandbox: &Sandbox, emulator: &Emulator<'_>) -> Stranger {
    sandbox.run(["apply", "owner.yaml", "-y"]).success();
    sandbox.run(["apply", "guest.yaml", "-y", "--no-wait"]).success();
    let stranger = Stranger::of(emulator);
    let deadline = Instant::now() + Duration::from_secs(60);
    while stranger.states("visit") != [(BatchTaskState::Running, 0)] {
        assert!(Instant::now() < deadline, "{:?}", stranger.states("visit"));
    }
    stranger
}

#[test]
fn a_pool_that_shrinks_lets_tasks_finish() {
    let sandbox = sandbox();
    let Some(emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let stranger = visited(&sandbox, &emulator);
    sandbox.write("owner.yaml", &RECIPE.replace("dedicated: 1", "dedicated: 0"));
    let plan = sandbox.run(["plan", "owner.yaml"]);
    plan.success().stdout_contains("1 node goes, once the tasks that run there have completed");
    sandbox.run(["apply", "owner.yaml", "-y", "--no-wait"]).success().stdout_contains("resize pool shared");
    assert_eq!(stranger.states("visit"), [(BatchTaskState::Running, 0)], "it was not interrupted");
    sandbox.run(["plan", "owner.yaml", "--detailed-exitcode"]).success().stdout_contains("No changes.");
}

#[test]
fn nodes_are_not_rebooted_under_the_tasks_of_another_recipe() {
    let sandbox = sandbox();
    let Some(emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let stranger = visited(&sandbox, &emulator);
    let start_task = "on_change: reboot\n    start_task: { command: [prepare] }";
    sandbox.write("owner.yaml", &RECIPE.replace("on_change: recreate", start_task));
    let refused = sandbox.run(["apply", "owner.yaml", "-y", "--no-wait"]);
    refused.code(4).stderr_contains(
        "pool `shared`: the job `visit` of the recipe `guest` uses it (1 running, 0 waiting)",
    );
    // Where nothing is rebooted, nothing stands in the way.
    sandbox.write("owner.yaml", &RECIPE.replace("on_change: recreate", "start_task: { command: [prepare] }"));
    sandbox.run(["apply", "owner.yaml", "-y", "--no-wait"]).success();
    let later = sandbox.run(["apply", "owner.yaml", "-y", "--no-wait", "--allow", "reboot"]);
    later.code(4).stderr_contains("the job `visit` of the recipe `guest` uses it");
    assert_eq!(stranger.states("visit"), [(BatchTaskState::Running, 0)]);
}

#[test]
fn a_job_that_is_over_keeps_no_pool() {
    let sandbox = sandbox();
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "owner.yaml", "-y"]).success();
    sandbox.write(
        "guest.yaml",
        &GUEST.replace("seconds=600", "exit=0").replace("    pool:", "    on_complete: terminate\n    pool:"),
    );
    sandbox.run(["apply", "guest.yaml", "-y"]).success();
    sandbox.run(["destroy", "owner.yaml", "-y"]).success();
}

#[test]
fn foreign_tasks_in_an_owned_job_are_counted_named_and_kept() {
    let sandbox = sandbox();
    let Some(emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "owner.yaml", "-y"]).success();
    let stranger = Stranger::of(&emulator);
    stranger.task("own", "extra-1", "exit=0").task("own", "extra-2", "seconds=600");

    let plan = sandbox.run(["plan", "owner.yaml", "--detailed-exitcode"]);
    plan.success().stdout_contains("2 tasks that no recipe made are left alone: extra-1, extra-2");
    let refused = sandbox.run(["destroy", "owner.yaml", "-y"]);
    refused.code(4).stderr_contains("1 of its tasks is running");
    refused.stderr_contains("it holds 2 tasks that no recipe made, 1 of them unfinished: extra-1, extra-2");
    assert_eq!(stranger.tasks("own").len(), 3);
    sandbox.run(["destroy", "owner.yaml", "-y", "--force"]).success();
    assert!(!stranger.sees_pool("shared"));
}

#[test]
fn pruning_asks_for_running_work_to_be_given_up() {
    let sandbox = sandbox();
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let two =
        format!("{RECIPE}{}", GUEST.split_once("jobs:\n").unwrap().1.replace("{ id: shared }", "shared"));
    sandbox.write("owner.yaml", &two);
    sandbox.run(["apply", "owner.yaml", "-y", "--no-wait"]).success();
    sandbox.write("owner.yaml", RECIPE);
    sandbox.run(["apply", "owner.yaml", "-y"]).success().stdout_contains("job visit; use --prune");
    let refused = sandbox.run(["apply", "owner.yaml", "-y", "--prune"]);
    refused.code(4).stderr_contains("job `visit`: 1 of its tasks is running");
    sandbox.run(["apply", "owner.yaml", "-y", "--prune", "--force"]).success();
    sandbox.run(["plan", "owner.yaml", "--detailed-exitcode"]).success();
}
