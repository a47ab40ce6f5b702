//! Recipes whose jobs have pools of their own.

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
      epoch: { container: { image: batchyard/hello }, command: [greet, "epoch"] }
"#;

fn an_auto_pool_lives_as_long_as_its_job(runtime: Runtime) {
    let sandbox = Sandbox::new().file("recipe.yaml", RECIPE);
    let Some(_emulator) = Emulator::start(&sandbox, runtime) else { return };
    sandbox.run(["apply", "recipe.yaml", "--auto-approve"]).success();
    sandbox.run(["plan", "recipe.yaml", "--detailed-exitcode"]).success().stdout_contains("No changes.");
    sandbox.run(["status", "recipe.yaml"]).success().stdout_contains("train-");
    sandbox.run(["destroy", "recipe.yaml", "--auto-approve"]).success();
    sandbox.run(["status", "recipe.yaml"]).success().stdout_contains("Nothing of this recipe");
    let left = std::fs::read_dir(sandbox.data().join("nodes")).unwrap().count();
    assert_eq!(left, 0, "a pool is left");
}

#[test]
fn a_recipe_s_auto_pool_leaves_nothing_to_plan_and_nothing_behind() {
    an_auto_pool_lives_as_long_as_its_job(Runtime::Simulated);
}

#[test]
fn a_task_runs_in_a_container_on_an_auto_pool() {
    an_auto_pool_lives_as_long_as_its_job(Runtime::Oci);
}
