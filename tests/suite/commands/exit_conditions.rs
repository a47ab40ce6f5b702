//! Recipes that say what follows from how a task ends.

use crate::support::{Emulator, Runtime, Sandbox};

/// A job whose first task ends with an exit code, and what follows from that.
fn recipe(job: &str, code: u8, conditions: &str) -> String {
    format!(
        r#"api_version: batchyard/v1
name: ends
pools:
  p: {{ vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {{}}, nodes: {{ dedicated: 1 }} }}
jobs:
  j:
    pool: p
    {job}
    tasks:
      first:
        container: {{ image: "busybox:1" }}
        command: work
        environment: {{ BATCHYARD_SIMULATE: exit={code} }}
        exit_conditions: {conditions}
      second: {{ container: {{ image: "busybox:1" }}, command: work, depends_on: [first] }}
"#
    )
}

#[test]
fn a_failure_that_satisfies_keeps_nobody_waiting() {
    let satisfy = "{ exit_codes: [{ code: 3, exit_options: { dependency_action: satisfy } }] }";
    let sandbox = Sandbox::new().file("recipe.yaml", &recipe("priority: 0", 3, satisfy));
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let applied = sandbox.run(["apply", "recipe.yaml", "-y"]);
    applied.code(7).stdout_contains("Job j: 1 succeeded, 1 failed.").never_mentions("can't run");
    sandbox.run(["plan", "recipe.yaml", "--detailed-exitcode"]).success();
    sandbox.run(["destroy", "recipe.yaml", "-y"]).success();
}

#[test]
fn a_failure_that_ends_the_job_leaves_nothing_to_wait_for() {
    let acts = "on_task_failure: perform_exit_options_job_action";
    let ends = "{ default: { job_action: terminate } }";
    let sandbox = Sandbox::new().file("recipe.yaml", &recipe(acts, 3, ends));
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let applied = sandbox.run(["apply", "recipe.yaml", "-y"]);
    applied.code(7).stdout_contains("first: exit 3").stdout_contains("Job j: 0 succeeded, 1 failed.");
    sandbox.run(["plan", "recipe.yaml", "--detailed-exitcode"]).success();
    sandbox.run(["destroy", "recipe.yaml", "-y"]).success();
}

#[test]
fn a_success_that_blocks_is_not_waited_for() {
    let block = "{ exit_codes: [{ code: 0, exit_options: { dependency_action: block } }] }";
    let sandbox = Sandbox::new().file("recipe.yaml", &recipe("priority: 0", 0, block));
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let applied = sandbox.run(["apply", "recipe.yaml", "-y"]);
    applied.code(7).stdout_contains("Job j: 1 succeeded.");
    applied.stdout_contains(
        "1 task can't run: a task that it depends on blocks it, by its exit conditions: first",
    );
    let followed = sandbox.run(["logs", "j/second", "--follow"]);
    followed.code(7).stderr_contains("a task that it depends on blocks it, by its exit conditions: first");
    sandbox.run(["plan", "recipe.yaml", "--detailed-exitcode"]).success();
    sandbox.run(["destroy", "recipe.yaml", "-y"]).success();
}
