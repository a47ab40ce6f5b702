//! The plans of the library's recipes. With `INSTA_UPDATE=always` each `plan.txt` is written instead of compared.

use std::fs;

use super::folder::{LIBRARY, each};
use crate::support::{Local, Runtime};

/// The plan that a recipe's folder expects.
const PLAN: &str = "plan.txt";

#[expect(
    clippy::disallowed_methods,
    reason = "the variable that blesses snapshots, not a setting of the program"
)]
fn blesses() -> bool {
    std::env::var("INSTA_UPDATE").is_ok_and(|mode| mode == "always")
}

#[test]
fn every_recipe_has_the_plan_that_its_folder_expects() {
    each(|recipe| {
        let Some(local) = Local::new(Runtime::Simulated) else { return };
        let plan = local.command(["plan", &recipe.below, "--detailed-exitcode"]).current_dir(LIBRARY).run();
        plan.code(2);
        let path = recipe.path().join(PLAN);
        if blesses() {
            fs::write(&path, &plan.stdout).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            plan.stdout == expected,
            "{}: bless it with INSTA_UPDATE=always if it is meant\n{plan}",
            path.display()
        );
    });
}

#[test]
fn the_example_parameters_of_every_recipe_are_planned() {
    each(|recipe| {
        let Some(local) = Local::new(Runtime::Simulated) else { return };
        let params = format!("{}/params.yaml", recipe.below);
        let plan = local.command(["plan", &recipe.below, "--params", &params, "--detailed-exitcode"]);
        plan.current_dir(LIBRARY).run().code(2);
    });
}

#[test]
fn a_private_registry_is_logged_in_to_with_an_identity_by_an_overlay() {
    let Some(local) = Local::new(Runtime::Simulated) else { return };
    let (recipe, overlay) =
        (format!("{LIBRARY}/private-registry"), format!("{LIBRARY}/private-registry/identity.yaml"));
    local.run(["fmt", "--check", &overlay]).success();
    let plan =
        local.run(["plan", &recipe, "--overlay", &overlay, "-p", "pool=theirs", "--detailed-exitcode"]);
    plan.code(2).stdout_contains("the pool `theirs` does not exist").stdout_contains("2 to create");
    local.sandbox().write(
        "theirs.yaml",
        "api_version: batchyard/v1
name: theirs
pools:
  theirs: { vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {}, nodes: { dedicated: 1 } }
",
    );
    local.run(["apply", "theirs.yaml", "-y"]).success();
    // Nodes of the emulator have no identities, and no task is taken that needs one.
    let applied = local.run(["apply", &recipe, "--overlay", &overlay, "-p", "pool=theirs", "-y"]);
    assert_ne!(applied.code, Some(0), "{applied}");
    applied.stdout_contains("identityReference");
}
