//! Mending nodes: what it leaves alone, and what it remembers.

use super::account::Account;
use super::yard::ailing;
use crate::support::{Emulator, Runtime, Sandbox};

/// How many nodes were booted or made anew, or removed, since the last call.
fn remedies(account: &Account<'_>) -> usize {
    let is_remedy =
        |write: &&String| ["/reboot", "/reimage", "/removenodes"].iter().any(|end| write.ends_with(end));
    account.writes().iter().filter(is_remedy).count()
}

#[test]
fn the_budget_of_a_pool_and_the_ladder_of_a_node_outlive_the_process() {
    let sandbox = Sandbox::new().file("recipes/a/recipe.yaml", &ailing(1));
    let Some(emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let account = Account::before(&sandbox, emulator);
    let look = ["watch", "recipes", "--once", "--repair-nodes", "--repair-budget", "2"];
    let mut said = String::new();
    let deadline = std::time::Instant::now() + super::yard::PATIENCE;
    while !said.contains("2 remedies in an hour") {
        assert!(std::time::Instant::now() < deadline, "{said}");
        said.push_str(&account.run(&look).stdout);
    }
    let told = |remedy: &str| said.matches(&format!("a: {remedy} of node")).count();
    assert_eq!((told("reboot"), told("reimage"), told("remove")), (1, 1, 0), "{said}");
    assert_eq!(remedies(&account), 2);
    account.run(&look).code(7).stdout_contains("2 remedies in an hour");
    // A recipe that can't be read for a while is the same recipe afterwards.
    let text = sandbox.read("recipes/a/recipe.yaml");
    sandbox.write("recipes/a/recipe.yaml", "name: [");
    account.run(&look).code(3);
    sandbox.write("recipes/a/recipe.yaml", &text);
    account.run(&look).code(7).stdout_contains("2 remedies in an hour");
    assert_eq!(remedies(&account), 0);
}

#[test]
fn nodes_of_pools_that_are_left_out_are_left_alone() {
    let sandbox = Sandbox::new().file("recipes/a/recipe.yaml", &ailing(1));
    let Some(emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let account = Account::before(&sandbox, emulator);
    let look = |more: &[&str]| account.run(&[&["watch", "recipes", "--once"], more].concat());
    let deadline = std::time::Instant::now() + super::yard::PATIENCE;
    while !look(&[]).stdout.contains("starttaskfailed") {
        assert!(std::time::Instant::now() < deadline, "the start task does not fail");
    }
    account.writes();
    look(&["--repair-nodes", "--exclude", "pools.*"]).stdout_contains("starttaskfailed");
    look(&["--repair-nodes", "--exclude", "pools.p"]);
    assert_eq!(remedies(&account), 0);
    look(&["--repair-nodes"]).stdout_contains("reboot of node");
    assert_eq!(remedies(&account), 1);
}
