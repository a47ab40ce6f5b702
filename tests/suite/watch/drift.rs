//! What others change behind the recipe's back.

use super::account::Account;
use super::yard::{Watch, recipe};
use crate::support::{Emulator, Runtime, Sandbox};

macro_rules! account {
    ($sandbox:ident) => {{
        let Some(emulator) = Emulator::start(&$sandbox, Runtime::Simulated) else { return };
        Account::before(&$sandbox, emulator)
    }};
}

/// Changes the size of the pool of `a`, as somebody with another tool would.
fn change_behind(sandbox: &Sandbox, account: &Account<'_>) {
    // The same recipe, applied from elsewhere with another number of nodes.
    sandbox.write("behind/recipe.yaml", &super::yard::recipe_with("a", 3, 5, ""));
    account.run(&["apply", "behind", "-y", "--no-wait"]).success();
}

#[test]
fn drift_is_found_at_the_next_interval_and_healed() {
    let sandbox = Sandbox::new().file("recipes/recipe.yaml", &recipe("a", 3));
    let account = account!(sandbox);
    let args = ["watch", "recipes", "--interval", "2s", "--format", "json"];
    let mut watch = Watch::of(account.command(&args).start());
    watch.wait_until("a", "Ready", true);
    change_behind(&sandbox, &account);
    let differs = watch.wait_for("the drift", |line| line["type"] == "differs");
    assert_eq!((&differs["drifted"], &differs["applied"]), (&true.into(), &true.into()), "{differs}");
    watch.wait_until("a", "Ready", true);
    account.run(&["plan", "recipes", "--detailed-exitcode"]).success();
    watch.stop().success();
}

#[test]
fn drift_is_only_reported_when_that_is_asked_for() {
    let sandbox = Sandbox::new().file("recipes/recipe.yaml", &recipe("a", 3));
    let account = account!(sandbox);
    let args = ["watch", "recipes", "--interval", "2s", "--on-drift", "report", "--format", "json"];
    let mut watch = Watch::of(account.command(&args).start());
    watch.wait_until("a", "Ready", true);
    change_behind(&sandbox, &account);
    account.writes();
    let drifted = watch.wait_until("a", "Drifted", true);
    assert!(drifted["condition"]["message"].as_str().unwrap().contains("pools.p"), "{drifted}");
    assert_eq!(account.writes(), Vec::<String>::new());
    // An edit of the recipe is no drift: it is applied, and takes the drift back with it.
    sandbox.write("recipes/recipe.yaml", &super::yard::recipe_with("a", 3, 4, ""));
    watch.wait_until("a", "Ready", true);
    account.run(&["plan", "recipes", "--detailed-exitcode"]).success();
    watch.stop().success();
}

#[test]
fn drift_that_was_there_before_anybody_watched_is_only_reported_too() {
    let sandbox = Sandbox::new().file("recipes/recipe.yaml", &recipe("a", 3));
    let account = account!(sandbox);
    account.run(&["apply", "recipes", "-y", "--no-wait"]).success();
    let nodes = account.pools()["a-pool"];
    account.resize_pool("a-pool", 7);
    account.writes();
    let look = ["watch", "recipes", "--once", "--on-drift", "report", "--format", "json"];
    let said = account.run(&look).json_lines();
    assert!(said.iter().any(|line| line["condition"]["type"] == "Drifted"), "{said:#?}");
    assert_eq!((account.writes(), account.pools()["a-pool"]), (Vec::<String>::new(), 7));
    account.run(&["watch", "recipes", "--once"]).success();
    assert_eq!(account.pools()["a-pool"], nodes);
}

#[test]
fn finished_tasks_never_run_again_because_their_job_was_deleted() {
    let sandbox = Sandbox::new().file("recipes/recipe.yaml", &recipe("a", 3));
    let account = account!(sandbox);
    let args = ["watch", "recipes", "--interval", "1s", "--format", "json"];
    let mut watch = Watch::of(account.command(&args).start());
    watch.wait_until("a", "Ready", true);
    until_finished(&account);
    // Two more looks, so that it has seen the end of the tasks.
    std::thread::sleep(std::time::Duration::from_secs(4));
    let pool_only = recipe("a", 3);
    let pool_only = pool_only.split("jobs:").next().unwrap();
    sandbox.write("behind/recipe.yaml", pool_only);
    account.run(&["apply", "behind", "-y", "--no-wait", "--prune"]).success();
    account.writes();
    let drifted = watch.wait_until("a", "Drifted", true);
    assert_eq!(drifted["condition"]["reason"], "FinishedJobGone", "{drifted}");
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert_eq!(account.writes(), Vec::<String>::new());
    watch.stop().success();
    let gone = account.run(&["watch", "recipes", "--once"]);
    gone.code(2).stdout_contains("a: Drifted (FinishedJobGone)").stdout_contains("0 of 1 recipe ready");
    assert_eq!(account.writes(), Vec::<String>::new(), "nor after a restart");
}

#[test]
fn what_a_pass_left_out_is_no_drift_later_and_drift_ends_with_a_code_of_its_own() {
    let sandbox = Sandbox::new().file("recipes/recipe.yaml", &recipe("a", 3));
    let account = account!(sandbox);
    account.run(&["watch", "recipes", "--once"]).success();
    until_finished(&account);
    let report = ["watch", "recipes", "--once", "--on-drift", "report"];
    let edited = super::yard::recipe_with("a", 3, 4, "");
    sandbox.write("recipes/recipe.yaml", &edited);
    account.run(&["watch", "recipes", "--once", "--exclude", "pools.p"]).success();
    assert_eq!(account.pools()["a-pool"], 2);
    account.run(&report).success().stdout_contains("1 of 1 recipe ready");
    assert_eq!(account.pools()["a-pool"], 4);
    // Nor is what left the recipe while nothing was pruned.
    sandbox.write("recipes/recipe.yaml", edited.split("jobs:").next().unwrap());
    account.run(&report).success();
    account.writes();
    account.run(&[&report[..], &["--prune"]].concat()).success();
    assert_eq!(account.writes(), ["DELETE /jobs/a-job"]);
    // What somebody else did is.
    account.resize_pool("a-pool", 7);
    account.run(&report).code(2).stdout_contains("a: Drifted (ChangedOutside)");
    account.run(&[&report[..], &["--dry-run"]].concat()).success();
    assert_eq!((account.writes(), account.pools()["a-pool"]), (Vec::<String>::new(), 7));
    account.run(&["watch", "recipes", "--once"]).success();
    assert_eq!(account.pools()["a-pool"], 4);
}

fn until_finished(account: &Account<'_>) {
    let deadline = std::time::Instant::now() + super::yard::PATIENCE;
    while account.status("recipes")["jobs"][0]["tasks"]["completed"] != 3 {
        assert!(std::time::Instant::now() < deadline, "the tasks did not finish");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}
