//! `import shipyard`: what it reads, what it writes, and what it says. What becomes of which key is told by the tests of
//! `import::shipyard`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use batchyard::import::shipyard::keys;
use serde_json::json;

use crate::support::Sandbox;

const CREDENTIALS: &str = "\
credentials:
  batch: { account_key: topsecretkey, account_service_url: https://mine.westeurope.batch.azure.com }
  storage: { link: { account: mystore, account_key: topsecretstorage, endpoint: core.windows.net } }
";
const CONFIG: &str = "\
batch_shipyard: { storage_account_settings: link }
global_resources: { docker_images: [\"busybox:1\"] }
";
const POOL: &str = "\
pool_specification:
  id: nightly-pool
  vm_configuration: { platform_image: { publisher: Canonical, offer: UbuntuServer, sku: 18.04-LTS } }
  vm_size: STANDARD_D2_V3
  vm_count: { dedicated: 2 }
  ssh: { username: me }
  vm_sise: x
";
const JOBS: &str = "\
job_specifications:
- id: nightly
  auto_complete: true
  tasks:
  - docker_image: busybox:1
    command: echo {0}
    task_factory: { parametric_sweep: { product: [{ start: 1, stop: 4, step: 1 }] } }
";

fn sandbox() -> Sandbox {
    Sandbox::new()
        .file("config/credentials.yaml", CREDENTIALS)
        .file("config/config.yaml", CONFIG)
        .file("config/pool.yaml", POOL)
        .file("config/jobs.yaml", JOBS)
        .file("config/notes.yaml", "a: b\n")
}

#[test]
fn a_configuration_becomes_a_recipe_that_can_be_planned() {
    let sandbox = sandbox();
    let output = sandbox.run(["import", "shipyard", "config"]);
    output
        .success()
        .stdout_contains("= pool_specification.id")
        .stdout_contains("~ job_specifications[0].tasks[0].command")
        .stdout_contains("- pool_specification.ssh.username")
        .stdout_contains("did you mean `vm_size`?")
        .stdout_contains("AZURE_BATCH_ACCESS_KEY = `credentials.batch.account_key`")
        .stdout_contains("Not of Batch Shipyard, and not read: notes.yaml")
        .stdout_contains("22 keys: 7 kept, 12 changed, 2 dropped, 1 unknown.")
        .stdout_contains("batchyard plan nightly-pool");
    let report = sandbox.read("nightly-pool/import-report.md");
    assert!(report.contains("| 2 | `pool_specification.id` | kept |"), "{report}");
    for text in [&output.stdout, &output.stderr, &report, &sandbox.read("nightly-pool/recipe.yaml")] {
        assert!(!text.contains("topsecret"), "{text}");
    }
    sandbox.run(["validate", "nightly-pool"]).success().stdout_contains("valid (1 pool, 1 job, 3 tasks)");
    sandbox.run(["plan", "nightly-pool"]).success().stdout_contains("+ task-00002");
    sandbox.run(["fmt", "--check", "nightly-pool"]).success();
}

#[test]
fn nothing_is_written_over() {
    let sandbox = sandbox().file("there/import-report.md", "mine");
    let output = sandbox.run(["import", "shipyard", "config", "--out", "there"]);
    output.code(64).stderr_contains("there/import-report.md exists").stderr_contains("--out");
    assert_eq!(sandbox.read("there/import-report.md"), "mine");
    assert!(!sandbox.path("there/recipe.yaml").exists());
    sandbox.run(["import", "shipyard", "config"]).success();
    sandbox.run(["import", "shipyard", "config"]).code(64).stderr_contains("nightly-pool/recipe.yaml exists");
}

#[test]
fn programs_get_one_document_and_pipes_the_recipe() {
    let sandbox = sandbox();
    let document =
        sandbox.run(["import", "shipyard", "config", "--out", "a", "--format", "json"]).success().json();
    assert_eq!(document["type"], "import");
    assert_eq!(document["files"], json!(["a/recipe.yaml", "a/import-report.md"]));
    assert_eq!(document["recipe"], sandbox.read("a/recipe.yaml"));
    assert_eq!(document["counts"], json!({ "kept": 7, "changed": 12, "dropped": 2, "unknown": 1 }));
    let key =
        document["keys"].as_array().unwrap().iter().find(|key| key["key"] == "pool_specification.vm_size");
    assert_eq!(key.unwrap()["line"], 4);
    let piped = sandbox.run(["import", "shipyard", "config", "--out", "-"]);
    assert_eq!(piped.success().stdout, sandbox.read("a/recipe.yaml"));
    piped.stderr_contains("pool_specification.ssh.username");
}

#[test]
fn jobs_can_be_chosen_and_json_is_read() {
    let sandbox = sandbox().file(
        "config/jobs-other.json",
        r#"{ "job_specifications": [{ "id": "other", "tasks": [{ "docker_image": "busybox:1" }] }] }"#,
    );
    sandbox.run(["import", "shipyard", "config", "--out", "both"]).success();
    let both = sandbox.read("both/recipe.yaml");
    assert!(both.contains("  nightly:\n") && both.contains("  other:\n"), "{both}");
    sandbox.run(["import", "shipyard", "config", "--jobs", "jobs-other.json", "--out", "one"]).success();
    let one = sandbox.read("one/recipe.yaml");
    assert!(!one.contains("  nightly:\n") && one.contains("  other:\n"), "{one}");
    sandbox
        .run(["import", "shipyard", "config", "--jobs", "none.yaml"])
        .code(1)
        .stderr_contains("none.yaml cannot be read");
}

#[test]
fn what_cannot_be_read_is_told_with_what_to_try() {
    let sandbox = sandbox()
        .file("broken/pool.yaml", "pool_specification: [\n")
        .file("secret/credentials.yaml", "credentials:\n  batch: { account_key: topsecretkey ]\n")
        .file("servers/fs.yaml", "remote_fs: { a: 1 }\n")
        .file("deep/below/pool.yaml", POOL)
        .file("empty/readme.txt", "");
    sandbox.run(["import", "shipyard", "broken"]).code(3).stderr_contains("broken/pool.yaml:1:21");
    let secret = sandbox.run(["import", "shipyard", "secret"]);
    secret.code(3).stderr_contains("secret/credentials.yaml:2");
    assert!(!secret.stderr.contains("topsecret"), "{}", secret.stderr);
    let servers = sandbox.run(["import", "shipyard", "servers"]);
    servers
        .code(1)
        .stdout_contains("file servers are virtual machines")
        .stderr_contains("neither a pool nor jobs");
    sandbox.run(["import", "shipyard", "deep"]).code(1).stderr_contains("did you mean deep/below?");
    sandbox
        .run(["import", "shipyard", "empty"])
        .code(1)
        .stderr_contains("holds no configuration of Batch Shipyard");
    sandbox.run(["import", "shipyard", "nowhere"]).code(1).stderr_contains("nowhere cannot be read");
    sandbox.run(["import", "shipyard", "config/pool.yaml"]).code(64).stderr_contains("config");
    sandbox.run(["import", "shipyard"]).code(64);
    sandbox.run(["import", "shipyrd", "config"]).code(64).stderr_contains("shipyard");
    std::fs::write(sandbox.path("broken/pool.yaml"), b"pool_specification: \xff\xfe\n").unwrap();
    sandbox.run(["import", "shipyard", "broken"]).code(1).stderr_contains("not UTF-8");
}

/// The folders of configurations that came with Batch Shipyard.
fn published() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/reference/shipyard-recipes");
    let mut folders = Vec::new();
    let mut open = vec![root];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.file_name().is_some_and(|name| name == "config.yaml") {
                folders.push(folder.clone());
            }
        }
    }
    folders.sort();
    folders
}

#[test]
fn the_published_configurations_are_recipes_or_say_in_one_line_why_not() {
    let folders = published();
    if folders.is_empty() {
        eprintln!("skipped: the configurations that came with Batch Shipyard are not there");
        return;
    }
    let sandbox = Sandbox::new();
    let mut failed = Vec::new();
    for (number, folder) in folders.iter().enumerate() {
        let out = number.to_string();
        let folder = folder.display().to_string();
        let imported =
            sandbox.run(["import", "shipyard", folder.as_str(), "--out", out.as_str(), "--format", "json"]);
        let document = imported.success().json();
        sandbox.run(["fmt", "--check", out.as_str()]).success();
        let unknown = &document["counts"]["unknown"];
        assert_eq!(unknown, 0, "{folder}");
        let validated = sandbox.run(["validate", out.as_str()]);
        let planned = sandbox.run(["plan", out.as_str()]);
        if validated.code != Some(0) || planned.code != Some(0) {
            let reasons = document["to_do"].as_array().unwrap().iter().filter_map(|line| line.as_str());
            let reasons: Vec<&str> =
                reasons.filter(|line| line.contains("unlisted") || line.contains("has no value")).collect();
            assert_eq!(reasons.len(), 1, "{folder}: {document:#}");
            failed.push(folder);
        }
    }
    assert!(failed.len() * 10 <= folders.len(), "{} of {}: {failed:#?}", failed.len(), folders.len());
}

/// The keys that the reference lists, by the roots of the tables they stand in.
fn referenced(reference: &str) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    let mut prefix = "";
    for line in reference.lines().skip_while(|line| !line.starts_with("### 2.1")) {
        match line {
            _ if line.starts_with("### 2.2") => prefix = "",
            _ if line.starts_with("### 2.3") => prefix = "pool_specification.",
            _ if line.starts_with("### 2.4") => prefix = "job_specifications[].",
            _ if line.starts_with("### 2.5") => break,
            _ => {}
        }
        let Some((key, _)) = line.strip_prefix("| `").and_then(|line| line.split_once('`')) else { continue };
        let is_root =
            matches!(key, "pool_specification" | "job_specifications") || key.starts_with("credentials");
        let key = if is_root { key.to_owned() } else { format!("{prefix}{key}") };
        keys.insert(key.replace("<name>", "*"));
    }
    keys
}

#[test]
fn the_table_has_every_key_of_the_reference() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/reference/shipyard.md");
    let Ok(reference) = std::fs::read_to_string(path) else {
        eprintln!("skipped: the reference of Batch Shipyard's keys is not there");
        return;
    };
    let referenced = referenced(&reference);
    assert!(referenced.len() > 450, "only {} keys read", referenced.len());
    let known: BTreeSet<&str> = keys().iter().map(|key| key.path.as_str()).collect();
    let has = |key: &str| {
        let above = |known: &&&str| {
            known
                .strip_suffix(".**")
                .is_some_and(|above| key == above || key.starts_with(&format!("{above}.")))
        };
        known.contains(key)
            // A map or a list of others.
            || known.iter().any(|known| known.starts_with(&format!("{key}.")) || known.starts_with(&format!("{key}[]")))
            || known.iter().any(|known| above(&known))
    };
    let missing: Vec<&String> = referenced.iter().filter(|key| !has(key)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}
