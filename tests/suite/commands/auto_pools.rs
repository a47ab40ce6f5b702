//! Recipes whose jobs have pools of their own.

use std::time::Duration;

use crate::support::{Emulator, Runtime, Sandbox};

const RECIPE: &str = r#"api_version: batchyard/v1
name: nightly
jobs:
  train:
    pool:
      auto:
        auto_pool_id_prefix: train-
        pool: { vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {}, nodes: { dedicated: 1 } }
    tasks:
      epoch: { container: { image: batchyard/hello }, command: [sleep, "1"] }
"#;

fn an_auto_pool_lives_as_long_as_its_job(runtime: Runtime) {
    let sandbox = Sandbox::new().file("recipe.yaml", RECIPE);
    let Some(_emulator) = Emulator::start(&sandbox, runtime) else { return };
    sandbox.run(["apply", "recipe.yaml", "--auto-approve"]).success();
    sandbox.run(["plan", "recipe.yaml", "--detailed-exitcode"]).success().stdout_contains("No changes.");
    sandbox.run(["status", "recipe.yaml"]).success().stdout_contains("train-");
    sandbox.run(["destroy", "recipe.yaml", "--auto-approve"]).success();
    sandbox.run(["status", "recipe.yaml"]).success().stdout_contains("Nothing of this recipe");
    no_pool_is_left(&sandbox);
}

/// The service deletes a pool after its job or schedule is gone: waits for its last node.
#[track_caller]
fn no_pool_is_left(sandbox: &Sandbox) {
    let left = || std::fs::read_dir(sandbox.data().join("nodes")).map_or(0, Iterator::count);
    for _ in 0..200 {
        if left() == 0 {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{} pools are left", left());
}

#[test]
fn a_recipe_s_auto_pool_leaves_nothing_to_plan_and_nothing_behind() {
    an_auto_pool_lives_as_long_as_its_job(Runtime::Simulated);
}

#[test]
fn a_task_runs_in_a_container_on_an_auto_pool() {
    an_auto_pool_lives_as_long_as_its_job(Runtime::Oci);
}

#[test]
fn the_pool_that_a_schedule_s_jobs_share_goes_with_the_schedule() {
    let recipe = r#"api_version: batchyard/v1
name: nightly
schedules:
  report:
    recurrence: { interval: 1h }
    job:
      pool:
        auto:
          pool_lifetime_option: job_schedule
          pool: { vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {}, nodes: { dedicated: 1 } }
      manager_task: { container: { image: batchyard/hello }, command: [sleep, "1"] }
"#;
    let sandbox = Sandbox::new().file("recipe.yaml", recipe);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "recipe.yaml", "--auto-approve"]).success();
    sandbox.run(["plan", "recipe.yaml", "--detailed-exitcode"]).success().stdout_contains("No changes.");
    sandbox.run(["logs", "report:job-1/jobmanager", "--follow"]);
    sandbox.run(["destroy", "recipe.yaml", "--auto-approve"]).success();
    no_pool_is_left(&sandbox);
}
