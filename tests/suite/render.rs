//! `render`: a recipe with values in place of parameters, expressions and factories.

use serde_json::{Value, json};

use crate::support::Sandbox;

const RECIPE: &str = "api_version: batchyard/v1
name: sweep
parameters:
  seeds: { type: integer, default: 2 }
pools:
  small: { vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {}, nodes: { dedicated: \"${{ params.seeds * 2 }}\" } }
jobs:
  estimate:
    pool: small
    tasks:
      seed:
        for_each: { seed: { range: [1, \"${{ params.seeds }}\"] } }
        container: { image: busybox:1.36 }
        command: [run, \"--seed=${{ item.seed }}\", \"yes\"]
      merge:
        container: { image: busybox:1.36 }
        command: |
          sum
          of ${{ params.seeds }}
        depends_on: [seed]
";

const RENDERED: &str = "api_version: batchyard/v1
name: sweep
pools:
  small:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes:
      dedicated: 4
jobs:
  estimate:
    pool: small
    tasks:
      seed-1:
        container:
          image: busybox:1.36
        command:
          - run
          - \"--seed=1\"
          - \"yes\"
      seed-2:
        container:
          image: busybox:1.36
        command:
          - run
          - \"--seed=2\"
          - \"yes\"
      merge:
        container:
          image: busybox:1.36
        command: |
          sum
          of 2
        depends_on:
          - seed-1
          - seed-2
";

#[test]
fn parameters_expressions_and_factories_are_gone_and_rendering_again_changes_nothing() {
    let sandbox = Sandbox::new().file("recipe.yaml", RECIPE);
    let output = sandbox.run(["render", "recipe.yaml"]);
    assert_eq!(output.success().stdout, RENDERED, "{output}");
    sandbox.write("rendered.yaml", &output.stdout);
    assert_eq!(sandbox.run(["render", "rendered.yaml"]).success().stdout, RENDERED);
    sandbox.run(["render", "recipe.yaml", "-p", "seeds=3"]).success().stdout_contains("      seed-3:\n");
}

#[test]
fn json_is_the_same_recipe() {
    let sandbox = Sandbox::new().file("recipe.yaml", RECIPE);
    let document = sandbox.run(["render", "recipe.yaml", "--format", "json"]).success().json();
    assert_eq!(document["pools"]["small"]["nodes"]["dedicated"], 4);
    assert_eq!(document["jobs"]["estimate"]["tasks"]["merge"]["depends_on"], json!(["seed-1", "seed-2"]));
    let yaml: Value = serde_yaml::from_str(RENDERED).unwrap();
    assert_eq!(document, yaml);
}

#[test]
fn origins_tell_the_place_of_every_value_and_the_expression_behind_it() {
    let sandbox = Sandbox::new().file("recipe.yaml", RECIPE);
    let output = sandbox.run(["render", "recipe.yaml", "--origin"]);
    for line in output
        .success()
        .stdout
        .lines()
        .filter(|line| !line.starts_with("          sum") && !line.starts_with("          of"))
    {
        assert!(line.contains(" # recipe.yaml:"), "{line}");
    }
    output.stdout_contains("    vm_size: Standard_D2s_v3 # recipe.yaml:6:21\n");
    output.stdout_contains("      dedicated: 4 # recipe.yaml:6:104 from \"${{ params.seeds * 2 }}\"\n");
    output.stdout_contains("          - \"--seed=2\" # recipe.yaml:14:24 from \"--seed=${{ item.seed }}\"\n");
    output.stdout_contains("        command: | # recipe.yaml:18:11 from sum of ${{ params.seeds }}\n");
    let document = sandbox.run(["render", "recipe.yaml", "--origin", "--format", "json"]).success().json();
    assert_eq!(document["recipe"]["name"], "sweep");
    let place = &document["origins"]["/pools/small/nodes/dedicated"];
    assert_eq!(
        *place,
        json!({ "file": "recipe.yaml", "line": 6, "column": 104, "expression": "\"${{ params.seeds * 2 }}\"" })
    );
}

#[test]
fn a_recipe_with_mistakes_is_not_rendered() {
    let sandbox = Sandbox::new().file("recipe.yaml", &RECIPE.replace("params.seeds * 2", "params.sedes"));
    let output = sandbox.run(["render", "recipe.yaml"]);
    output.code(3).stderr_contains("recipe.yaml:6:").stderr_contains("did you mean `params.seeds`?");
    assert_eq!(output.stdout, "");
}
