//! Recipes of several files, and the project file, as a user meets them.

use std::time::Duration;

use crate::support::Sandbox;

const BASE: &str = r#"api_version: batchyard/v1
name: base
parameters: { nodes: { type: integer, default: 1 } }
pools:
  small:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: { prefetch: [batchyard/hello] }
    nodes: { dedicated: "${{ params.nodes }}" }
jobs:
  hello:
    pool: small
    tasks:
      greet: { container: { image: batchyard/hello } }
"#;
const OWN: &str = "api_version: batchyard/v1\nname: own\nextends: ../base\n";

fn sandbox() -> Sandbox {
    Sandbox::new().file("base/recipe.yaml", BASE).file("own/recipe.yaml", OWN)
}

#[test]
fn a_plan_shows_which_file_asks_for_what() {
    let sandbox = sandbox().file("prod.yaml", "pools: { small: { nodes: { dedicated: 3 } } }\n");
    let plan = sandbox.run(["plan", "own", "--overlay", "prod.yaml"]);
    plan.success().stdout_contains("nodes.dedicated    = 3").stdout_contains("base/recipe.yaml:5:3");
}

#[test]
fn every_command_that_takes_a_recipe_takes_overlays_and_parameters() {
    let sandbox =
        sandbox().file("broken.yaml", "pools: { small: { nods: 1 } }\n").file("p.yaml", "nodes: x\n");
    for command in ["validate", "plan", "apply", "status", "destroy"] {
        let output =
            sandbox.run([command, "own", "--overlay", "broken.yaml", "--params", "p.yaml", "-p", "n=1"]);
        output.code(3);
        let output =
            sandbox.run([command, "own", "--overlay", "broken.yaml", "--params", "p.yaml", "-p", "n=1"]);
        output
            .stderr_contains("broken.yaml:1:19")
            .stderr_contains("p.yaml:1:8")
            .stderr_contains("the recipe has no parameter `n`");
    }
}

#[test]
fn the_project_file_of_the_recipes_folder_is_found_and_checked() {
    let sandbox = sandbox()
        .file("batchyard.yaml", "api_version: batchyard/v1\nparameters: { nodes: 7 }\n")
        .file("other.yaml", "api_version: batchyard/v1\nparameters: { nodes: 8 }\n")
        .file("bad.yaml", "api_version: batchyard/v1\nacounts: {}\n");
    sandbox.run(["plan", "own"]).success().stdout_contains("nodes.dedicated    = 7");
    sandbox
        .run(["plan", "own", "--config", "other.yaml"])
        .success()
        .stdout_contains("nodes.dedicated    = 8");
    sandbox.run(["plan", "own", "-p", "nodes=9"]).success().stdout_contains("nodes.dedicated    = 9");
    let bad = sandbox.run(["validate", "own", "--config", "bad.yaml"]);
    bad.code(3).stderr_contains("bad.yaml:2:1").stderr_contains("did you mean `accounts`?");
}

#[test]
fn the_project_file_names_accounts() {
    let sandbox = sandbox().file(
        "batchyard.yaml",
        "api_version: batchyard/v1\ndefault_account: prod\naccounts:\n  prod: { endpoint: \"https://prod.westeurope.batch.azure.com\", key: { env: PROD_KEY } }\n  mine: { data: state }\n",
    );
    let refused = sandbox.run(["status", "own"]);
    refused
        .code(64)
        .stderr_contains("no key for the account https://prod")
        .stderr_contains("PROD_KEY is not set");
    sandbox.run(["status", "own", "--account", "mine"]).success();
    assert!(sandbox.path("state").is_dir());
    let unknown = sandbox.run(["status", "own", "--account", "prd"]);
    unknown.code(64).stderr_contains("`prd` (--account) is not an account").stderr_contains("`mine`, `prod`");
    sandbox.run(["status", "own", "--account", "local"]).success();
    let elsewhere = sandbox.run(["emulator", "--account", "prod"]);
    elsewhere.code(64).stderr_contains("PROD_KEY is not set");
    let served = ["emulator", "--account", "mine", "--runtime", "simulated", "--listen", "127.0.0.1:0"];
    let mut emulator = sandbox.command(served).start();
    let data = emulator.wait_for_line(Duration::from_secs(60), |line| {
        line.trim().strip_prefix("data").map(|data| data.trim().to_owned())
    });
    emulator.kill();
    assert!(data.ends_with("state"), "{data}");
}

#[test]
fn what_cannot_be_read_is_blamed_and_not_the_recipe() {
    let valid = "api_version: batchyard/v1\nname: mp\n";
    let extending = "api_version: batchyard/v1\nname: other\nextends: library:base\n";
    let sandbox = Sandbox::new().file("mp/recipe.yaml", valid).file("other/recipe.yaml", extending);
    let overlay = sandbox.run(["plan", "mp", "--overlay", "nofile.yaml"]);
    overlay.code(3).stderr_contains("cannot read nofile.yaml").never_mentions("there is no recipe");
    overlay.stderr_contains("not everything that belongs to the recipe mp can be read");
    sandbox.run(["plan", "nowhere"]).code(3).stderr_contains("there is no recipe to read at nowhere");

    sandbox.write("batchyard.yaml", "api_version: batchyard/v1\nlibrar: [base]\n");
    let misspelt = sandbox.run(["render", "other"]);
    misspelt.code(3).stderr_contains("did you mean `library`?").never_mentions("has no recipe");
    misspelt.stderr_contains("batchyard.yaml has 1 error").never_mentions("the recipe other has");
}
