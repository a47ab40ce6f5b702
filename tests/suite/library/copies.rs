//! Copies of the library's recipes, and recipes that extend them, far from the repository.

use super::folder::each;
use crate::support::{Local, Runtime, Sandbox};

#[test]
fn a_copy_of_every_recipe_stands_on_its_own() {
    each(|recipe| {
        let Some(local) = Local::new(Runtime::Simulated) else { return };
        let made = local.run(["new", &recipe.asked, "mine"]);
        made.success().stdout_contains(&format!("Made mine from the library's recipe `{}`.", recipe.asked));
        assert!(local.sandbox().read("mine/README.md").starts_with("# "));
        let own = local.sandbox().read("mine/recipe.yaml");
        assert!(own.contains("\nname: mine\n") && !own.contains("yaml-language-server"), "{own}");
        assert!(!local.sandbox().path("mine/plan.txt").exists(), "what only the library's tests need");
        let validated = local.run(["validate", "mine"]);
        validated.success();
        assert_eq!(validated.stderr, "", "{validated}");
        local.run(["plan", "mine", "--detailed-exitcode"]).code(2);
        local.run(["plan", "mine", "--params", "mine/params.yaml", "--detailed-exitcode"]).code(2);
    });
}

#[test]
fn every_recipe_can_be_extended_by_its_name_alone() {
    each(|recipe| {
        let Some(local) = Local::new(Runtime::Simulated) else { return };
        let extending = format!("api_version: batchyard/v1\nname: own\nextends: library:{}\n", recipe.asked);
        local.sandbox().write("own.yaml", &extending);
        local.run(["plan", "own.yaml", "--detailed-exitcode"]).code(2).stdout_contains("library:");
    });
}

#[test]
fn who_names_a_recipe_or_version_that_is_not_there_learns_which_are() {
    let sandbox = Sandbox::new();
    let said = sandbox.run(["new", "helo"]);
    said.code(64)
        .stderr_contains("the library has no recipe `helo`")
        .stderr_contains("did you mean `hello`?");
    let said = sandbox.run(["new", "zzzzzzzz"]);
    said.code(64).stderr_contains("there are autoscaled-spot-pool, ").stderr_contains("hello, ");
    let said = sandbox.run(["new", "hello@7", "mine"]);
    said.code(64).stderr_contains("the library has no version 7 of `hello`; it has version 1");
    assert!(!sandbox.path("mine").exists());
    sandbox.write("own.yaml", "api_version: batchyard/v1\nname: own\nextends: library:hello@7\n");
    let said = sandbox.run(["validate", "own.yaml"]);
    said.code(3).stderr_contains("own.yaml:3:10").stderr_contains("the library has no version 7 of `hello`");
    said.stderr_contains("`library:hello@1` is the newest; a newer program may have others");
}

#[test]
fn the_list_fits_in_80_columns_and_looks_for_a_word() {
    let sandbox = Sandbox::new();
    let list = sandbox.run(["new", "--list"]);
    list.success().stdout_contains("First steps\n  hello ").stdout_contains("\n\nMPI\n  openmpi-hello ");
    let widest = list.stdout.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(widest <= 80, "{widest} columns\n{list}");
    let names: Vec<&str> =
        list.stdout.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    super::folder::all()
        .iter()
        .for_each(|recipe| assert!(names.contains(&recipe.name.as_str()), "{}", recipe.name));
    let found = sandbox.run(["new", "--list", "infiniband"]);
    found.success().stdout_is(
        "
MPI
  osu-infiniband  1  Measures latency and bandwidth over InfiniBand with the OSU
                     benchmarks and Open MPI.
",
    );
    sandbox
        .run(["new", "--list", "zzzz"])
        .code(64)
        .stderr_contains("no recipe of the library is about `zzzz`");
    let document = sandbox.run(["new", "--list", "hello", "--format", "json"]).success().json();
    let hello =
        document["recipes"].as_array().unwrap().iter().find(|recipe| recipe["name"] == "hello").unwrap();
    assert_eq!((&hello["version"], &hello["group"]), (&1.into(), &"First steps".into()));
    assert_eq!(hello["versions"], serde_json::json!([1]));
}

#[test]
fn nothing_is_copied_over_what_is_there() {
    let sandbox = Sandbox::new().file("mine/recipe.yaml", "precious\n");
    sandbox.run(["new", "hello", "mine"]).code(64).stderr_contains("mine exists and is not empty");
    assert_eq!(sandbox.read("mine/recipe.yaml"), "precious\n");
}
