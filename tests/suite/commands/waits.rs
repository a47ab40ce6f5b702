//! Waiting says why, and ends when nothing more will come.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::recipes::{FAILING, SLOW, WITHOUT_POOL, on_pool};
use crate::support::{Emulator, Runtime, Sandbox};

#[test]
fn a_job_on_a_pool_that_does_not_exist_is_not_waited_for() {
    let sandbox = Sandbox::new().file("recipe.yaml", WITHOUT_POOL);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let plan = sandbox.run(["plan", "recipe.yaml"]);
    plan.success().stdout_contains("the pool `not-there` does not exist");
    let applied = sandbox.run(["apply", "recipe.yaml", "-y"]);
    applied.code(7).stdout_contains("1 task can't run: pool not-there does not exist");
    applied.stdout_contains("hint: make a pool `not-there`");
    let follows = sandbox.run(["logs", "n/t", "-f"]);
    follows.code(7).stderr_contains("n/t: it can't run: pool not-there does not exist");
}

#[test]
fn a_pool_without_nodes_is_not_waited_for() {
    let sandbox = Sandbox::new().file("recipe.yaml", &on_pool("nodes: { dedicated: 0 }"));
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let applied = sandbox.run(["apply", "recipe.yaml", "-y"]);
    applied.code(7).stdout_contains("1 task can't run: pool p has no nodes, and asks for none");
    applied.stdout_contains("hint: give the pool nodes");
    let status = sandbox.run(["status", "recipe.yaml"]);
    status.code(7).stdout_contains("0 nodes wanted, there: none").stdout_contains("asks for none");
    sandbox.write("recipe.yaml", &on_pool("nodes: { dedicated: 1 }"));
    sandbox.run(["apply", "recipe.yaml", "-y"]).success().stdout_contains("1 succeeded");
}

#[test]
fn nodes_whose_start_task_fails_are_not_waited_for() {
    let start_task = "nodes: { dedicated: 1 }, start_task: { command: prepare, container: { image: busybox }, \
                      environment: { BATCHYARD_SIMULATE: exit=4 } }";
    let sandbox = Sandbox::new().file("recipe.yaml", &on_pool(start_task));
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let applied = sandbox.run(["apply", "recipe.yaml", "-y"]);
    applied.code(7).stdout_contains("the start task failed with exit code 4");
    applied.stdout_contains("1 task can't run: no node of pool p can work (1 starttaskfailed)");
    for told in [&applied, &sandbox.run(["status", "recipe.yaml"])] {
        told.stdout_contains("the program of the start task failed: correct the start task");
    }
}

#[test]
fn a_pool_that_gets_fewer_nodes_than_it_asks_for_says_what_the_service_says() {
    let sandbox = Sandbox::new().file("recipe.yaml", &on_pool("nodes: { dedicated: 1 }"));
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "recipe.yaml", "-y"]).success();
    sandbox.write("recipe.yaml", &on_pool("nodes: { dedicated: 1200 }"));
    let resized = sandbox.run(["apply", "recipe.yaml", "-y"]);
    resized.code(6).stdout_contains("resize pool p failed: the pool did not reach its size");
    resized.stdout_contains("AccountCoreQuotaReached").stdout_contains("hint: ask for fewer");
    let status = sandbox.run(["status", "recipe.yaml"]);
    status.code(7).stdout_contains("pool p has 1000 of 1,200 nodes: AccountCoreQuotaReached");
}

#[test]
fn a_pool_that_is_still_resizing_says_so_every_so_often() {
    let sandbox = Sandbox::new().file("recipe.yaml", &on_pool("nodes: { dedicated: 1 }"));
    let command = ["--runtime", "simulated", "--timing", "realistic", "apply", "recipe.yaml", "-y"];
    let started = Instant::now();
    let applied = sandbox.run(command.into_iter().chain(["--timeout", "12s"]));
    applied
        .code(7)
        .stdout_contains("… job j: 0 of 1 done, 1 task waits: pool p has no nodes yet (1 wanted, resizing)");
    applied.stdout_contains("  1 task waits: pool p has no nodes yet").stderr_contains("Time is up.");
    assert!((12..60).contains(&started.elapsed().as_secs()), "{applied}");
}

#[test]
fn tasks_behind_one_that_failed_are_not_waited_for() {
    let sandbox = Sandbox::new().file("recipe.yaml", FAILING);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let applied = sandbox.run(["apply", "recipe.yaml", "-y"]);
    applied.code(7).stdout_contains("Job j: 1 succeeded, 1 failed.");
    applied.stdout_contains("2 tasks can't run: a task that it depends on failed: bad");
    applied.stdout_contains("hint: mend `bad`");
    for task in ["j/after", "j/later"] {
        let log = sandbox.run(["logs", task, "--follow"]);
        log.code(7).stderr_contains("it can't run: a task that it depends on failed: bad");
    }
    sandbox.write("recipe.yaml", &FAILING.replace("exit=3", "exit=0"));
    sandbox.run(["apply", "recipe.yaml", "-y"]).success().stdout_contains("Job j: 4 succeeded.");
}

#[test]
fn a_task_that_is_followed_says_what_it_waits_for() {
    let sandbox = Sandbox::new().file("recipe.yaml", SLOW);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "recipe.yaml", "-y", "--no-wait"]).success();
    let following = sandbox.command(["logs", "j/next", "-f"]).start();
    let deadline = Instant::now() + Duration::from_secs(30);
    while !following.stderr().contains("it has not run yet: tasks that it depends on have not ended: long") {
        assert!(Instant::now() < deadline, "{}", following.stderr());
        std::thread::sleep(Duration::from_millis(50));
    }
    following.signal(Signal::INT);
    following.wait(Duration::from_secs(20)).code(130);
    let status = sandbox.run(["status", "recipe.yaml"]);
    status
        .success()
        .stdout_contains("1 running, 1 waiting")
        .stdout_contains("1 task waits: tasks that it depends on have not ended: long");
}

#[test]
fn tasks_say_what_they_wait_for_although_nodes_are_idle() {
    let pool = "nodes: { dedicated: 2 }, inter_node_communication: true";
    let sandbox = Sandbox::new().file("recipe.yaml", &on_pool(pool)).file(
        "others.yaml",
        r#"api_version: batchyard/v1
name: others
defaults: { container: { image: busybox } }
jobs:
  wide:
    pool: { id: p }
    tasks:
      t: { command: ["true"], multi_instance: { number_of_instances: 3, coordination_command: ["true"] } }
  thick:
    pool: { id: p }
    tasks: { t: { command: ["true"], slots: 2 } }
"#,
    );
    let sandbox = sandbox.file(
        "narrow.yaml",
        r#"api_version: batchyard/v1
name: narrow
defaults: { container: { image: busybox } }
jobs:
  narrow:
    pool: { id: p }
    max_parallel_tasks: 1
    tasks:
      a: { command: [sleep], environment: { BATCHYARD_SIMULATE: seconds=600 } }
      b: { command: ["true"] }
"#,
    );
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "recipe.yaml", "-y"]).success();
    sandbox.run(["apply", "narrow.yaml", "-y", "--no-wait"]).success();
    let status = sandbox.run(["status", "narrow.yaml"]);
    status.success().stdout_contains("1 task waits: the job runs 1 of its tasks at once, and that many run");
    let waited = sandbox.run(["apply", "others.yaml", "-y"]);
    waited.code(7).stdout_contains("hint: give the pool 3 nodes, or the task fewer instances");
    for told in [&waited, &sandbox.run(["status", "others.yaml"])] {
        told.stdout_contains("1 task can't run: it takes 2 slots, and a node of pool p has 1");
        told.stdout_contains("1 task can't run: it runs on 3 nodes at once, and 2 of pool p can work");
    }
}

#[test]
fn waiting_ends_with_ctrl_c_and_when_time_is_up_and_what_was_applied_stays() {
    let sandbox = Sandbox::new().file("recipe.yaml", SLOW);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let apply = ["apply", "recipe.yaml", "-y"];
    let late = sandbox.run(apply.into_iter().chain(["--timeout", "1s"]));
    late.code(7).stderr_contains("Time is up. What was applied stays; `status` shows how it goes on.");
    late.stdout_contains("Job j: 0 succeeded, 1 still running, 1 still waiting.");
    sandbox.run(["plan", "recipe.yaml", "--detailed-exitcode"]).success();

    let mut waiting = sandbox.command(apply).start();
    waiting.wait_for_line(Duration::from_secs(60), |line| line.contains("No changes").then_some(()));
    waiting.signal(Signal::INT);
    let interrupted = waiting.wait(Duration::from_secs(20));
    interrupted.code(130).stderr_contains("Stopped waiting. What was applied stays");
    sandbox.run(["apply", "recipe.yaml", "-y", "--timeout", "soon"]).code(64).stderr_contains("such as 90s");
}

#[test]
fn tasks_that_failed_earlier_make_an_apply_unhealthy_although_nothing_changes() {
    let sandbox = Sandbox::new().file("recipe.yaml", FAILING);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "recipe.yaml", "-y"]).code(7);
    for more in [&[][..], &["--no-wait"]] {
        let again = sandbox.run(["apply", "recipe.yaml", "-y"].iter().chain(more));
        again.code(7).stdout_contains("No changes.");
        again.stdout_contains("1 task of job j failed earlier and will not run again by itself: bad");
        again.stdout_contains("hint: a task that is changed in the recipe is run again");
    }
    sandbox.run(["plan", "recipe.yaml", "--detailed-exitcode"]).success();
    sandbox.run(["destroy", "recipe.yaml", "-y"]).success();
    sandbox.write("recipe.yaml", &FAILING.replace("exit=3", "exit=0"));
    sandbox.run(["apply", "recipe.yaml", "-y"]).success();
}

#[test]
fn nothing_that_ended_before_is_told_again() {
    let sandbox = Sandbox::new().file("recipe.yaml", FAILING);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "recipe.yaml", "-y"]).code(7).stdout_contains("j/bad: exit 3");
    let again = sandbox.run(["apply", "recipe.yaml", "-y"]);
    again
        .code(7)
        .stdout_contains("1 task of job j failed earlier")
        .stdout_contains("Job j: 1 succeeded, 1 failed.\n");
    assert!(!again.stdout.contains("exit "), "{again}");
    sandbox.run(["plan", "recipe.yaml", "--detailed-exitcode"]).success();
}

#[test]
fn destroying_speaks_of_destroying_and_has_its_own_time() {
    let sandbox = Sandbox::new().file("recipe.yaml", SLOW);
    // A node takes ten seconds to leave its pool at this pace.
    let run = |args: &[&str]| {
        sandbox.run(["--runtime", "simulated", "--timing", "realistic"].iter().chain(args).copied())
    };
    run(&["apply", "recipe.yaml", "-y", "--no-wait"]).success();
    let none = run(&["destroy", "recipe.yaml", "-y", "--force", "--timeout", "0s"]);
    none.code(7).stderr_contains("time is up; nothing was destroyed");
    let late = run(&["destroy", "recipe.yaml", "-y", "--force", "--timeout", "6s"]);
    late.code(7)
        .stdout_contains("Not wholly destroyed. ")
        .stdout_contains(" of 2 steps done; destroying again goes on from there.")
        .never_mentions("2 of 2 steps")
        .never_mentions("applying again");
    sandbox.run(["destroy", "recipe.yaml", "-y", "--force"]).success().stdout_contains("Destroyed. ");
    sandbox.run(["plan", "recipe.yaml", "--destroy", "--detailed-exitcode"]).success();
}

#[test]
fn an_account_that_does_not_answer_is_not_waited_for_in_silence() {
    let sandbox = Sandbox::new().file("recipe.yaml", FAILING);
    // Takes connections, and never says anything.
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", server.local_addr().unwrap());
    let mut planning = sandbox
        .command(["plan", "recipe.yaml", "--account", &endpoint])
        .env("AZURE_BATCH_ACCOUNT", "mute")
        .env("AZURE_BATCH_ACCESS_KEY", "c2VjcmV0")
        .start();
    planning.wait_for_line(Duration::from_secs(60), |line| {
        line.starts_with("… still making the plan (").then_some(())
    });
    planning.kill();
}
