//! Ten thousand tasks.

use std::time::{Duration, Instant};

use crate::support::{Emulator, Runtime, Sandbox};

const RECIPE: &str = r#"api_version: batchyard/v1
name: scale
pools:
  p:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: { dedicated: 4 }
    slots_per_node: 8
jobs:
  j:
    pool: p
    tasks:
      t:
        for_each: { n: { range: [1, 10000] } }
        container: { image: busybox }
        command: ["true", "${{ item.n }}"]
"#;

#[test]
fn ten_thousand_tasks_are_applied_and_planned_in_seconds() {
    let sandbox = Sandbox::new().file("recipe.yaml", RECIPE);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let started = Instant::now();
    sandbox.run(["apply", "recipe.yaml", "--auto-approve", "--no-wait"]).success();
    let applied = started.elapsed();
    let started = Instant::now();
    let plan = sandbox.run(["plan", "recipe.yaml", "--detailed-exitcode"]);
    let planned = started.elapsed();
    plan.success().stdout_contains("10,000 tasks");
    eprintln!("10,000 tasks: apply {applied:.1?}, plan {planned:.1?}");
    // Far above what a machine of two cores takes, far below what a task a request would.
    assert!(
        applied < Duration::from_secs(60) && planned < Duration::from_secs(20),
        "{applied:?} {planned:?}"
    );
    let waited =
        sandbox.command(["apply", "recipe.yaml", "--auto-approve"]).timeout(Duration::from_secs(300)).run();
    waited.success().stdout_contains("10,000 succeeded");
}
