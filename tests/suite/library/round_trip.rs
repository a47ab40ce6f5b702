//! The library's recipes on an account whose tasks are simulated: there and back.

use super::folder::{RecipeFolder, each};
use crate::support::{Local, Runtime};

/// What the emulator does not do, by recipe: the exit code of applying it, and the reason that is given.
const REFUSED: &[(&str, i32, &str)] = &[
    ("windows-container", 1, "can't act on `nodeAgentSKUId: Windows`: nodes here run Linux"),
    ("osu-infiniband", 7, "option `--device` is not supported by the nodes of the embedded Azure Batch"),
];

#[test]
fn every_recipe_goes_to_an_account_needs_no_change_there_and_leaves_nothing_behind() {
    each(|recipe| {
        let Some(local) = Local::new(Runtime::Simulated) else { return };
        let below = recipe.path().to_string_lossy().into_owned();
        let run = |arguments: &[&str]| recipe.command(&local, &[arguments, &[below.as_str()]].concat()).run();
        let applied = run(&["apply", "--auto-approve"]);
        match REFUSED.iter().find(|(name, ..)| *name == recipe.name) {
            Some((_, code, reason)) => {
                applied.code(*code);
                assert!(
                    format!("{}{}", applied.stdout, applied.stderr).contains(reason),
                    "{reason}\n{applied}"
                );
            }
            None => {
                applied.success();
                run(&["plan", "--detailed-exitcode"]).success().stdout_contains("No changes.");
            }
        }
        destroy(recipe, &local, &below);
        run(&["status"]).success().stdout_contains("Nothing of this recipe is in the account.");
        run(&["plan", "--detailed-exitcode"]).code(2);
    });
}

fn destroy(recipe: &RecipeFolder, local: &Local, below: &str) {
    recipe.command(local, &["destroy", "--auto-approve", below]).run().success();
}
