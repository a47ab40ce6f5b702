//! Job preparation and release tasks of recipes, in real containers and on the node itself.

use crate::support::{Emulator, Local, Runtime, Sandbox, Service};

/// A job whose nodes unpack what the tasks read, and tidy up behind them.
const PREPARED: &str = r#"api_version: batchyard/v1
name: prepared
pools:
  p: { vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {}, nodes: { dedicated: 1 }, slots_per_node: 2 }
jobs:
  j:
    pool: p
    on_complete: terminate
    preparation_task:
      # On the node itself: no container settings.
      elevation: admin
      command: sh -c "echo prepared once >> $AZ_BATCH_NODE_SHARED_DIR/data; echo mine > own; echo $AZ_BATCH_TASK_ID"
    release_task:
      container: { image: "REGISTRY/busybox:latest" }
      command: echo released
    tasks:
      a: &reads
        container: { image: "REGISTRY/busybox:latest" }
        command: ["/bin/sh", "-c", "cat $AZ_BATCH_NODE_SHARED_DIR/data $AZ_BATCH_JOB_PREP_WORKING_DIR/own"]
      b: *reads
"#;

fn prepared(runtime: Runtime) {
    let Some(registry) = Service::Registry.address() else { return };
    let Some(local) = Local::new(runtime) else { return };
    local.sandbox().write("prepared.yaml", &PREPARED.replace("REGISTRY", &registry));
    let applied = local.run(["apply", "prepared.yaml", "--auto-approve"]);
    applied.success().stdout_contains("2 succeeded");
    assert_eq!(
        applied.stdout.matches("│ prepared once").count(),
        2,
        "once on the node, read by two tasks: {applied}"
    );
    assert_eq!(applied.stdout.matches("│ mine").count(), 2, "{applied}");
    // It waited for the release of the node, too.
    local.run(["status", "prepared.yaml"]).success().stdout_contains("completed");
    local.run(["plan", "prepared.yaml", "--detailed-exitcode"]).success().stdout_contains("No changes.");
    local.run(["destroy", "prepared.yaml", "--auto-approve"]).success();
}

#[test]
fn nodes_are_prepared_and_released_with_docker() {
    prepared(Runtime::Docker);
}

#[test]
fn nodes_are_prepared_and_released_without_a_daemon() {
    prepared(Runtime::Oci);
}

const UNPREPARED: &str = r#"api_version: batchyard/v1
name: unprepared
pools:
  p: { vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {}, nodes: { dedicated: 2 } }
jobs:
  j:
    pool: p
    preparation_task: { command: prepare, container: { image: busybox }, environment: { BATCHYARD_SIMULATE: exit=4 } }
    tasks:
      t: { container: { image: busybox }, command: ["true"] }
"#;

#[test]
fn a_job_that_no_node_can_be_prepared_for_is_not_waited_for() {
    let sandbox = Sandbox::new().file("recipe.yaml", UNPREPARED);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let applied = sandbox.run(["apply", "recipe.yaml", "-y"]);
    applied
        .code(7)
        .stdout_contains("the job's preparation task failed on all 2 nodes of pool p that can work");
    applied
        .stdout_contains("FailureExitCode: exit code 4")
        .stdout_contains("hint: mend the job's `preparation_task`");
    let status = sandbox.run(["status", "recipe.yaml", "--format", "json"]).json();
    assert_eq!(status["jobs"][0]["held"][0]["kind"], "unprepared");
    let follows = sandbox.run(["logs", "j/t", "-f"]);
    follows.code(7).stderr_contains("the job's preparation task failed on");
    sandbox.write("recipe.yaml", &UNPREPARED.replace("exit=4", "exit=0"));
    let mended = sandbox.run(["apply", "recipe.yaml", "-y", "--allow", "recreate"]);
    mended.success().stdout_contains("1 succeeded");
    sandbox.run(["plan", "recipe.yaml", "--detailed-exitcode"]).success().stdout_contains("No changes.");
}
