//! What `status` shows.

use std::time::Duration;

use rustix::process::Signal;

use super::recipes::{FAILING, SLOW};
use crate::support::{Emulator, Local, Runtime, Sandbox};

#[test]
fn failures_are_shown_with_all_that_apply_shows_and_the_last_lines_of_what_they_printed() {
    let Some(local) = Local::new(Runtime::Oci) else { return };
    local.sandbox().write(
        "recipe.yaml",
        r#"api_version: batchyard/v1
name: loud
pools:
  p:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: { prefetch: [batchyard/hello] }
    nodes: { dedicated: 1 }
jobs:
  j:
    pool: p
    tasks:
      pi: { container: { image: batchyard/hello }, command: [pi, --seed, many] }
      image: { container: { image: "127.0.0.1:1/no/such:image" } }
"#,
    );
    let applied = local.run(["apply", "recipe.yaml", "-y"]);
    let status = local.run(["status", "recipe.yaml"]);
    status.code(7);
    let shown: Vec<&str> = status.stdout.lines().collect();
    let mut failures = 0;
    for line in applied.stdout.lines().filter(|line| line.starts_with("✗ ") || line.starts_with("  ┆")) {
        failures += 1;
        assert!(shown.contains(&line), "missing: {line}\n{status}");
    }
    assert!(failures >= 3, "{applied}");
    status
        .stdout_contains("FailureExitCode")
        .stdout_contains("ContainerInvalidImage")
        .stdout_contains("2 failed");

    let document = local.run(["status", "recipe.yaml", "--format", "json"]).json();
    let failures = document["jobs"][0]["failures"].as_array().unwrap();
    let pi = failures.iter().find(|failure| failure["task"] == "pi").unwrap();
    assert_ne!(pi["exit_code"], 0);
    assert_eq!(pi["failure"]["code"], "FailureExitCode");
    assert!(pi["stderr"].as_str().unwrap().contains("many"), "{pi}");
}

#[test]
fn a_status_that_is_watched_is_shown_again_when_it_changes_and_ends_when_nothing_more_will() {
    let sandbox = Sandbox::new().file("recipe.yaml", &SLOW.replace("seconds=600", "seconds=6"));
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "recipe.yaml", "-y", "--no-wait"]).success();
    let watched = sandbox.run(["status", "recipe.yaml", "--watch"]);
    watched.success().stdout_contains("1 running, 1 waiting").stdout_contains("2 succeeded, 0 failed");

    sandbox.write(
        "slow.yaml",
        &SLOW
            .replace("name: slow", "name: slower")
            .replace("  p:", "  q:")
            .replace("pool: p", "pool: q")
            .replace("  j:", "  k:"),
    );
    sandbox.run(["apply", "slow.yaml", "-y", "--no-wait"]).success();
    let mut watching = sandbox.command(["status", "slow.yaml", "-w", "--format", "json"]).start();
    watching.wait_for_line(Duration::from_secs(60), |line| line.contains("\"running\":1").then_some(()));
    watching.signal(Signal::INT);
    let stopped = watching.wait(Duration::from_secs(20));
    stopped.code(130);
    let lines = stopped.json_lines();
    assert_eq!((&lines[0]["type"], &lines[1]["type"]), (&"begin".into(), &"status".into()));
    assert_eq!(lines[1]["over"], false);
}

#[test]
fn a_recipe_that_failed_is_watched_to_its_unhealthy_end() {
    let sandbox = Sandbox::new().file("recipe.yaml", FAILING);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "recipe.yaml", "-y", "--no-wait"]);
    let watched = sandbox.run(["status", "recipe.yaml", "--watch"]);
    watched.code(7).stdout_contains("✗ j/bad: exit 3").stdout_contains("2 tasks can't run");
}
