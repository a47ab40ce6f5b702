//! What fails: the network, the service, nodes, and the watching itself.

use std::time::Duration;

use super::account::Account;
use super::yard::{Watch, ailing, recipe, recipe_with};
use crate::support::{Emulator, Runtime, Sandbox};

macro_rules! account {
    ($sandbox:ident) => {{
        let Some(emulator) = Emulator::start(&$sandbox, Runtime::Simulated) else { return };
        Account::before(&$sandbox, emulator)
    }};
}

#[test]
fn what_the_service_refuses_is_not_sent_again_until_the_recipe_changes() {
    // The embedded Azure Batch has no virtual machines to extend, and says so.
    let extensions = "    extensions: { e: { publisher: p, type: t } }\n";
    let sandbox = Sandbox::new().file("recipes/a/recipe.yaml", &recipe_with("a", 1, 1, extensions));
    let account = account!(sandbox);
    let args = ["watch", "recipes", "--interval", "1s", "--format", "json"];
    let mut watch = Watch::of(account.command(&args).start());
    let stalled = watch.wait_until("a", "Stalled", true);
    assert_eq!(stalled["condition"]["reason"], "Refused", "{stalled}");
    account.writes();
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(account.writes(), Vec::<String>::new(), "it looks, and sends nothing");
    sandbox.write("recipes/a/recipe.yaml", &recipe("a", 1));
    watch.wait_until("a", "Ready", true);
    watch.stop().success();
}

#[test]
fn what_is_for_once_is_not_for_watching() {
    let sandbox = Sandbox::new().file("recipes/a/recipe.yaml", &recipe("a", 1));
    for (flag, value) in [("--replace", "pools.p"), ("--rerun", "failed")] {
        let refused = sandbox.run(["watch", "recipes", "--once", flag, value]);
        refused.code(64).stderr_contains(&format!("{flag} is for once")).stderr_contains("batchyard apply");
    }
}

#[test]
fn an_account_that_is_away_for_a_while_is_tried_again() {
    let sandbox = Sandbox::new().file("recipes/a/recipe.yaml", &recipe("a", 1));
    let Some(mut emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let endpoint = emulator.endpoint().to_owned();
    let args = ["--account", &endpoint, "watch", "recipes", "--interval", "1s", "--max-backoff", "2s"];
    let command = sandbox.command(args).args(["--format", "json"]);
    let command =
        command.env("AZURE_BATCH_ACCOUNT", emulator.account()).env("AZURE_BATCH_ACCESS_KEY", emulator.key());
    let mut watch = Watch::of(command.start());
    watch.wait_until("a", "Ready", true);
    emulator.kill();
    let away = watch.wait_until("a", "Reconciling", true);
    assert_eq!(away["condition"]["reason"], "AccountUnreachable", "{away}");
    emulator.restart();
    watch.wait_until("a", "Ready", true);
    watch.stop().success();
}

#[test]
fn a_refusal_is_told_once_however_often_it_is_met() {
    let sandbox = Sandbox::new().file("recipes/a/recipe.yaml", &recipe("a", 1));
    let account = account!(sandbox);
    let args = ["watch", "recipes", "--interval", "1s", "--max-backoff", "1s", "--format", "json"];
    let wrong_key = account.command(&args).env("AZURE_BATCH_ACCESS_KEY", "d3Jvbmcgd3Jvbmcgd3Jvbmc=");
    let mut watch = Watch::of(wrong_key.start());
    watch.wait_until("a", "Stalled", true);
    let reads = account.reads();
    std::thread::sleep(Duration::from_secs(4));
    assert!(account.reads() > reads + 1, "it went on trying");
    let output = watch.stop();
    let told = output.json_lines().into_iter().filter(|line| line["type"] == "condition").count();
    assert_eq!(told, 2, "that it is not ready, and why: {output}");
}

#[test]
fn a_node_that_cannot_work_is_booted_made_anew_and_removed_within_a_budget() {
    let sandbox = Sandbox::new().file("recipes/a/recipe.yaml", &ailing(1));
    let account = account!(sandbox);
    let args = ["watch", "recipes", "--interval", "1s", "--repair-nodes", "--format", "json"];
    let mut watch = Watch::of(account.command(&args).start());
    for remedy in ["reboot", "reimage", "remove"] {
        let repaired = watch.wait_for(remedy, |line| line["type"] == "repaired");
        assert_eq!((&repaired["remedy"], &repaired["error"]), (&remedy.into(), &().into()), "{repaired}");
    }
    // The pool is brought back to its size, which nobody else had changed; its new node fails, too, and the budget is spent.
    let differs = watch.wait_for("the missing node", |line| line["type"] == "differs");
    assert_eq!((&differs["drifted"], &differs["applied"]), (&false.into(), &true.into()), "{differs}");
    watch.wait_for("the end of the budget", |line| {
        line["condition"]["type"] == "Degraded"
            && line["condition"]["message"].as_str().is_some_and(|it| it.contains("3 remedies in an hour"))
    });
    account.writes();
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(account.writes(), Vec::<String>::new());
    watch.stop().success();
}

#[test]
fn nodes_that_fail_alike_are_explained_and_left_alone() {
    let sandbox = Sandbox::new().file("recipes/a/recipe.yaml", &ailing(3));
    let account = account!(sandbox);
    let args = ["watch", "recipes", "--interval", "1s", "--repair-nodes", "--format", "json"];
    let mut watch = Watch::of(account.command(&args).start());
    let degraded = watch.wait_for("the breaker", |line| {
        line["condition"]["type"] == "Degraded"
            && line["condition"]["message"].as_str().is_some_and(|it| it.contains("3 of 3 nodes fail alike"))
    });
    let message = degraded["condition"]["message"].as_str().unwrap();
    for words in [
        "is starttaskfailed: FailureExitCode: ",
        "exit code 3",
        "it said last: simulated: ",
        "correct the start task",
    ] {
        assert!(message.contains(words), "{words}: {message}");
    }
    watch.stop().success();
    assert!(account.writes().iter().all(|write| !write.contains("/nodes")), "no node was treated");
}

#[test]
fn a_kill_in_the_midst_loses_nothing() {
    let sandbox = Sandbox::new();
    for n in 0..6 {
        sandbox.write(&format!("recipes/r{n}/recipe.yaml"), &recipe(&format!("r{n}"), 150));
    }
    let account = account!(sandbox);
    let args = ["watch", "recipes", "--interval", "1h", "--format", "json"];
    for _ in 0..3 {
        let mut watch = Watch::of(account.command(&args).start());
        watch.wait_for("something done", |line| line["type"] == "step_ended");
        watch.kill();
    }
    account.run(&["watch", "recipes", "--once"]).success().stdout_contains("6 of 6 recipes ready");
    for n in 0..6 {
        let tasks = account.status(&format!("recipes/r{n}"))["jobs"][0]["tasks"].clone();
        let all: u64 =
            ["active", "running", "completed"].iter().map(|state| tasks[state].as_u64().unwrap()).sum();
        assert_eq!(all, 150, "{tasks}");
    }
    account.writes();
    account.run(&["watch", "recipes", "--once"]).success();
    assert_eq!(account.writes(), Vec::<String>::new());
}

#[test]
fn whoever_stops_it_is_told_what_is_left_and_what_was_begun_is_finished() {
    let sandbox = Sandbox::new();
    for n in 0..6 {
        sandbox.write(&format!("recipes/r{n}/recipe.yaml"), &recipe(&format!("r{n}"), 150));
    }
    let account = account!(sandbox);
    let args = ["watch", "recipes", "--interval", "1h", "--parallelism", "1", "--format", "json"];
    let mut watch = Watch::of(account.command(&args).start());
    watch.wait_for("something done", |line| line["type"] == "step_ended");
    let output = watch.stop();
    output.success();
    let lines = output.json_lines();
    let of = |kind: &str| lines.iter().filter(|line| line["type"] == kind).collect::<Vec<_>>();
    let left = &of("stopped")[0]["left"];
    assert!(left.as_array().is_some_and(|left| left.contains(&"r5".into())), "{left}");
    let (begun, ended) = (of("step_started").len(), of("step_ended"));
    assert_eq!(begun, ended.len(), "what was begun was finished");
    assert!(ended.iter().all(|line| line["outcome"] == "done"), "{output}");
    account.run(&["watch", "recipes", "--once"]).success().stdout_contains("6 of 6 recipes ready");
}

#[test]
fn running_tasks_hold_the_removal_of_their_recipe_back() {
    let busy = recipe("busy", 1).replace(
        "        command:",
        "        environment: { BATCHYARD_SIMULATE: seconds=3600 }\n        command:",
    );
    let sandbox =
        Sandbox::new().file("recipes/a/recipe.yaml", &recipe("a", 1)).file("recipes/busy/recipe.yaml", &busy);
    let account = account!(sandbox);
    account.run(&["watch", "recipes", "--once"]).success();
    let deadline = std::time::Instant::now() + super::yard::PATIENCE;
    while account.status("recipes/busy")["jobs"][0]["tasks"]["running"] != 1 {
        assert!(std::time::Instant::now() < deadline, "the task does not run");
        std::thread::sleep(Duration::from_millis(200));
    }
    std::fs::remove_dir_all(sandbox.path("recipes/busy")).unwrap();
    account.writes();
    let held = account.run(&["watch", "recipes", "--once", "--prune"]);
    held.code(4).stdout_contains("busy: Stalled (WorkRunning): it left its source, and is not destroyed yet");
    held.stdout_contains("1 of its tasks is running");
    assert_eq!(account.writes(), Vec::<String>::new());
    account.run(&["watch", "recipes", "--once", "--prune", "--force"]).success();
    assert_eq!(account.pools().into_keys().collect::<Vec<_>>(), ["a-pool"]);
}

#[test]
fn a_pipe_in_the_place_of_a_recipe_holds_no_other_up() {
    let sandbox = Sandbox::new().file("recipes/a/recipe.yaml", &recipe("a", 1));
    let account = account!(sandbox);
    std::fs::create_dir_all(sandbox.path("recipes/b")).unwrap();
    let args = ["watch", "recipes", "--interval", "1h", "--format", "json"];
    let mut watch = Watch::of(account.command(&args).start());
    watch.wait_until("a", "Ready", true);
    sandbox.program("mkfifo").args(["recipes/b/recipe.yaml"]).run().success();
    let broken = watch.wait_until("recipes/b/recipe.yaml", "Stalled", true);
    let message = broken["condition"]["message"].as_str().unwrap();
    assert!(message.contains("it is a pipe that nobody writes to"), "{message}");
    sandbox.write("recipes/a/recipe.yaml", &recipe_with("a", 1, 3, ""));
    watch.wait_for("the edit", |line| line["type"] == "differs" && line["recipe"] == "a");
    watch.wait_until("a", "Ready", true);
    watch.stop().success();
    sandbox.run(["validate", "recipes"]).code(3).stdout_contains("1 valid, 1 invalid");
}

#[test]
fn a_job_that_somebody_disabled_has_no_failed_tasks() {
    let sandbox = Sandbox::new().file("recipes/a/recipe.yaml", &recipe_with("a", 1, 0, ""));
    let account = account!(sandbox);
    account.run(&["watch", "recipes", "--once"]);
    account.disable_job("a-job");
    let look = account.run(&["watch", "recipes", "--once", "--on-drift", "report"]);
    look.stdout_contains("Degraded (TasksHeld): job a-job: tasks can't run")
        .stdout_contains("enable the job");
}
