//! `explain`: what a finding means, and what a field of recipes is.

use serde_json::json;

use crate::support::Sandbox;

#[test]
fn a_finding_is_explained_with_its_mistake_and_the_correction() {
    let output = Sandbox::new().run(["explain", "unknown-task"]);
    output
        .success()
        .stdout_contains("error[unknown-task]")
        .stdout_contains("Wrong:")
        .stdout_contains("Right:");
    output.stdout_contains("^^^");
}

#[test]
fn every_code_can_be_explained_and_is_listed() {
    let sandbox = Sandbox::new();
    let document = sandbox.run(["explain", "--list", "--format", "json"]).success().json();
    let codes = document["codes"].as_array().unwrap();
    assert!(codes.len() > 30);
    let listed = sandbox.run(["explain", "--list"]);
    for code in codes {
        listed.stdout_contains(code["code"].as_str().unwrap());
    }
}

#[test]
fn a_field_is_explained_wherever_it_is_and_with_any_name_in_its_path() {
    let sandbox = Sandbox::new();
    let output = sandbox.run(["explain", "jobs.train.tasks.epoch.container.run_options"]);
    output.success().stdout_contains("jobs.<name>.tasks.<name>.container.run_options\n");
    output.stdout_contains("options of `docker create`").stdout_contains("example   run_options:");
    let short = sandbox.run(["explain", "jobs.tasks.container.run_options"]);
    assert_eq!(short.success().stdout, output.stdout);
    sandbox
        .run(["explain", "run_options"])
        .success()
        .stdout_contains("pools.<name>.start_task.container.run_options");
    sandbox.run(["explain", "pools"]).success().stdout_contains("a map of names");
    let document = sandbox.run(["explain", "pools.slots_per_node", "--format", "json"]).success().json();
    assert_eq!(document["fields"][0]["field"], "pools.<name>.slots_per_node");
    assert_eq!(document["fields"][0]["default"], json!(1));
}

#[test]
fn near_names_are_suggested() {
    let sandbox = Sandbox::new();
    let misspelt = sandbox.run(["explain", "unknown-kye"]);
    misspelt.code(64).stderr_contains("did you mean `unknown-key");
    let misplaced = sandbox.run(["explain", "pools.container.run_options"]);
    misplaced.code(64).stderr_contains("`pools.start_task.container.run_options`");
    sandbox.run(["explain", "vmSize"]).code(64).stderr_contains("`vm_size`");
    sandbox.run(["explain"]).code(64);
}

#[test]
fn a_name_of_one_s_own_at_the_end_of_a_path_means_what_is_called_so() {
    let sandbox = Sandbox::new();
    let tasks = sandbox.run(["explain", "jobs.tasks"]);
    let epoch = sandbox.run(["explain", "jobs.train.tasks.epoch"]);
    assert_eq!(epoch.success().stdout, tasks.stdout);
    epoch.stdout_contains("jobs.<name>.tasks\n").stdout_contains("Inside each of them");
    sandbox.run(["explain", "pools.gpu"]).success().stdout_contains("pools\n");
    sandbox.run(["explain", "pools.vm_siez"]).code(64).stderr_contains("`vm_size`");
}

#[test]
fn each_kind_of_value_is_described_by_itself() {
    let output = Sandbox::new().run(["explain", "jobs.x.tasks.y.for_each"]);
    output.success().stdout_contains("  value     a list\n  or        a map: Values made by a rule.");
}

#[test]
fn the_mistakes_of_every_day_have_examples() {
    for code in ["syntax", "unknown-key", "missing-key", "wrong-type", "undefined-name"] {
        Sandbox::new().run(["explain", code]).success().stdout_contains("Wrong:").stdout_contains("Right:");
    }
}
