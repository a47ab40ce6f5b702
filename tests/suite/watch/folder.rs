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

#[test]
fn recipes_that_take_the_place_of_the_others_do_not_make_them_fewer_than_they_were() {
    let sandbox = two_recipes().file("recipes/c/recipe.yaml", &recipe("c", 1));
    let account = account!(sandbox);
    account.run(&ONCE).success();
    for (old, new) in [("a", "d"), ("b", "e"), ("c", "f")] {
        std::fs::remove_dir_all(sandbox.path(format!("recipes/{old}"))).unwrap();
        sandbox.write(&format!("recipes/{new}/recipe.yaml"), &recipe(new, 1));
    }
    account.writes();
    // The first pass makes what is new; the second knows six recipes, of which three left.
    for _ in 0..2 {
        let held = account.run(&["watch", "recipes", "--once", "--prune"]);
        held.success().stdout_contains("that is 3 of 3 at once, and at most 1 may go (50 %)");
    }
    let writes = account.writes();
    assert!(writes.iter().all(|write| !write.starts_with("DELETE")), "{writes:?}");
    account.run(&["watch", "recipes", "--once", "--prune", "--prune-share", "100"]).success();
    assert_eq!(account.pools().into_keys().collect::<Vec<_>>(), ["d-pool", "e-pool", "f-pool"]);
}

#[test]
fn a_recipe_whose_file_is_away_for_a_moment_stays() {
    let sandbox = two_recipes();
    let account = account!(sandbox);
    let args = ["watch", "recipes", "--interval", "1s", "--prune", "--format", "json"];
    let mut watch = Watch::of(account.command(&args).start());
    watch.wait_until("a", "Ready", true);
    watch.wait_until("b", "Ready", true);
    account.writes();
    let (here, away) = (sandbox.path("recipes/b/recipe.yaml"), sandbox.path("recipes/b/.saved"));
    for _ in 0..12 {
        std::fs::rename(&here, &away).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(400));
        std::fs::rename(&away, &here).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    assert_eq!(account.writes(), Vec::<String>::new());
    std::fs::remove_file(&here).unwrap();
    let pruned = watch.wait_for("what has gone", |line| line["type"] == "pruned");
    assert_eq!(pruned["recipe"], "b");
    watch.stop().success();
}

#[test]
fn whoever_picks_parts_of_recipes_prunes_nothing() {
    let sandbox = two_recipes();
    let account = account!(sandbox);
    account.run(&ONCE).success();
    std::fs::remove_dir_all(sandbox.path("recipes/b")).unwrap();
    account.writes();
    for (flag, pattern) in [("--exclude", "jobs.*"), ("--target", "pools.p")] {
        let both = account.run(&["watch", "recipes", "--once", "--prune", flag, pattern]);
        both.code(64).stderr_contains("'--prune' cannot be used with");
        account.run(&["watch", "recipes", "--once", flag, pattern]).success();
    }
    assert_eq!(account.writes(), Vec::<String>::new());
}

#[test]
fn a_recipe_by_another_name_does_not_lose_its_work() {
    let sandbox = two_recipes();
    let account = account!(sandbox);
    account.run(&ONCE).success();
    account.writes();
    let renamed = recipe("b", 2).replace("name: b\n", "name: renamed\n");
    sandbox.write("recipes/b/recipe.yaml", &renamed);
    let held = account.run(&["watch", "recipes", "--once", "--prune"]);
    held.code(5)
        .stdout_contains("renamed: Stalled (Conflict)")
        .stdout_contains("b: Stalled (Conflict): it left its source, and is not destroyed: the recipe `renamed` asks for its")
        .stdout_contains("give that recipe the name `b` again");
    assert_eq!(account.writes(), Vec::<String>::new());
    sandbox.write("recipes/b/recipe.yaml", &recipe("b", 2));
    account.run(&["watch", "recipes", "--once", "--prune"]).success();
    assert_eq!(account.writes(), Vec::<String>::new());
}

#[test]
fn a_recipe_that_moves_to_another_source_and_breaks_there_stays() {
    let sandbox = two_recipes().file("others/c/recipe.yaml", &recipe("c", 1));
    let account = account!(sandbox);
    let both = ["watch", "recipes", "others", "--once", "--prune"];
    account.run(&both).success();
    account.writes();
    std::fs::remove_dir_all(sandbox.path("recipes/b")).unwrap();
    let moved = recipe("b", 2);
    // Without a name, and with one that nobody has heard of yet.
    for broken in [
        moved.replace("name: b\n", "<<<<<<< HEAD\n"),
        moved.replace("name: b\n", "name: new\n").replace("vm_size", "vm_sise"),
    ] {
        sandbox.write("others/b/recipe.yaml", &broken);
        let held = account.run(&both);
        held.code(3).stdout_contains(
            "no longer there: b; what it made stays: others holds a recipe that can't be read, and that may be one of them",
        );
    }
    assert_eq!(account.writes(), Vec::<String>::new());
}

#[test]
fn a_file_of_two_sources_is_one_recipe() {
    let sandbox = two_recipes();
    let account = account!(sandbox);
    let whole = sandbox.path("recipes/b");
    let overlapping = ["watch", "recipes", "recipes/a", "./recipes/", &whole.display().to_string(), "--once"];
    account.run(&overlapping).success().stdout_contains("2 of 2 recipes ready");
    account.writes();
    account.run(&overlapping).success().stdout_contains("2 of 2 recipes ready; 0 steps done");
}

#[test]
fn an_edit_of_a_file_elsewhere_that_a_recipe_extends_is_seen_soon() {
    let base = recipe_with("base", 1, 2, "");
    let extending = "api_version: batchyard/v1\nname: a\nextends: ../../base/recipe.yaml\n";
    let sandbox = Sandbox::new().file("base/recipe.yaml", &base).file("recipes/a/recipe.yaml", extending);
    let account = account!(sandbox);
    let args = ["watch", "recipes", "--interval", "1h", "--format", "json"];
    let mut watch = Watch::of(account.command(&args).start());
    watch.wait_until("a", "Ready", true);
    sandbox.write("base/recipe.yaml", &base.replace("dedicated: 2", "dedicated: 3"));
    watch.wait_for("a resized pool", |line| line["type"] == "step_ended" && line["recipe"] == "a");
    watch.wait_until("a", "Ready", true);
    assert_eq!(account.pools()["base-pool"], 3);
    watch.stop().success();
}
