//! `import live`: a recipe of what an account has, whose plan against that account is empty.

use std::path::Path;

use serde_json::json;

use super::stranger::Stranger;
use crate::support::{Emulator, Output, Runtime, Sandbox};

/// Variables that recipes of the library refer to.
const SECRETS: [(&str, &str); 4] = [
    ("TOKEN", "hunter2-token"),
    ("ACR_PASSWORD", "hunter2-acr"),
    ("MPI_SSH_KEY", "hunter2-ssh"),
    ("AZURE_BATCH_ACCESS_KEY", "hunter2-key"),
];

/// Runs the program with the secrets at hand.
#[track_caller]
fn run(sandbox: &Sandbox, args: &[&str]) -> Output {
    SECRETS.iter().fold(sandbox.command(args), |command, (name, value)| command.env(name, value)).run()
}

/// Imports everything under one name, and demands that the recipe is laid out, valid, and changes nothing.
#[track_caller]
fn comes_back(sandbox: &Sandbox, out: &str) -> Output {
    let imported = run(sandbox, &["import", "live", "--out", out]);
    imported.success();
    for (_, secret) in SECRETS {
        imported.never_mentions(secret);
        assert!(!sandbox.read(&format!("{out}/recipe.yaml")).contains(secret), "{imported}");
        assert!(!sandbox.read(&format!("{out}/import-report.md")).contains(secret), "{imported}");
    }
    run(sandbox, &["fmt", "--check", &format!("{out}/recipe.yaml")]).success();
    run(sandbox, &["plan", out, "--detailed-exitcode"]).success().stdout_contains("No changes.");
    imported
}

#[test]
fn every_recipe_that_is_applied_comes_back() {
    let recipes = Path::new(env!("CARGO_MANIFEST_DIR")).join("recipes");
    let mut came_back = Vec::new();
    for folder in std::fs::read_dir(recipes).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        let (name, path) = (folder.file_name().into_string().unwrap(), folder.path());
        let sandbox = Sandbox::new();
        let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
        let applied = run(&sandbox, &["apply", path.to_str().unwrap(), "-y", "--no-wait"]);
        if applied.stderr.contains("NotImplementedByEmulator")
            || applied.stdout.contains("NotImplementedByEmulator")
        {
            continue;
        }
        applied.success();
        comes_back(&sandbox, "imported");
        came_back.push(name);
    }
    assert!(came_back.len() >= 30, "{came_back:?}");
}

const RECIPE: &str = r#"api_version: batchyard/v1
name: full
pools:
  p:
    display_name: "a: \"pool\" # of ${{ '${{' }} x }}"
    vm_size: STANDARD_D2S_V3
    image: { publisher: canonical, offer: ubuntu-24_04-lts, sku: server, version: "24.04.1" }
    node_agent_sku: batch.node.ubuntu 24.04
    nodes: { spot: 2 }
    resize_timeout: 20m
    slots_per_node: 4
    scheduling_policy: { node_fill_type: pack }
    inter_node_communication: true
    user_accounts:
      alice: { password: { env: ACR_PASSWORD }, elevation: admin, linux: { uid: 2000, gid: 2000 } }
    network:
      endpoints:
        inbound_nat_pools:
          web: { protocol: tcp, backend_port: 80, frontend_port_range_start: 15000, frontend_port_range_end: 15100 }
    start_task: { command: "echo 'hi  there'", environment: { TOKEN: { env: MPI_SSH_KEY } }, wait: false, retries: 2 }
    metadata: { team: "null", "odd name": "line 1\nline 2" }
jobs:
  j:
    pool: p
    priority: -3
    retries: 2
    max_wall_time: 1h30m
    max_parallel_tasks: 7
    on_task_failure: perform_exit_options_job_action
    environment: { SHARED: open, ACR_PASSWORD: { env: ACR_PASSWORD } }
    preparation_task: { command: "true", max_wall_time: 5m }
    release_task: { command: "true" }
    tasks:
      "1": { command: "true", display_name: "1" }
      "2": { command: "true", retries: 2 }
      "3": { command: "true", retention: 7d }
      sum:
        display_name: The "sum" of 'all'
        depends_on: ["1", "2", "3"]
        command: [/bin/sh, -c, "printf '%s' \"$A\"\n# ${{ '${{' }} not one }}"]
        environment:
          A: "quote \" and ' and \\ and ${{ '${{' }} item }}"
          B: "two\nlines\n"
          C: "  "
          E: ""
          N: "0x10"
          TOKEN: { env: TOKEN }
        slots: 2
        elevation: admin
        exit_conditions:
          exit_codes: [{ code: 3, exit_options: { dependency_action: satisfy, job_action: terminate } }]
        resource_files: [{ http_url: "https://example.com/a", file_path: a, file_mode: "0644" }]
schedules:
  s:
    recurrence: { interval: 1d, do_not_run_until: "2099-01-01T00:00:00Z" }
    job:
      pool: p
      manager_task: { command: "true", environment: { KEY: { env: MPI_SSH_KEY } }, retries: 1, kill_job_on_completion: false }
"#;

#[test]
fn all_kinds_of_properties_and_hostile_texts_come_back() {
    let sandbox = Sandbox::new().file("recipe.yaml", RECIPE);
    let Some(emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    run(&sandbox, &["apply", "recipe.yaml", "-y", "--no-wait"]).success();
    let imported = comes_back(&sandbox, "all");
    imported.stdout_contains("pools.p").stdout_contains("ALICE_PASSWORD").stdout_contains("TOKEN");
    let recipe = sandbox.read("all/recipe.yaml");
    for line in [
        "max_wall_time: 1h30m",
        "ACR_PASSWORD: { env: ACR_PASSWORD }",
        "SHARED: open",
        "node_fill_type: pack",
        "name: full",
    ] {
        assert!(recipe.contains(line), "{line}:\n{recipe}");
    }

    run(&sandbox, &["import", "live", "--out", "all"]).code(64).stderr_contains("not written over");
    let report = run(&sandbox, &["import", "live", "--recipe", "full", "--format", "json", "--out", "-"]);
    let report = report.success().json();
    assert_eq!((&report["type"], &report["name"]), (&"import".into(), &"full".into()));
    assert_eq!(report["recipe"], recipe.as_str());
    let job = run(&sandbox, &["import", "live", "jobs.[j]", "--out", "-"]);
    job.success().stdout_contains("  p:\n").stdout_contains("    pool: p");
    assert!(!job.stdout.contains("schedules:"), "{job}");
    run(&sandbox, &["import", "live", "jobs.x*"]).code(64).stderr_contains("jobs.j");
    run(&sandbox, &["import", "live", "jobs.j.tasks.1"]).code(64).stderr_contains("with their job");
    run(&sandbox, &["import", "live", "--recipe", "other"]).code(1).stderr_contains("full");
    drop(emulator);
}

#[test]
fn a_secret_whose_reference_cannot_be_found_out_is_hidden_and_reported() {
    let recipe = RECIPE.replace("TOKEN: { env: TOKEN }", "OTHER: { env: ACR_PASSWORD }");
    let sandbox = Sandbox::new().file("recipe.yaml", &recipe);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    run(&sandbox, &["apply", "recipe.yaml", "-y", "--no-wait"]).success();
    let imported = run(&sandbox, &["import", "live", "jobs.j", "--out", "out"]);
    imported.success().never_mentions("hunter2").stdout_contains("of sum it is not known");
    let written = sandbox.read("out/recipe.yaml");
    assert!(!written.contains("hunter2") && written.contains("OTHER: { env: OTHER }"), "{written}");
    assert!(!written.contains("quote"), "what may be a secret is not written: {written}");
    run(&sandbox, &["plan", "out", "--detailed-exitcode"]).code(2).stdout_contains("sum");
}

#[test]
fn what_no_recipe_made_is_taken_over() {
    let sandbox = Sandbox::new();
    let Some(emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let signed =
        "https://example.com/c/f?sv=2022-11-02&se=2099-01-01&sig=hunter2hunter2hunter2hunter2hunter2%3D";
    let stranger = Stranger::of(&emulator);
    stranger.make_pool(json!({
        "id": "shared", "vmSize": "standard_d2s_v3", "targetDedicatedNodes": 1,
        "virtualMachineConfiguration": {
            "imageReference": {"publisher": "microsoft-dsvm", "offer": "ubuntu-hpc", "sku": "2204"},
            "nodeAgentSKUId": "batch.node.ubuntu 22.04",
            "containerConfiguration": {"type": "dockerCompatible"},
        },
        "startTask": {
            "commandLine": "true", "waitForSuccess": true,
            "environmentSettings": [{"name": "DB_PASSWORD", "value": "hunter2-db"}, {"name": "MODE", "value": "${{ fast }}"}],
            "resourceFiles": [{"httpUrl": signed, "filePath": "f"}],
        },
        "metadata": [{"name": "team", "value": "x"}],
    }));
    stranger.make_job(json!({"id": "theirs", "poolInfo": {"poolId": "shared"}, "priority": 5}));
    stranger.task("theirs", "mine", "seconds=600").task("theirs", "yours", "seconds=600");

    stranger.make_job(json!({"id": "odd", "poolInfo": {"poolId": "shared"}, "commonEnvironmentSettings": [
        {"name": "BAD${{ 1 }}", "value": "1"}, {"name": "GOOD", "value": "${{ 2 }}"}]}));
    let odd = run(&sandbox, &["import", "live", "jobs.odd", "--out", "odd"]);
    odd.success().stdout_contains("no recipe can name the environment variable `BAD${{ 1 }}`");
    run(&sandbox, &["validate", "odd"]).success();
    let recipe = sandbox.read("odd/recipe.yaml");
    assert!(
        recipe.contains("pool: { id: shared }") && recipe.contains("GOOD: \"${{ '${{' }} 2 }}\""),
        "{recipe}"
    );

    let imported =
        run(&sandbox, &["import", "live", "pools.shared", "jobs.t*", "--name", "taken", "--out", "taken"]);
    imported.success().never_mentions("hunter2").stdout_contains("plan taken --adopt");
    imported.stdout_contains("2 tasks that no recipe made (mine, yours)").stdout_contains("DB_PASSWORD");
    let recipe = sandbox.read("taken/recipe.yaml");
    assert!(!recipe.contains("hunter2") && recipe.contains("DB_PASSWORD: { env: DB_PASSWORD }"), "{recipe}");
    assert!(!sandbox.read("taken/import-report.md").contains("hunter2"));
    assert!(!recipe.contains("mine"), "{recipe}");
    run(&sandbox, &["fmt", "--check", "taken/recipe.yaml"]).success();

    run(&sandbox, &["plan", "taken"]).stdout_contains("take it over with --adopt");
    let plan = run(&sandbox, &["plan", "taken", "--adopt", "--format", "json"]).json();
    for change in plan["resource_changes"].as_array().unwrap() {
        let fields = change["fields"].as_array().map_or(0, Vec::len);
        assert_eq!(fields, 0, "only adopted: {change:#}");
    }
    let secrets = ["DB_PASSWORD", "SHARED_HTTP_URL"];
    let with_secrets = |args: &[&str]| {
        secrets.iter().fold(sandbox.command(args), |command, name| command.env(name, "hunter2-db")).run()
    };
    with_secrets(&["apply", "taken", "--adopt", "-y", "--no-wait"]).success().never_mentions("hunter2");
    with_secrets(&["plan", "taken", "--detailed-exitcode"]).success().stdout_contains("No changes.");
    assert_eq!(stranger.tasks("theirs"), ["mine", "yours"]);
}

#[test]
fn an_account_of_several_recipes_is_imported_one_by_one() {
    let other = RECIPE
        .replace("name: full", "name: other")
        .replace("  p:\n", "  q:\n    id: q\n")
        .replace("pool: p\n", "pool: q\n");
    let other = other.replace("  j:\n", "  k:\n").replace("  s:\n", "  t:\n");
    let sandbox = Sandbox::new().file("recipe.yaml", RECIPE).file("other.yaml", &other);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    run(&sandbox, &["import", "live"]).code(1).stderr_contains("has nothing");
    run(&sandbox, &["apply", "recipe.yaml", "-y", "--no-wait"]).success();
    run(&sandbox, &["apply", "other.yaml", "-y", "--no-wait"]).success();
    run(&sandbox, &["import", "live"])
        .code(64)
        .stderr_contains("`full`, `other`")
        .stderr_contains("--recipe");
    for name in ["full", "other"] {
        run(&sandbox, &["import", "live", "--recipe", name]).success();
        run(&sandbox, &["plan", name, "--detailed-exitcode"]).success().stdout_contains("No changes.");
    }
}
