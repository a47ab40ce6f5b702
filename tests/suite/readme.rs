//! The tour of the README shows what its commands print.

use std::fs;

use crate::support::{Local, Runtime};

#[test]
fn the_tour_of_the_readme_is_true() {
    let Some(local) = Local::new(Runtime::Simulated) else { return };
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let tells = |command: &str, output: &str| {
        let told = format!("$ batchyard {command}\n{}", output.trim_end());
        assert!(readme.contains(&told), "the README does not show this:\n{told}");
    };
    let run = |command: &str| local.run(command.split(' '));

    tells("new parameter-sweep my", &run("new parameter-sweep my").success().stdout);
    // What comes after its plan was printed by real containers, on another day.
    let apply = "apply my -p seeds=3 -p samples=200000 --auto-approve";
    let applied = run(apply);
    let (plan, _) = applied.success().stdout.split_once("\n✓").unwrap();
    tells(apply, plan);
    for plan in ["plan my -p seeds=3 -p samples=200000", "plan my -p seeds=4 -p samples=200000"] {
        tells(plan, &run(plan).success().stdout);
    }
    let replaced = run("plan my -p seeds=3 -p samples=100000");
    replaced.success().stdout_contains("because `estimate-1`, which it waits for, is replaced");

    let recipe = local.sandbox().read("my/recipe.yaml");
    let bad = recipe
        .replace("slots_per_node", "slots_pernode")
        .replace("params.samples }}\", --out", "params.smaples }}\", --out");
    local.sandbox().write("bad.yaml", &bad);
    let validated = run("validate bad.yaml");
    validated.code(3);
    tells("validate bad.yaml", &format!("{}\n\n{}", validated.stderr.trim_end(), validated.stdout));
    run("destroy my --auto-approve").success();
}
