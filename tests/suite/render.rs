//! `render`: a recipe with values in place of parameters, expressions and factories.

use serde_json::{Value, json};

use crate::support::{Emulator, Runtime, Sandbox};

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
    let rendered = sandbox.run(["render", "recipe.yaml", "--format", "json"]).success().json();
    assert_eq!((&rendered["format_version"], &rendered["type"]), (&json!("1.0"), &json!("render")));
    let document = &rendered["recipe"];
    assert_eq!(document["pools"]["small"]["nodes"]["dedicated"], 4);
    assert_eq!(document["jobs"]["estimate"]["tasks"]["merge"]["depends_on"], json!(["seed-1", "seed-2"]));
    let yaml: Value = serde_yaml::from_str(RENDERED).unwrap();
    assert_eq!(*document, yaml);
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

#[test]
fn what_a_program_is_given_as_it_was_written_is_rendered_as_a_string() {
    let values = "{ B: 012, C: 1.10, F: 1e3, G: 0x10, Q: 123456789012345678901234567890, T: True, S: \"${{ 4 / 2 }}\" }";
    let recipe = RECIPE
        .replace("        depends_on: [seed]\n", &format!("        environment: {values}\n"))
        .replace("\"--seed=${{ item.seed }}\"", "1.50, \"${{ item.seed }}\"")
        .replace("    pool: small\n", "    pool: small\n    metadata: { zip: 00501 }\n    priority: 0x10\n");
    let sandbox = Sandbox::new().file("recipe.yaml", &recipe);
    let output = sandbox.run(["render", "recipe.yaml"]);
    output.success().stdout_contains(
        "        environment:
          B: \"012\"
          C: \"1.10\"
          F: \"1e3\"
          G: \"0x10\"
          Q: \"123456789012345678901234567890\"
          T: \"True\"
          S: \"2.0\"
",
    );
    output.stdout_contains("          - \"1.50\"\n          - \"2\"\n");
    output.stdout_contains("    metadata:\n      zip: \"00501\"\n    priority: 16\n");
    let document = sandbox.run(["render", "recipe.yaml", "--format", "json"]).success().json();
    assert_eq!(document["recipe"]["jobs"]["estimate"]["tasks"]["merge"]["environment"]["C"], "1.10");
}

const COMPOSED: &str = "api_version: batchyard/v1
name: composed
extends: base.yaml
defaults:
  environment: { LEVEL: 010, RATIO: 1.50 }
jobs:
  j:
    pool: p
    defaults: { retries: 2 }
    tasks:
      prepare: { for_each: { part: { range: [1, 12] } }, command: [prepare, \"${{ item.part }}\"] }
      train:
        for_each: { part: { range: [1, 12] } }
        display_name: \"Part ${{ item.part }}\"
        command: [train, \"${{ item.part }}\"]
        depends_on: [prepare.each, first]
      first: { for_each: { repeat: 2 }, id: \"${{ task.number }}\", command: [first] }
      merge: { command: [merge], depends_on: [train, prepare], max_wall_time: 90m }
";

const BASE: &str = "api_version: batchyard/v1
name: base
pools:
  p: { vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {}, nodes: { dedicated: 2 } }
defaults: { container: { image: busybox:1.36 } }
";

#[test]
fn what_a_recipe_is_rendered_to_is_what_it_was() {
    let sandbox = Sandbox::new().file("recipe.yaml", COMPOSED).file("base.yaml", BASE);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "recipe.yaml", "-yq"]).success();
    let rendered = sandbox.run(["render", "recipe.yaml"]);
    sandbox.write("rendered.yaml", &rendered.success().stdout);
    sandbox.run(["plan", "rendered.yaml"]).success().stdout_contains("No changes.");
    sandbox.run(["plan", "recipe.yaml"]).success().stdout_contains("No changes.");
}
