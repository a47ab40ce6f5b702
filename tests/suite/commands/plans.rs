//! What a plan says of tasks.

use std::time::{Duration, Instant};

use super::stranger::Stranger;
use crate::support::{Emulator, Output, Runtime, Sandbox};

const RECIPE: &str = r#"api_version: batchyard/v1
name: tasks
parameters:
  count: { type: integer, default: 3 }
  word: { type: string, default: first }
pools:
  p: { vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {}, nodes: { dedicated: 1 } }
jobs:
  j:
    pool: p
    tasks:
      many:
        for_each: { n: { range: [1, "${{ params.count }}"] } }
        container: { image: busybox }
        command: [echo, "${{ item.n }}"]
      one:
        depends_on: [many]
        container:
          image: busybox
          run_options: --rm
        command: [echo, "${{ params.word }}"]
        environment:
          TOKEN: { env: SECRET_TOKEN }
"#;

fn plan(sandbox: &Sandbox, args: &[&str]) -> Output {
    let fixed = ["plan", "recipe.yaml", "--detailed-exitcode"];
    sandbox.run(fixed.iter().chain(args))
}

fn apply(sandbox: &Sandbox) {
    let apply = sandbox.command(["apply", "recipe.yaml", "-y"]).env("SECRET_TOKEN", "hunter2");
    apply.run().success().never_mentions("hunter2");
}

#[test]
fn a_secret_that_is_missing_is_noticed_before_anything_is_deleted() {
    let sandbox = Sandbox::new().file("recipe.yaml", RECIPE);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    apply(&sandbox);
    for args in [["--replace", "jobs.j"], ["-p", "word=second"], ["--rerun", "jobs.j.tasks.one"]] {
        let without = sandbox.run(["apply", "recipe.yaml", "-y"].iter().chain(&args));
        without.code(1).stdout_contains("the secret (env SECRET_TOKEN) can't be had");
        without.stdout_contains("SECRET_TOKEN is not set, or empty");
        let status = sandbox.run(["status", "recipe.yaml"]);
        status.success().stdout_contains("4 succeeded, 0 failed");
    }
    plan(&sandbox, &[]).success();
}

#[test]
fn nothing_is_made_while_local_files_have_nowhere_to_go() {
    let storage =
        RECIPE.replace("name: tasks\n", "name: tasks\nstorage: { container_url: { env: FILES_URL } }\n");
    let recipe = format!("{storage}        inputs: [{{ path: recipe.yaml }}]\n");
    let sandbox = Sandbox::new().file("recipe.yaml", &recipe);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let without = sandbox.command(["apply", "recipe.yaml", "-y"]).env("SECRET_TOKEN", "hunter2").run();
    without.code(1).stdout_contains("FILES_URL is not set, or empty");
    plan(&sandbox, &[]).code(2).stdout_contains("Plan: 3 to create.");
}

#[test]
fn a_secret_that_is_another_one_is_noted() {
    let of = |name: &str| {
        RECIPE.replace(
            "    pool: p\n",
            &format!("    pool: p\n    environment: {{ KEY: {{ env: {name} }} }}\n"),
        )
    };
    let sandbox = Sandbox::new().file("recipe.yaml", &of("SECRET_TOKEN"));
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    apply(&sandbox);
    plan(&sandbox, &[]).success().never_mentions("edited");
    sandbox.write("recipe.yaml", &of("OTHER_TOKEN"));
    let edited = plan(&sandbox, &[]);
    edited.success().stdout_contains("takes effect with `--replace jobs.j` only");
    let refreshed = plan(&sandbox, &["--refresh-only"]);
    refreshed.success().stdout_contains("what others changed of it meanwhile can't be told apart");
}

#[test]
fn each_task_has_its_place_and_what_changed_in_it() {
    let sandbox = Sandbox::new().file("recipe.yaml", RECIPE);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let created = plan(&sandbox, &[]);
    created.code(2).stdout_contains("      + many-1  recipe.yaml:12:7\n");
    created.stdout_contains("+ jobs.j.tasks  4 tasks: 4 to add  recipe.yaml:11:5\n");
    apply(&sandbox);
    plan(&sandbox, &[]).success();

    let changed = plan(&sandbox, &["-p", "word=second"]);
    changed.code(2).stdout_contains(
        "    -/+ one  recipe.yaml:16:7\n          command : \"echo first\" -> \"echo second\"  recipe.yaml:21:9\n",
    );
    let grown = plan(&sandbox, &["-p", "count=12"]);
    grown.code(2).stdout_contains("      + many-4  recipe.yaml:12:7\n");
    grown.stdout_contains("… and 6 more").stdout_contains("depends_on : with [\"many-4\", \"many-5\"");
    grown.stdout_contains("… and 3 more]  recipe.yaml:17:22\n");

    sandbox.write("recipe.yaml", &RECIPE.replace("{ env: SECRET_TOKEN }", "{ env: OTHER_TOKEN }"));
    let hidden = plan(&sandbox, &[]);
    hidden.code(2).stdout_contains("a reference to a secret").never_mentions("hunter2");
    sandbox.write("recipe.yaml", &RECIPE.replace("{ env: SECRET_TOKEN }", "plain"));
    let shown = plan(&sandbox, &[]);
    shown.code(2).stdout_contains("environment.TOKEN : \"(not shown)\" -> \"plain\"  recipe.yaml:23:11");
    shown.never_mentions("hunter2");
}

#[test]
fn programs_get_the_places_and_fields_of_tasks_too() {
    let sandbox = Sandbox::new().file("recipe.yaml", RECIPE);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    apply(&sandbox);
    let plan = plan(&sandbox, &["-p", "word=second", "--format", "json"]).json();
    let changes = plan["resource_changes"].as_array().unwrap();
    let tasks = changes.iter().find(|change| change["address"] == "jobs.j.tasks").unwrap();
    let summary = &tasks["task_summary"];
    assert_eq!((&summary["keep"], &summary["replace"]), (&3.into(), &1.into()));
    let sample = &summary["samples"]["replace"][0];
    assert_eq!((&sample["id"], &sample["source"]["line"]), (&"one".into(), &16.into()));
    let field = &sample["fields"][0];
    assert_eq!((&field["path"], &field["source"]["line"]), (&"command".into(), &21.into()));
    assert_eq!((&field["before"], &field["after"]), (&"echo first".into(), &"echo second".into()));
}

/// Three estimates and what is made of them, in two steps.
const SWEEP: &str = r#"api_version: batchyard/v1
name: sweep
parameters:
  darts: { type: integer, default: 10 }
  seconds: { type: integer, default: 0 }
pools:
  p: { vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {}, nodes: { dedicated: 1 }, slots_per_node: 4 }
jobs:
  j:
    pool: p
    tasks:
      report: { depends_on: [merge], container: { image: busybox }, command: report }
      merge: { depends_on: [estimate], container: { image: busybox }, command: merge }
      apart: { container: { image: busybox }, command: apart }
      estimate:
        for_each: { seed: { range: [1, 4] } }
        container: { image: busybox }
        command: [throw, "${{ item.seed }}", "${{ params.darts }}"]
        environment: { BATCHYARD_SIMULATE: "seconds=${{ params.seconds }}" }
"#;

#[test]
fn tasks_run_again_after_tasks_that_are_replaced() {
    let sandbox = Sandbox::new().file("recipe.yaml", SWEEP);
    let Some(emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    apply(&sandbox);
    plan(&sandbox, &[]).success();
    let more = ["-p", "darts=20"];
    let changed = plan(&sandbox, &more);
    changed.code(2).stdout_contains("7 tasks: 6 to replace, 1 kept");
    changed.stdout_contains(
        "        … and 1 more\n    -/+ merge  recipe.yaml:13:7\n          because `estimate-1`, which it waits for, is replaced\n",
    );
    changed.stdout_contains(
        "-/+ report  recipe.yaml:12:7\n          because `merge`, which it waits for, is replaced\n",
    );
    let document = sandbox.run(["plan", "recipe.yaml", "--format", "json"].iter().chain(&more)).json();
    let changes = document["resource_changes"].as_array().unwrap();
    let tasks = changes.iter().find(|change| change["address"] == "jobs.j.tasks").unwrap();
    let summary = &tasks["task_summary"];
    assert_eq!((&summary["replace"], &summary["rerun"]), (&6.into(), &2.into()));
    assert_eq!(summary["samples"]["rerun"][0]["after"], "estimate-1");

    // Somebody was quicker than the recipe with one of them, and with what was made of it.
    Stranger::of(&emulator).delete_task("j", "estimate-2").delete_task("j", "merge");
    let applied = sandbox.run(["apply", "recipe.yaml", "-y"].iter().chain(&more));
    applied.success().stdout_contains("Job j: 7 succeeded. 1 kept as it was.\n");
    applied.stdout_contains("j/estimate-1: exit 0").stdout_contains("j/report: exit 0");
    assert!(!applied.stdout.contains("j/apart"), "it ran before: {applied}");
    plan(&sandbox, &more).success().stdout_contains("No changes.");
    plan(&sandbox, &[]).code(2);
}

#[test]
fn a_task_that_runs_is_only_replaced_by_force() {
    let sandbox = Sandbox::new().file("recipe.yaml", SWEEP);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "recipe.yaml", "-y", "--no-wait", "-p", "seconds=600"]).success();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !sandbox.run(["status", "recipe.yaml"]).stdout.contains("4 running") {
        assert!(Instant::now() < deadline, "the estimates don't run");
    }
    let would_end = "it would end 4 running tasks: estimate-1, estimate-2, estimate-3 and 1 more";
    plan(&sandbox, &[])
        .code(2)
        .stdout_contains(&format!("Refused without --force: jobs.j.tasks: {would_end}"));
    let document = sandbox.run(["plan", "recipe.yaml", "--format", "json"]).json();
    assert_eq!(document["applyable"], false);
    let refused = sandbox.run(["apply", "recipe.yaml", "-y"]);
    refused.code(4).stderr_contains(&format!("jobs.j.tasks: {would_end}")).stderr_contains("--force");
    sandbox.run(["apply", "recipe.yaml", "-y", "--force"]).success().stdout_contains("7 succeeded");
    plan(&sandbox, &[]).success().stdout_contains("No changes.");
}

#[test]
fn what_a_finished_job_has_not_done_becomes_a_job_of_its_own() {
    let recipe = SWEEP.replace("    pool: p\n", "    pool: p\n    on_complete: terminate\n");
    let sandbox = Sandbox::new().file("recipe.yaml", &recipe);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    apply(&sandbox);
    let deadline = Instant::now() + Duration::from_secs(60);
    while !sandbox.run(["status", "recipe.yaml"]).stdout.contains("completed") {
        assert!(Instant::now() < deadline, "the job does not end");
    }
    let changed = ["-p", "darts=20"];
    let planned = plan(&sandbox, &changed);
    planned.code(2).stdout_contains("+ jobs.j  job `j-r2` will be created");
    planned.stdout_contains("`j` is completed and takes no tasks any more: it stays");
    planned.stdout_contains("7 tasks: 6 to add, 1 done by an earlier job");
    planned.stdout_contains("6 of them are others than in the job before");
    let applied = sandbox.run(["apply", "recipe.yaml", "-y", "-p", "darts=20"]);
    applied.success().stdout_contains("Job j-r2: 6 succeeded.").stdout_contains("1 kept as it was");
    plan(&sandbox, &changed).success().stdout_contains("No changes.");
    let status = sandbox.run(["status", "recipe.yaml"]).stdout;
    assert!(status.contains("job j-r2") && !status.contains("job j "), "{status}");
    sandbox.run(["logs", "recipe.yaml"]).success().stdout_contains("j/").stdout_contains("j-r2/estimate-1");
    // Asked for by name, a task that has succeeded runs again in a job of its own, and what waits for it does not.
    let again = ["apply", "recipe.yaml", "-y", "-p", "darts=20", "--rerun", "jobs.j.tasks.estimate-1"];
    sandbox.run(again).success().stdout_contains("Job j-r3: 1 succeeded.");
    plan(&sandbox, &changed).success().stdout_contains("No changes.");
    sandbox.run(["destroy", "recipe.yaml", "-y"]).success().stdout_contains("delete job j-r2");
    plan(&sandbox, &changed).code(2).stdout_contains("job `j` will be created");
}

#[test]
fn a_task_that_was_deleted_behind_the_recipe_s_back_is_added_again() {
    let sandbox = Sandbox::new().file("recipe.yaml", RECIPE);
    let Some(emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    apply(&sandbox);
    Stranger::of(&emulator).delete_task("j", "many-2");
    plan(&sandbox, &[]).code(2).stdout_contains("4 tasks: 1 to add, 3 kept").stdout_contains("+ many-2");
    apply(&sandbox);
    plan(&sandbox, &[]).success();
}

#[test]
fn tasks_that_failed_are_named_although_nothing_changes() {
    let sandbox = Sandbox::new().file(
        "recipe.yaml",
        &RECIPE.replace("          TOKEN: { env: SECRET_TOKEN }", "          BATCHYARD_SIMULATE: exit=3"),
    );
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "recipe.yaml", "-y"]).code(7);
    let same = plan(&sandbox, &[]);
    same.success().stdout_contains("No changes.");
    same.stdout_contains("jobs.j.tasks: 1 task has failed and will not run again by itself: one");
}

#[test]
fn variables_of_a_job_are_compared_one_by_one_and_no_secret_is_shown() {
    let with = |environment: &str| {
        RECIPE.replace("    pool: p\n", &format!("    pool: p\n    environment: {environment}\n"))
    };
    let sandbox = Sandbox::new().file("recipe.yaml", &with("{ A: one, B: two }"));
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    apply(&sandbox);
    sandbox.write("recipe.yaml", &with("{ A: one, B: three }"));
    let changed = plan(&sandbox, &[]);
    changed.code(2).stdout_contains("environment.B : \"two\" -> \"three\"  recipe.yaml:11:28");
    assert!(!changed.stdout.contains("environment.A"), "{changed}");
    sandbox.run(["destroy", "recipe.yaml", "-y"]).success();

    sandbox.write("recipe.yaml", &with("{ A: one, B: { env: SECRET_TOKEN } }"));
    apply(&sandbox);
    sandbox.write("recipe.yaml", &with("{ A: one, B: open }"));
    let opened = plan(&sandbox, &[]);
    opened.code(2).stdout_contains("environment.B : \"(not shown)\" -> \"open\"").never_mentions("hunter2");
}
