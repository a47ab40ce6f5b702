//! What a recipe's tasks meet on an account where things go wrong on demand.

use crate::support::{Emulator, Runtime, Sandbox};

const RECIPE: &str = r#"api_version: batchyard/v1
name: spotty
pools:
  p: { vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {}, nodes: { spot: 1 } }
jobs:
  j:
    pool: p
    tasks:
      t: { container: { image: batchyard/hello }, command: [sleep, "6"] }
"#;

fn serve<'a>(sandbox: &'a Sandbox, runtime: Runtime, faults: &str) -> Option<Emulator<'a>> {
    sandbox.write("faults.json", faults);
    let file = sandbox.path("faults.json");
    Emulator::start_with(sandbox, runtime, &["--faults", file.to_str().unwrap()])
}

/// The task of a node that is taken away runs again on the machine that comes in its place.
fn a_preempted_node_s_task_runs_again(runtime: Runtime) {
    let sandbox = Sandbox::new().file("recipe.yaml", RECIPE);
    let faults = r#"{"nodes": [{"fault": "preempted", "afterSeconds": 3, "absentSeconds": 10, "times": 1}]}"#;
    let Some(_emulator) = serve(&sandbox, runtime, faults) else { return };
    let applied = sandbox.run(["apply", "recipe.yaml", "--auto-approve"]);
    applied.success().stdout_contains("preempted").stdout_contains("Job j: 1 succeeded");
    sandbox.run(["plan", "recipe.yaml", "--detailed-exitcode"]).success().stdout_contains("No changes.");
    sandbox.run(["destroy", "recipe.yaml", "--auto-approve"]).success();
}

#[test]
fn a_task_of_a_preempted_spot_node_runs_again_in_a_container_of_docker() {
    a_preempted_node_s_task_runs_again(Runtime::Docker);
}

#[test]
fn a_task_of_a_preempted_spot_node_runs_again_in_a_container_without_a_daemon() {
    a_preempted_node_s_task_runs_again(Runtime::Oci);
}

#[test]
fn apply_and_destroy_come_through_lost_and_late_and_refused_answers() {
    let sandbox = Sandbox::new().file("recipe.yaml", &RECIPE.replace("\"6\"", "\"1\""));
    let faults = r#"{"seed": 3, "requests": [
        {"answer": 429, "retryAfterSeconds": 1, "share": 0.1},
        {"answer": 503, "share": 0.1},
        {"answer": "none", "carriedOut": true, "share": 0.2, "methods": ["POST", "PATCH", "DELETE"]},
        {"answer": "none", "share": 0.1},
        {"delayMilliseconds": 200, "share": 0.1}]}"#;
    let Some(_emulator) = serve(&sandbox, Runtime::Simulated, faults) else { return };
    sandbox.run(["apply", "recipe.yaml", "--auto-approve"]).success();
    sandbox.run(["plan", "recipe.yaml", "--detailed-exitcode"]).success().stdout_contains("No changes.");
    sandbox.run(["destroy", "recipe.yaml", "--auto-approve"]).success();
    sandbox.run(["status", "recipe.yaml"]).success().stdout_contains("Nothing of this recipe");
}
