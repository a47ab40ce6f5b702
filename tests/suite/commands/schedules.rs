//! Recipes with job schedules, against a served account that makes their jobs.

use std::time::{Duration, Instant};

use super::stranger::Stranger;
use crate::support::{Emulator, Runtime, Sandbox};

const RECIPE: &str = r#"api_version: batchyard/v1
name: nightly
pools:
  p: { vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {}, nodes: { dedicated: 1 } }
schedules:
  report:
    recurrence: { interval: 1h, start_window: 10m }
    job:
      pool: p
      manager_task: { container: { image: batchyard/hello }, command: [sleep, "1"] }
"#;

/// Runs `status` until it shows `text`.
#[track_caller]
fn until_status(sandbox: &Sandbox, text: &str) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let status = sandbox.run(["status", "recipe.yaml"]);
        if status.stdout.contains(text) {
            return;
        }
        assert!(Instant::now() < deadline, "never {text:?}:\n{status}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn a_schedule_is_applied(runtime: Runtime) {
    let sandbox = Sandbox::new().file("recipe.yaml", RECIPE);
    let Some(emulator) = Emulator::start(&sandbox, runtime) else { return };
    sandbox.run(["plan", "recipe.yaml", "--detailed-exitcode"]).code(2).stdout_contains("schedules.report");
    sandbox.run(["apply", "recipe.yaml", "--auto-approve"]).success();
    sandbox.run(["plan", "recipe.yaml", "--detailed-exitcode"]).success().stdout_contains("No changes.");
    until_status(&sandbox, "last one report:job-1");
    let wait = sandbox.run(["logs", "report:job-1/jobmanager", "--follow"]);
    if runtime == Runtime::Oci {
        wait.success().stdout_contains("sleeping");
    }
    sandbox.run(["status", "recipe.yaml"]).success().stdout_contains("job report:job-1");
    let status = sandbox.run(["status", "recipe.yaml", "--format", "json"]).success().json();
    assert_eq!(status["over"], false, "the schedule makes more jobs");
    sandbox.run(["logs", "recipe.yaml"]).success();
    let changed = RECIPE
        .replace("interval: 1h", "interval: 2h")
        .replace("manager_task: {", "priority: 5\n      manager_task: {");
    sandbox.write("recipe.yaml", &changed);
    let plan = sandbox.run(["plan", "recipe.yaml", "--detailed-exitcode"]);
    plan.code(2).stdout_contains("recurrence").stdout_contains("the next one is as the recipe says");
    sandbox.run(["apply", "recipe.yaml", "--auto-approve"]).success();
    sandbox.run(["plan", "recipe.yaml", "--detailed-exitcode"]).success().stdout_contains("No changes.");
    sandbox.run(["destroy", "recipe.yaml", "--auto-approve"]).success();
    sandbox.run(["status", "recipe.yaml"]).success().stdout_contains("Nothing of this recipe");
    sandbox.run(["destroy", "recipe.yaml", "--auto-approve"]).success().stdout_contains("Nothing");
    drop(emulator);
}

#[test]
fn a_recipe_s_schedule_makes_jobs_and_is_changed_and_destroyed() {
    a_schedule_is_applied(Runtime::Simulated);
}

#[test]
fn the_job_of_a_schedule_runs_in_a_real_container() {
    a_schedule_is_applied(Runtime::Oci);
}

#[test]
fn what_fails_in_the_job_of_a_schedule_is_shown() {
    let failing = RECIPE.replace(
        "command: [sleep, \"1\"]",
        "command: [sleep, \"1\"], environment: { BATCHYARD_SIMULATE: exit=3 }",
    );
    let sandbox = Sandbox::new().file("recipe.yaml", &failing);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "recipe.yaml", "--auto-approve"]).success();
    until_status(&sandbox, "1 failed");
    sandbox.run(["status", "recipe.yaml"]).code(7).stdout_contains("exit 3");
    sandbox.run(["logs", "recipe.yaml", "--failed"]).stdout_contains("simulated");
    sandbox.run(["plan", "recipe.yaml", "--detailed-exitcode"]).success();
}

#[test]
fn the_waiting_job_of_a_schedule_goes_with_its_recipe() {
    let sandbox = Sandbox::new().file("recipe.yaml", &RECIPE.replace("dedicated: 1", "dedicated: 0"));
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "recipe.yaml", "--auto-approve"]).success();
    until_status(&sandbox, "1 waiting");
    sandbox.run(["destroy", "recipe.yaml", "--auto-approve"]).success();
    sandbox.run(["status", "recipe.yaml"]).success().stdout_contains("Nothing of this recipe");
}

#[test]
fn the_running_tasks_of_a_schedule_are_not_ended_without_a_word() {
    let long = "command: [sleep, \"1\"], environment: { BATCHYARD_SIMULATE: seconds=600 }";
    let recipe = RECIPE.replace("command: [sleep, \"1\"]", long);
    let sandbox = Sandbox::new().file("recipe.yaml", &recipe);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let apply = |args: &[&str]| sandbox.run(["apply", "recipe.yaml", "-y", "--no-wait"].iter().chain(args));
    apply(&[]).success();
    until_status(&sandbox, "1 running");
    let running = "job schedule `report`: 1 of its tasks is running";
    sandbox.run(["destroy", "recipe.yaml", "-y"]).code(4).stderr_contains(running);
    apply(&["--replace", "schedules.report"]).code(4).stderr_contains(running);

    // A pool does not go while the job of a schedule is there, whatever the schedule's next job will run on.
    let uses = "pool `p`: the job `report:job-1` of the recipe `nightly` uses it (1 running, 0 waiting)";
    sandbox.run(["destroy", "recipe.yaml", "-y", "--target", "pools.p"]).code(4).stderr_contains(uses);
    sandbox.write("recipe.yaml", &recipe.replace("  p: {", "  other: {").replace("pool: p", "pool: other"));
    apply(&["--prune"]).code(4).stderr_contains(uses);
    sandbox.write("recipe.yaml", &recipe.replace("Standard_D2s_v3", "Standard_D4s_v3"));
    apply(&["--allow", "blue_green"]).code(4).stderr_contains(uses);
    sandbox.run(["destroy", "recipe.yaml", "-y", "--force"]).success();
    sandbox.run(["status", "recipe.yaml"]).success().stdout_contains("Nothing of this recipe");
}

#[test]
fn a_schedule_that_somebody_disabled_is_told() {
    let sandbox = Sandbox::new().file("recipe.yaml", RECIPE);
    let Some(emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "recipe.yaml", "--auto-approve", "--no-wait"]).success();
    until_status(&sandbox, "job schedule report  active, next job at");
    Stranger::of(&emulator).disable_schedule("report");
    let plan = sandbox.run(["plan", "recipe.yaml", "--detailed-exitcode"]);
    plan.success()
        .stdout_contains("No changes.")
        .stdout_contains("schedules.report: it is disabled and makes no jobs until somebody enables it");
    let status = sandbox.run(["status", "recipe.yaml"]);
    assert!(
        !status.stdout_contains("job schedule report  disabled").stdout.contains("next job at"),
        "{status}"
    );
}
