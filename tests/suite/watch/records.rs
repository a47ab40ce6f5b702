//! The record of recipes that are watched: the nearest one is gone by, and a repository chooses none.

use super::yard::{ailing, recipe};
use crate::support::{Sandbox, Team};

#[test]
fn each_recipe_of_a_folder_goes_by_the_record_of_its_nearest_project_file() {
    let sandbox = Sandbox::new()
        .file("all/team/batchyard.yaml", Team::PROJECT)
        .file("all/team/a/recipe.yaml", &recipe("a", 1))
        .file("all/b/recipe.yaml", &recipe("b", 1));
    let Some(team) = Team::of(&sandbox) else { return };
    let id = team.hold("a", 60);
    let held = team.run(&["watch", "all", "--once"]);
    held.code(5).stdout_contains("a: Reconciling (Locked)").stdout_contains("1 of 2 recipes ready");
    team.container.end_lease(&team.lock_of("a"), id);
    team.run(&["watch", "all", "--once"]).success();
    team.run(&["history", "all/team/a"]).success().stdout_contains("watch  done").stdout_contains("+ jobs.j");
    // What left goes by the record of where it was.
    std::fs::remove_dir_all(sandbox.path("all/team/a")).unwrap();
    let id = team.hold("a", 60);
    team.run(&["watch", "all", "--once", "--prune"]).code(5).stdout_contains("a: Reconciling (Locked)");
    team.container.end_lease(&team.lock_of("a"), id);
    team.run(&["watch", "all", "--once", "--prune"]).success();
}

#[test]
fn a_record_that_a_repository_names_is_not_used_and_that_is_said_once() {
    let sandbox = Sandbox::new()
        .file("work/team/batchyard.yaml", Team::PROJECT)
        .file("work/team/a/recipe.yaml", &recipe("a", 1))
        .file("work/team/b/recipe.yaml", &recipe("b", 1));
    let Some(team) = Team::of(&sandbox) else { return };
    for args in [
        vec!["init", "-q", "-b", "main", "work"],
        vec!["-C", "work", "add", "-A"],
        vec!["-C", "work", "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-q", "-m", "all"],
    ] {
        sandbox.program("git").args(args).run().success();
    }
    team.hold("a", 60);
    let url = format!("file://{}#main", sandbox.path("work").display());
    let said = team.run(&["watch", &url, "--once"]);
    said.success().stdout_contains("the record that its team/batchyard.yaml names is not used");
    assert_eq!(said.stdout.matches("is not used").count(), 1, "{said}");
    team.run(&["watch", &url, "--once", "--no-lock"]).success().never_mentions("is not used");
    assert!(team.container.names().iter().all(|name| !name.contains("/history/")));
    // That of the command is.
    sandbox.write("batchyard.yaml", Team::PROJECT);
    sandbox.write("work/team/a/recipe.yaml", &recipe("a", 2));
    let commit =
        ["-C", "work", "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-q", "-a", "-m", "more"];
    sandbox.program("git").args(commit).run().success();
    let said = team.run(&["watch", &url, "--once", "--format", "json"]);
    said.code(5).stdout_contains("\"record_ignored\"").stdout_contains("\"Locked\"");
}

#[test]
fn nodes_are_mended_under_the_lock_and_the_history_says_which() {
    let sandbox = Sandbox::new().file("batchyard.yaml", Team::PROJECT).file("a/recipe.yaml", &ailing(1));
    let Some(team) = Team::of(&sandbox) else { return };
    let look = |more: &[&str]| team.run(&[&["watch", "a", "--once"], more].concat());
    let deadline = std::time::Instant::now() + super::yard::PATIENCE;
    while !look(&[]).stdout.contains("starttaskfailed") {
        assert!(std::time::Instant::now() < deadline, "the start task does not fail");
    }
    let id = team.hold("a", 60);
    let held = look(&["--repair-nodes"]);
    held.stdout_contains("no node is mended now: the recipe `a` is locked").never_mentions("reboot of node");
    team.container.end_lease(&team.lock_of("a"), id);
    look(&["--repair-nodes"]).stdout_contains("reboot of node");
    team.run(&["history", "a"]).success().stdout_contains("  + reboot of node ");
    let entries = team.run(&["history", "a", "--format", "json"]).json()["entries"].clone();
    assert_eq!(entries[0]["nodes"][0]["remedy"], "reboot", "{entries}");
}
