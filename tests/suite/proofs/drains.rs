//! Another image to prefetch on a live pool whose nodes work: what the plan says, and that the drain loses nothing, wherever it is
//! broken off.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use batchyard::batch::JobId;
use batchyard::client::BatchClient;
use serde_json::Value;

use super::account::client_at;
use super::dump::{dump, tasks};
use crate::support::{Emulator, Output, Runtime, Sandbox, Service};

const SOON: Duration = Duration::from_secs(60);

/// A pool of three nodes, three tasks that end at once and three that do not.
fn recipe(image: &str, on_change: &str, short: &str, long: &str) -> String {
    format!(
        r#"api_version: batchyard/v1
name: drain
pools:
  p:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container:
      prefetch: [{image}]
    nodes: {{ dedicated: 3 }}
    on_change: {on_change}
jobs:
  j:
    pool: p
    tasks:
      short:
        for_each: {{ range: [1, 3] }}
{short}
      long:
        for_each: {{ range: [1, 3] }}
{long}
"#
    )
}

fn simulated(image: &str, on_change: &str) -> String {
    let work = |seconds: u32| {
        format!(
            "        container: {{ image: \"busybox:1.37\" }}\n        command: [work]\n        environment: {{ BATCHYARD_SIMULATE: seconds={seconds} }}"
        )
    };
    recipe(image, on_change, &work(0), &work(3_600))
}

/// When each task began and ended, and how often it was put back in the queue.
async fn runs(client: &BatchClient) -> BTreeMap<String, (String, Option<String>, i64)> {
    let tasks = tasks(client, &JobId::new("j").unwrap()).await;
    let run = |task: batchyard::batch::model::BatchTask| {
        let task = serde_json::to_value(task).unwrap();
        let info = &task["executionInfo"];
        let text = |name: &str| info[name].as_str().map(str::to_owned);
        let state = task["state"].as_str().unwrap_or_default().to_owned();
        (
            task["id"].as_str().unwrap().to_owned(),
            (state, text("endTime"), info["requeueCount"].as_i64().unwrap_or_default()),
        )
    };
    tasks.into_iter().map(run).collect()
}

/// Waits until the short tasks have ended and the long ones run, each on a node.
async fn until_at_work(client: &BatchClient) -> BTreeMap<String, (String, Option<String>, i64)> {
    let deadline = Instant::now() + SOON;
    loop {
        let runs = runs(client).await;
        let is = |name: &str, state: &str| {
            runs.iter().filter(|(id, run)| id.starts_with(name) && run.0 == state).count()
        };
        if is("short", "completed") == 3 && is("long", "running") == 3 {
            return runs;
        }
        assert!(Instant::now() < deadline, "{runs:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn pool(client: &BatchClient) -> Value {
    dump(client).await["pools"][0].clone()
}

const APPLY: [&str; 4] = ["apply", "recipe.yaml", "-y", "--no-wait"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_is_announced_with_its_line_and_its_cost_and_nothing_is_touched_unless_it_is_permitted() {
    let sandbox = Sandbox::new().file("recipe.yaml", &simulated("a:1", "stop"));
    let Some(emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let client = client_at(emulator.endpoint(), emulator.account(), emulator.key());
    sandbox.run(APPLY).success();
    until_at_work(&client).await;
    let before = (dump(&client).await, runs(&client).await);

    sandbox.write("recipe.yaml", &simulated("b:2", "stop"));
    let plan = sandbox.run(["plan", "recipe.yaml"]);
    plan.success().stdout_contains("~0").stdout_contains("recipe.yaml:8:");
    plan.stdout_contains(
        "3 nodes are taken away; 3 tasks of this recipe that run there are put back in the queue",
    );
    let refused = sandbox.run(APPLY);
    refused.code(4).stderr_contains("recipe.yaml:8:").stderr_contains("on_change: drain");
    assert_eq!((dump(&client).await, runs(&client).await), before, "nothing was touched");

    sandbox.write("recipe.yaml", &simulated("b:2", "drain"));
    sandbox.run(APPLY).success();
    let after = until_at_work(&client).await;
    let pool = pool(&client).await;
    assert_eq!(
        pool["virtualMachineConfiguration"]["containerConfiguration"]["containerImageNames"][0],
        "b:2"
    );
    assert_eq!((&pool["targetDedicatedNodes"], &pool["currentDedicatedNodes"]), (&3.into(), &3.into()));
    for (task, run) in &after {
        let was = &before.1[task];
        let expected = if task.starts_with("short") { was.clone() } else { ("running".to_owned(), None, 1) };
        assert_eq!(*run, expected, "{task}");
    }
    sandbox.run(["plan", "recipe.yaml", "--detailed-exitcode"]).success();
}

/// Applies with a program that is killed as soon as it tells that step: `n` counts steps of that name.
fn killed_at(sandbox: &Sandbox, event: &str, action: &str, n: usize) {
    let mut running = sandbox.command(APPLY).args(["--format", "json"]).start();
    let seen = std::cell::Cell::new(0);
    running.wait_for_line(SOON, |line| {
        // All lines are read again each time, up to the first that is wanted.
        let line: Value = serde_json::from_str(line).ok()?;
        if line["type"] == "plan" || line["type"].is_null() {
            seen.set(0);
        }
        let is_it = line["type"] == event && line["action"] == action;
        seen.set(seen.get() + usize::from(is_it));
        (is_it && seen.get() == n).then_some(())
    });
    running.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_that_is_killed_at_any_step_is_finished_by_the_next_apply() {
    let sandbox = Sandbox::new().file("recipe.yaml", &simulated("a:0", "drain"));
    let Some(emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let client = client_at(emulator.endpoint(), emulator.account(), emulator.key());
    sandbox.run(APPLY).success();
    let first = until_at_work(&client).await;
    let steps = [("resize pool", 1), ("update pool", 1), ("resize pool", 2)];
    let kills = steps.iter().flat_map(|step| [("step_started", step), ("step_ended", step)]);
    for (round, (event, (action, n))) in kills.enumerate() {
        let image = format!("a:{}", round + 1);
        sandbox.write("recipe.yaml", &simulated(&image, "drain"));
        killed_at(&sandbox, event, action, *n);
        sandbox.run(APPLY).success();
        let at = format!("killed at {event} of {action} {n}");
        let pool = pool(&client).await;
        let images = &pool["virtualMachineConfiguration"]["containerConfiguration"]["containerImageNames"];
        assert_eq!(images[0], *image, "{at}");
        assert_eq!(
            (&pool["targetDedicatedNodes"], &pool["currentDedicatedNodes"]),
            (&3.into(), &3.into()),
            "{at}"
        );
        let now = until_at_work(&client).await;
        for (task, run) in now.iter().filter(|(task, _)| task.starts_with("short")) {
            assert_eq!(run, &first[task], "{task} had ended, and ran again: {at}");
        }
        sandbox.run(["plan", "recipe.yaml", "--detailed-exitcode"]).success();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_takeover_that_is_killed_at_any_step_is_finished_by_the_next_apply() {
    let sandbox = Sandbox::new().file("recipe.yaml", &simulated("a:0", "blue_green"));
    let Some(emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let client = client_at(emulator.endpoint(), emulator.account(), emulator.key());
    sandbox.run(APPLY).success();
    let first = until_at_work(&client).await;
    let steps = ["create pool", "wait for the nodes of pool", "move job", "delete pool"];
    let kills = steps.iter().flat_map(|action| [("step_started", action), ("step_ended", action)]);
    for (round, (event, action)) in kills.enumerate() {
        let image = format!("a:{}", round + 1);
        sandbox.write("recipe.yaml", &simulated(&image, "blue_green"));
        killed_at(&sandbox, event, action, 1);
        sandbox.run(APPLY).success();
        let at = format!("killed at {event} of {action}");
        let pools = dump(&client).await["pools"].clone();
        let images =
            &pools[0]["virtualMachineConfiguration"]["containerConfiguration"]["containerImageNames"];
        assert_eq!((images[0].as_str(), pools[1].is_null()), (Some(&*image), true), "{at}: {pools:#}");
        let now = until_at_work(&client).await;
        for (task, run) in now.iter().filter(|(task, _)| task.starts_with("short")) {
            assert_eq!(run, &first[task], "{task} had ended, and ran again: {at}");
        }
        sandbox.run(["plan", "recipe.yaml", "--detailed-exitcode"]).success();
    }
    sandbox.run(["destroy", "recipe.yaml", "-y", "--force"]).success();
    assert_eq!(dump(&client).await["pools"][0], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_takes_over_once_its_nodes_can_work_and_not_where_they_never_come() {
    let sandbox = Sandbox::new().file("recipe.yaml", &simulated("a:1", "blue_green"));
    let Some(emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let client = client_at(emulator.endpoint(), emulator.account(), emulator.key());
    sandbox.run(APPLY).success();
    let first = until_at_work(&client).await;
    let starts = "    start_task: { command: start, environment: { BATCHYARD_SIMULATE: exit=3 }, container: { image: \"a:2\" } }\n";
    let broken = simulated("a:2", "blue_green").replace("    on_change", &format!("{starts}    on_change"));
    sandbox.write("recipe.yaml", &broken);
    let plan = sandbox.run(["plan", "recipe.yaml"]);
    plan.success().stdout_contains("+/- pools.p  pool `p-r2` will be created and take the place");
    plan.stdout_contains("  - pools.p~old  pool `p` will be destroyed").stdout_contains("~d jobs.j");
    plan.stdout_contains("3 tasks that run are put back in the queue");
    let failed = sandbox.run(APPLY);
    failed.code(6).stdout_contains("no node of pool p-r2 can work (3 starttaskfailed)");
    let now = runs(&client).await;
    assert_eq!(now, first, "the tasks go on where they are");
    sandbox.write("recipe.yaml", &simulated("a:3", "blue_green"));
    sandbox.run(APPLY).success();
    until_at_work(&client).await;
    let pools = dump(&client).await["pools"].clone();
    assert_eq!((pools[0]["id"].as_str(), pools[1].is_null()), (Some("p-r3"), true), "{pools:#}");
    sandbox.run(["plan", "recipe.yaml", "--detailed-exitcode"]).success();
}

/// Tasks write down each of their runs outside of the nodes.
fn counted(runtime: Runtime) {
    let Some(registry) = Service::Registry.address() else { return };
    let sandbox = Sandbox::new();
    let counters = sandbox.path("counters");
    std::fs::create_dir(&counters).unwrap();
    let folder = counters.display();
    let work = |then: &str| {
        format!(
            "        container: {{ image: \"{registry}/busybox:latest\", run_options: \"-v {folder}:/counters\" }}\n        \
             command: [/bin/sh, -c, \"echo run >> /counters/$AZ_BATCH_TASK_ID; {then}\"]\n        elevation: admin"
        )
    };
    let edition = |image: &str| {
        recipe(&format!("\"{registry}/{image}:latest\""), "drain", &work("true"), &work("sleep 600"))
    };
    sandbox.write("recipe.yaml", &edition("busybox"));
    let Some(emulator) = Emulator::start(&sandbox, runtime) else { return };
    let client = client_at(emulator.endpoint(), emulator.account(), emulator.key());
    let executor = tokio::runtime::Runtime::new().unwrap();
    sandbox.run(APPLY).success();
    executor.block_on(until_at_work(&client));
    let run_of = |task: &str| sandbox.read(&format!("counters/{task}")).lines().count();
    for (round, (event, action)) in
        [("step_ended", "resize pool"), ("step_started", "update pool")].into_iter().enumerate()
    {
        sandbox.write("recipe.yaml", &edition(if round == 0 { "entrypoint" } else { "busybox" }));
        killed_at(&sandbox, event, action, 1);
        let applied: Output = sandbox.run(APPLY);
        applied.success();
        executor.block_on(until_at_work(&client));
        let deadline = Instant::now() + SOON;
        for n in 1..=3 {
            // A task counts as running a little before its command has written anything.
            let long = format!("long-{n}");
            while run_of(&long) < round + 2 && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(50));
            }
            assert_eq!(run_of(&long), round + 2, "it was put back in the queue once a drain");
            assert_eq!(run_of(&format!("short-{n}")), 1, "it had ended, and ran again");
        }
    }
    sandbox.run(["destroy", "recipe.yaml", "-y", "--force"]).success();
}

#[test]
fn in_docker_no_task_that_had_ended_runs_again_through_a_drain() {
    counted(Runtime::Docker);
}

#[test]
fn without_a_daemon_no_task_that_had_ended_runs_again_through_a_drain() {
    counted(Runtime::Oci);
}
