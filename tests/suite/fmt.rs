//! `fmt`: what it writes, what it leaves alone, and what it says.

use serde_json::json;

use crate::support::Sandbox;

const UGLY: &str = "# about this recipe
api_version:   batchyard/v1
name: ugly   # short
pools:
    p: {vm_size: S,   image: 'ubuntu-22.04-container'}
";

const CANONICAL: &str = "# about this recipe
api_version: batchyard/v1
name: ugly # short
pools:
  p: { vm_size: S, image: \"ubuntu-22.04-container\" }
";

fn sandbox() -> Sandbox {
    Sandbox::new().file("ugly/recipe.yaml", UGLY).file("fine/recipe.yaml", CANONICAL)
}

#[test]
fn recipes_are_laid_out_in_place_and_only_those_that_need_it_are_written() {
    let sandbox = sandbox();
    let before = std::fs::metadata(sandbox.path("fine/recipe.yaml")).unwrap().modified().unwrap();
    let output = sandbox.run(["fmt"]);
    output.success().stdout_is("formatted ugly/recipe.yaml\n2 files: 1 formatted, 1 unchanged");
    assert_eq!(sandbox.read("ugly/recipe.yaml"), CANONICAL);
    assert_eq!(std::fs::metadata(sandbox.path("fine/recipe.yaml")).unwrap().modified().unwrap(), before);
    sandbox.run(["fmt"]).success().stdout_is("2 files: 0 formatted, 2 unchanged");
}

#[test]
fn check_writes_nothing_and_tells_by_its_exit_code() {
    let sandbox = sandbox();
    sandbox.run(["fmt", "--check"]).code(1).stdout_contains("would format ugly/recipe.yaml");
    sandbox.run(["fmt", "--check", "fine"]).success();
    assert_eq!(sandbox.read("ugly/recipe.yaml"), UGLY);
    let document = sandbox.run(["fmt", "--check", "--format", "json"]).code(1).json();
    assert_eq!(
        document["files"][1],
        json!({
            "path": "ugly/recipe.yaml", "changed": true, "diagnostics": [],
            "errors": 0, "warnings": 0, "notes": 0, "omitted": 0,
        })
    );
}

#[test]
fn a_difference_can_be_applied_by_other_programs() {
    let sandbox = sandbox();
    let output = sandbox.run(["fmt", "--diff", "ugly/recipe.yaml"]);
    output.success().stdout_contains("-name: ugly   # short\n").stdout_contains("+name: ugly # short\n");
    assert_eq!(sandbox.read("ugly/recipe.yaml"), UGLY);
    sandbox.write("difference.patch", &output.stdout);
    sandbox.program("git").args(["apply", "-p0", "difference.patch"]).run().success();
    assert_eq!(sandbox.read("ugly/recipe.yaml"), CANONICAL);
}

#[test]
fn standard_input_becomes_standard_output() {
    let sandbox = Sandbox::new();
    let output = sandbox.command(["fmt", "-"]).stdin(UGLY).run();
    assert_eq!(output.success().stdout, CANONICAL);
    sandbox.command(["fmt", "--check", "-"]).stdin(UGLY).run().code(1);
    let broken = sandbox.command(["fmt", "-"]).stdin("a: [\n").run();
    broken.code(3).stderr_contains("<stdin>:1:4");
    assert_eq!(broken.stdout, "");
}

#[test]
fn what_is_no_yaml_is_left_alone_and_the_rest_is_done() {
    let sandbox = sandbox().file("broken/recipe.yaml", "a: 1\n b: 2\n");
    let output = sandbox.run(["fmt"]);
    output.code(3).stderr_contains("broken/recipe.yaml:2:3");
    output.stdout_contains("3 files: 1 formatted, 1 unchanged, 1 left alone");
    assert_eq!(sandbox.read("broken/recipe.yaml"), "a: 1\n b: 2\n");
    assert_eq!(sandbox.read("ugly/recipe.yaml"), CANONICAL);
}

#[test]
fn every_recipe_of_the_repository_has_the_canonical_layout() {
    let recipes = concat!(env!("CARGO_MANIFEST_DIR"), "/recipes");
    Sandbox::new().run(["fmt", "--check", "--diff", recipes]).success().stdout_is("");
}
