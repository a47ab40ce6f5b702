//! Recipes of a folder.

use super::account::Account;
use super::yard::{Watch, recipe, recipe_with};
use crate::support::{Emulator, Runtime, Sandbox};

const ONCE: [&str; 3] = ["watch", "recipes", "--once"];

fn two_recipes() -> Sandbox {
    Sandbox::new()
        .file("recipes/a/recipe.yaml", &recipe("a", 3))
        .file("recipes/b/recipe.yaml", &recipe("b", 2))
}

macro_rules! account {
    ($sandbox:ident) => {{
        let Some(emulator) = Emulator::start(&$sandbox, Runtime::Simulated) else { return };
        Account::before(&$sandbox, emulator)
    }};
}

#[test]
fn once_applies_what_differs_and_a_second_time_writes_nothing() {
    let sandbox = two_recipes();
    let account = account!(sandbox);
    account.run(&ONCE).success().stdout_contains("2 of 2 recipes ready");
    assert!(account.writes().iter().any(|write| write == "POST /pools"), "pools were made");
    for recipe in ["recipes/a", "recipes/b"] {
        account.run(&["plan", recipe, "--detailed-exitcode"]).success();
    }
    let reads = account.reads();
    account.run(&ONCE).success().stdout_contains("0 steps done");
    assert_eq!(account.writes(), Vec::<String>::new());
    assert!(account.reads() > reads, "it did look");
}

#[test]
fn a_dry_run_shows_the_plans_and_remembers_nothing() {
    let sandbox = two_recipes();
    let account = account!(sandbox);
    let shown = account.run(&["watch", "recipes", "--once", "--dry-run", "--detailed-exitcode"]);
    shown.code(2).stdout_contains("pools.p").stdout_contains("0 of 2 recipes ready");
    account.run(&["watch", "recipes", "--once", "--dry-run"]).success();
    assert_eq!(account.writes(), Vec::<String>::new());
    // What a dry run has seen is not the source's: it was never applied from there.
    account.run(&["apply", "recipes/a", "-y", "--no-wait"]).success();
    account.writes();
    std::fs::remove_dir_all(sandbox.path("recipes/a")).unwrap();
    account.run(&["watch", "recipes", "--once", "--prune"]).success();
    assert!(account.writes().iter().all(|write| !write.starts_with("DELETE")));
}

#[test]
fn a_broken_recipe_stalls_with_its_place_and_stops_no_other() {
    let sandbox = two_recipes();
    let account = account!(sandbox);
    sandbox.write("recipes/a/recipe.yaml", &recipe("a", 3).replace("vm_size", "vm_sise"));
    let output = account.run(&ONCE);
    output.code(3).stdout_contains("Stalled (InvalidRecipe): recipes/a/recipe.yaml:6:5: ");
    output.stdout_contains("did you mean `vm_size`?").stdout_contains("1 of 2 recipes ready");
    account.run(&["plan", "recipes/b", "--detailed-exitcode"]).success();
}

#[test]
fn two_recipes_of_one_name_are_both_named_and_neither_is_applied() {
    let sandbox = two_recipes().file("recipes/c/recipe.yaml", &recipe("a", 9));
    let account = account!(sandbox);
    let output = account.run(&ONCE);
    output.code(3).stdout_contains(
        "a: Stalled (DuplicateName): several recipes have this name: recipes/a/recipe.yaml, recipes/c/recipe.yaml",
    );
    assert!(account.writes().iter().all(|write| !write.contains("a-job")), "nothing of either was applied");
}

#[test]
fn what_the_recipe_does_not_permit_is_said_and_nothing_is_touched() {
    let sandbox = two_recipes();
    let account = account!(sandbox);
    account.run(&ONCE).success();
    account.writes();
    sandbox.write("recipes/a/recipe.yaml", &recipe("a", 3).replace("D2s_v3", "D4s_v3"));
    let output = account.run(&ONCE);
    output
        .code(4)
        .stdout_contains("a: Stalled (NotPermitted): recipes/a/recipe.yaml:6:5: ")
        .stdout_contains("vm_size");
    assert_eq!(account.writes(), Vec::<String>::new());
}

#[test]
fn a_change_in_a_folder_is_seen_long_before_the_interval_is_over() {
    let sandbox = two_recipes();
    let account = account!(sandbox);
    let args = ["watch", "recipes", "--interval", "1h", "--format", "json"];
    let mut watch = Watch::of(account.command(&args).start());
    watch.wait_until("a", "Ready", true);
    watch.skip_to_now();
    sandbox.write("recipes/a/recipe.yaml", &recipe_with("a", 3, 3, ""));
    watch.wait_for("a resized pool", |line| line["type"] == "step_ended" && line["recipe"] == "a");
    watch.wait_until("a", "Ready", true);
    sandbox.write("recipes/c/recipe.yaml", &recipe("c", 1));
    watch.wait_until("c", "Ready", true);
    watch.stop().success();
}

#[test]
fn recipes_that_left_are_destroyed_only_with_prune() {
    let sandbox = two_recipes().file("recipes/c/recipe.yaml", &recipe("c", 1));
    let account = account!(sandbox);
    account.run(&ONCE).success();
    std::fs::remove_dir_all(sandbox.path("recipes/b")).unwrap();
    account.writes();
    account.run(&ONCE).success().stdout_contains("no longer there: b; what it made stays: pass --prune");
    assert_eq!(account.writes(), Vec::<String>::new());
    account
        .run(&["watch", "recipes", "--once", "--prune"])
        .success()
        .stdout_contains("b: it left its source");
    let writes = account.writes();
    assert_eq!(writes.len(), 2, "a job and a pool: {writes:?}");
    assert!(writes.iter().all(|write| write.starts_with("DELETE") && write.contains("b-")), "{writes:?}");
    account.run(&["watch", "recipes", "--once", "--prune"]).success();
    assert_eq!(account.writes(), Vec::<String>::new());
}

#[test]
fn a_source_that_is_empty_broken_or_gone_destroys_nothing() {
    let sandbox = two_recipes().file("recipes/c/recipe.yaml", &recipe("c", 1));
    let account = account!(sandbox);
    account.run(&ONCE).success();
    account.writes();
    let prune = || account.run(&["watch", "recipes", "--once", "--prune"]);
    let moved = |from: &str, to: &str| std::fs::rename(sandbox.path(from), sandbox.path(to)).unwrap();
    // A file whose recipe nobody knows may be the one that left.
    moved("recipes/b", "recipes/d");
    sandbox.write("recipes/d/recipe.yaml", "name: [");
    prune().code(3).stdout_contains(
        "no longer there: b; what it made stays: the source holds a recipe that can't be read",
    );
    std::fs::remove_dir_all(sandbox.path("recipes/d")).unwrap();
    std::fs::remove_dir_all(sandbox.path("recipes/c")).unwrap();
    prune().success().stdout_contains("that is 2 of 3 at once, and at most 1 may go (50 %)");
    moved("recipes", "elsewhere");
    prune().code(1).stdout_contains("there is no file or folder recipes");
    std::fs::create_dir(sandbox.path("recipes")).unwrap();
    prune().success().stdout_contains("the source holds no recipe any more");
    assert_eq!(account.writes(), Vec::<String>::new());
    let meant = ["watch", "elsewhere", "--once", "--prune", "--prune-share", "100"];
    account.run(&meant).success();
    assert!(
        account.writes().iter().all(|write| !write.starts_with("DELETE")),
        "another source never had them"
    );
}

#[test]
fn one_process_watches_a_source() {
    let sandbox = two_recipes();
    let account = account!(sandbox);
    let mut watch = Watch::of(account.command(&["watch", "recipes", "--format", "json"]).start());
    watch.wait_until("b", "Ready", true);
    account.run(&ONCE).code(1).stderr_contains("another process watches recipes for this account already");
    watch.stop().success();
    account.run(&ONCE).success();
}

#[test]
fn the_local_account_runs_for_as_long_as_it_is_watched() {
    let sandbox = two_recipes();
    let command = sandbox.command([
        "watch",
        "recipes",
        "--runtime",
        "simulated",
        "--format",
        "json",
        "--interval",
        "1s",
    ]);
    let mut watch = Watch::of(command.start());
    watch.wait_until("a", "Ready", true);
    watch.wait_until("b", "Ready", true);
    watch.stop().success();
    let again = sandbox.run(["watch", "recipes", "--once", "--runtime", "simulated"]);
    again.success().stdout_contains("0 steps done");
}

#[test]
fn a_recipe_that_moves_to_another_source_stays() {
    let sandbox = two_recipes().file("others/c/recipe.yaml", &recipe("c", 1));
    let account = account!(sandbox);
    let both = ["watch", "recipes", "others", "--once", "--prune"];
    account.run(&both).success().stdout_contains("3 of 3 recipes ready");
    account.writes();
    std::fs::rename(sandbox.path("recipes/b"), sandbox.path("others/b")).unwrap();
    account.run(&both).success().stdout_contains("3 of 3 recipes ready; 0 steps done");
    // The same recipe in both is neither's.
    sandbox.write("recipes/b/recipe.yaml", &recipe("b", 2));
    account.run(&both).code(3).stdout_contains("recipes/b/recipe.yaml, others/b/recipe.yaml");
    assert_eq!(account.writes(), Vec::<String>::new());
}
