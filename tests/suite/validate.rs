//! `validate`: which recipes it finds, what it says of them in which format, and what it corrects.

use serde_json::{Value, json};

use crate::support::{Output, Sandbox};

const VALID: &str = "api_version: batchyard/v1
name: valid
pools:
  p: { vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {}, nodes: { dedicated: 1 } }
";

/// Two mistakes; the first one leaves no doubt about what was meant.
const INVALID: &str = "api_version: batchyard/v1
name: invalid
pools:
  p: { vmSize: Standard_D2s_v3, image: ubuntu-22.04-container, container: {}, nodes: { dedicated: many } }
";

fn three_recipes() -> Sandbox {
    Sandbox::new()
        .file("a/recipe.yaml", VALID)
        .file("b/deep/recipe.yml", INVALID)
        .file("c, d: %/own.yaml", VALID)
        .file("a/values.yaml", "nodes: 3\n")
        .file("a/.hidden/recipe.yaml", "no: recipe\n")
}

#[test]
fn without_a_path_every_recipe_below_the_folder_is_checked() {
    let output = three_recipes().run(["validate"]);
    output.code(3).stdout_is(
        "a/recipe.yaml: valid (1 pool, 0 jobs, 0 tasks)\nb/deep/recipe.yml: invalid (2 errors)\n\
         2 recipes: 1 valid, 1 invalid (2 errors)",
    );
    output.stderr_contains("--> b/deep/recipe.yml:4:8");
    let quiet = three_recipes().run(["validate", "-q"]);
    quiet.code(3).stdout_is("").stderr_contains("b/deep/recipe.yml: invalid (2 errors)");
}

#[test]
fn the_name_of_a_folder_drives_no_terminal() {
    let sandbox = Sandbox::new().file("r/ev\u{1b}]0;pwn\u{7}il/recipe.yaml", VALID);
    let output = sandbox.run(["validate", "r", "--color", "always"]);
    output
        .success()
        .stdout_contains("il/recipe.yaml: valid")
        .never_mentions("\u{1b}]0;")
        .never_mentions("\u{7}");
}

#[test]
fn files_folders_and_patterns_are_checked_in_the_order_in_which_they_are_named() {
    let sandbox = three_recipes();
    let output = sandbox.run(["validate", "c*/*.yaml", "a", "a/recipe.yaml"]);
    let lines: Vec<&str> = output.success().stdout.lines().collect();
    assert_eq!(lines.len(), 3, "each once: {output}");
    assert!(lines[0].starts_with("c, d: %/own.yaml: valid") && lines[2] == "2 recipes: 2 valid", "{output}");
    let output = sandbox.run(["validate", "nowhere.yaml", "a/.hidden/deeper", "no*fit", "a"]);
    output
        .code(3)
        .stderr_contains("cannot read nowhere.yaml")
        .stderr_contains("no file fits the pattern no*fit");
    output.stdout_contains("a/recipe.yaml: valid");
    sandbox.run(["validate", "c, d: %"]).code(3).stderr_contains("there is no recipe in c, d: % or below it");
}

#[test]
fn a_hundred_recipes_are_answered_in_the_order_of_their_paths() {
    let mut sandbox = Sandbox::new();
    for number in 0..100 {
        let recipe = if number % 7 == 0 { INVALID } else { VALID };
        sandbox = sandbox.file(&format!("r{number:03}/recipe.yaml"), recipe);
    }
    let document = sandbox.run(["validate", "--format", "json"]).code(3).json();
    let recipes = document["recipes"].as_array().unwrap();
    for (number, recipe) in recipes.iter().enumerate() {
        assert_eq!(recipe["path"], format!("r{number:03}/recipe.yaml"));
        assert_eq!(recipe["valid"], number % 7 != 0);
    }
    assert_eq!((recipes.len(), &document["summary"]["invalid"]), (100, &json!(15)));
}

#[test]
fn json_is_one_versioned_document() {
    let output = three_recipes().run(["validate", "--format", "json", "a", "b"]);
    let document = output.code(3).json();
    assert_eq!(output.stderr, "");
    assert_eq!(document["format_version"], "1.0");
    assert_eq!(
        document["recipes"][0]["contents"],
        json!({ "pools": 1, "jobs": 0, "schedules": 0, "tasks": 0 })
    );
    let finding = &document["recipes"][1]["diagnostics"][0];
    assert_eq!(
        (&finding["code"], &finding["line"], &finding["column"]),
        (&json!("unknown-key"), &json!(4), &json!(8))
    );
    assert_eq!((&finding["fix"]["replacement"], &finding["fix"]["column"]), (&json!("vm_size"), &json!(8)));
    assert_eq!(document["summary"]["errors"], 2);
}

#[test]
fn sarif_knows_every_rule_and_points_at_every_finding() {
    let output = three_recipes().run(["validate", "--format", "sarif", "b", "c*/own.yaml", "nowhere"]);
    let document = output.code(3).json();
    assert_eq!((&document["version"], output.stderr.as_str()), (&json!("2.1.0"), ""));
    let run = &document["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(!rule["help"]["text"].as_str().unwrap().is_empty());
    }
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "b/deep/recipe.yml");
    assert_eq!(place["region"], json!({ "startLine": 4, "startColumn": 8, "endLine": 4, "endColumn": 14 }));
    let change = &results[0]["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(change["insertedContent"]["text"], "vm_size");
}

#[test]
fn github_gets_an_annotation_for_each_finding_in_a_line_of_its_own() {
    let sandbox = three_recipes().file("c, d: %/own.yaml", INVALID);
    let output = sandbox.run(["validate", "--format", "github", "c*/*.yaml"]);
    let lines: Vec<&str> = output.code(3).stdout.lines().collect();
    let place = "file=c%2C d%3A %25/own.yaml,line=4,endLine=4,col=8,endColumn=13,title=unknown-key";
    assert_eq!(lines[0], format!("::error {place}::unknown key `vmSize`%0Ahelp: did you mean `vm_size`?"));
    assert_eq!((lines.len(), lines[2]), (3, "1 recipe: 0 valid, 1 invalid (2 errors)"), "{output}");
}

#[test]
fn junit_has_a_test_case_for_each_recipe() {
    let output = three_recipes().run(["validate", "--format", "junit"]);
    let text = &output.code(3).stdout;
    assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"), "{output}");
    output.stdout_contains("tests=\"2\" failures=\"1\"");
    output.stdout_contains("<testcase name=\"a/recipe.yaml\" classname=\"recipe\" file=\"a/recipe.yaml\"/>");
    output.stdout_contains("<failure message=\"2 errors: unknown key `vmSize`\" type=\"unknown-key\">");
    output.stdout_contains("--&gt; b/deep/recipe.yml:4:8");
}

#[test]
fn a_format_that_a_command_does_not_have_is_a_wrong_command_line() {
    let sandbox = three_recipes();
    sandbox
        .run(["validate", "--format", "xml"])
        .code(64)
        .stderr_contains("human, json, sarif, github, junit");
    sandbox.run(["plan", "a", "--format", "sarif"]).code(64).stderr_contains("human, json");
    let before = sandbox.run(["--format", "json", "validate", "a"]);
    assert_eq!(before.success().json()["summary"]["recipes"], 1, "before the command it means the same");
}

/// Runs `validate --fix` on a recipe; the recipe afterwards.
fn fixed(recipe: &str) -> (Output, String) {
    let sandbox = Sandbox::new().file("recipe.yaml", recipe);
    let output = sandbox.run(["validate", "--fix", "recipe.yaml"]);
    (output, sandbox.read("recipe.yaml"))
}

#[test]
fn mechanical_mistakes_are_corrected_and_nothing_else_is_touched() {
    let recipe = "# kept
api_version: batchyard/v1
name: fixable
pools:
  p:
    vmSize: Standard_D2s_v3 # misspelt
    image: ubuntu-22.04-container
    container: {}
    nodes: { dedicated: \"2\" }
    slots_pernode:   2
    start_task: { command: 'true', wait: yes, elevation: admn }
jobs:
  j:
    pool: p
    tasks:
      t:
        container: { image: busybox, run_optoins: --rm }
        retires: 1
";
    let (output, text) = fixed(recipe);
    output.success().stdout_contains("recipe.yaml:6:5: fixed: `vmSize` is now `vm_size`");
    let expected = recipe
        .replace("vmSize", "vm_size")
        .replace("\"2\"", "2")
        .replace("slots_pernode", "slots_per_node")
        .replace("yes", "true")
        .replace("admn", "admin")
        .replace("run_optoins", "run_options")
        .replace("retires", "retries");
    assert_eq!(text, expected);
}

#[test]
fn what_is_not_certain_is_left_to_its_author() {
    for doubtful in [
        INVALID.replace("vmSize", "colour"),
        INVALID.replace("vmSize: Standard_D2s_v3", "vm_size: S, vmSize: Standard_D2s_v3"),
        INVALID.replace("vmSize", "\"${{ 1 }}\""),
    ] {
        let (output, text) = fixed(&doubtful);
        assert_eq!((output.code, text), (Some(3), doubtful));
    }
}

#[test]
fn a_corrected_file_is_reported_to_programs_too() {
    let sandbox = Sandbox::new().file("recipe.yaml", INVALID);
    let document = sandbox.run(["validate", "--fix", "--format", "json"]).code(3).json();
    let fixed: &Value = &document["recipes"][0]["fixed"];
    assert_eq!(*fixed, json!([{ "line": 4, "column": 8, "from": "vmSize", "to": "vm_size" }]));
    assert_eq!(
        document["summary"],
        json!({
            "recipes": 1, "invalid": 1, "errors": 1, "warnings": 0, "notes": 0, "fixed": 1,
        })
    );
}

#[test]
fn a_duration_without_its_unit_is_left_to_the_author() {
    let recipe = "api_version: batchyard/v1
name: x
jobs:
  j:
    pool: { id: p }
    tasks:
      t: { command: x, max_wall_time: 10, retention: 1.5, display_name: 7 }
";
    let sandbox = Sandbox::new().file("recipe.yaml", recipe);
    let output = sandbox.run(["validate", "recipe.yaml", "--fix"]);
    output.code(3).stderr_contains("say in which unit: `10s`, `10m` or `10h`");
    output.stderr_contains("expected a duration such as 90s");
    assert_eq!(sandbox.read("recipe.yaml"), recipe.replace("display_name: 7", "display_name: \"7\""));
}

#[test]
fn the_key_under_which_a_signed_url_stands_is_the_one_that_takes_the_reference() {
    let recipe = "api_version: batchyard/v1
name: x
jobs:
  j:
    pool: { id: p }
    tasks:
      t:
        command: x
        output_files:
          - file_pattern: \"*\"
            destination: { container: { container_url: \"https://a.blob.core.windows.net/c?sv=1&sig=abc\" } }
            upload_options: { upload_condition: task_success }
";
    let output = Sandbox::new().file("recipe.yaml", recipe).run(["validate", "recipe.yaml"]);
    output.code(3).stderr_contains("`container_url: { env: NAME }`").never_mentions("sig=abc");
}

#[test]
fn a_default_of_a_parameter_comes_from_no_expression() {
    let recipe = "api_version: batchyard/v1\nname: x\nparameters: { n: { type: integer, default: abc } }\n";
    let output = Sandbox::new().file("recipe.yaml", recipe).run(["validate", "recipe.yaml"]);
    output.code(3).stderr_contains("`n` must be an integer").never_mentions("expression");
}
