//! The same tasks on both runtimes of real containers: whatever they do, they end the same way and print the same.

mod cases;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::support::{Fate, Local, Runtime, Service};
use cases::{Case, End, JOBS, Run};

/// All of it takes half a minute on a quiet machine.
const PATIENCE: Duration = Duration::from_secs(170);

fn recipe(registry: &str) -> String {
    let mut recipe = String::from(
        "api_version: batchyard/v1
name: torture
pools:
  p: { vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {}, nodes: { dedicated: 1 }, slots_per_node: 4 }
jobs:
",
    );
    for (job, cases) in JOBS {
        recipe.push_str(&format!("  {job}:\n    pool: p\n    tasks:\n"));
        for case in cases {
            let image = case.image.replace("REGISTRY", registry);
            let options = Value::from(case.options);
            recipe.push_str(&format!(
                "      {}:\n        container: {{ image: \"{image}\", run_options: {options} }}\n        command: {}\n",
                case.id,
                command(case)
            ));
            if !case.more.is_empty() {
                recipe.push_str(&format!("        {}\n", case.more));
            }
        }
    }
    recipe
}

fn command(case: &Case) -> Value {
    match case.run {
        Run::Shell(script) => vec!["/bin/sh", "-c", script].into(),
        Run::Arguments(arguments) => arguments.to_vec().into(),
    }
}

/// Applies all of it with a runtime; `None` where there is none.
fn fates(runtime: Runtime) -> Option<BTreeMap<String, Fate>> {
    let registry = Service::Registry.address()?;
    let local = Local::new(runtime)?;
    local.sandbox().write("torture.yaml", &recipe(&registry));
    let apply = local.command(["apply", "torture.yaml", "--auto-approve", "--format", "json"]);
    let applied = apply.timeout(PATIENCE).run();
    applied.code(7);
    let fates = local.fates(&applied);
    let plan = local.run(["plan", "torture.yaml", "--format", "json"]);
    assert_eq!(plan.success().json()["complete"], true, "{plan}");
    local.run(["destroy", "torture.yaml", "--auto-approve"]).success();
    Some(fates)
}

#[track_caller]
fn end_as_they_must(runtime: Runtime, fates: &BTreeMap<String, Fate>) {
    let mut wrong = Vec::new();
    for case in JOBS.iter().flat_map(|(_, cases)| *cases) {
        let (exit_code, failure) = match case.end {
            End::Exit(0) => (Some(0), None),
            End::Exit(code) => (Some(code), Some("FailureExitCode")),
            // Batch has no code of its own for it.
            End::OutOfMemory => (Some(137), Some("FailureExitCode")),
            End::TooLong(code) => (Some(code), Some("TaskEnded")),
            End::Never(code) => (None, Some(code)),
        };
        let found = fates.get(case.id).map(|fate| (fate.exit_code, fate.failure.as_deref()));
        if found != Some((exit_code.map(i64::from), failure)) {
            wrong.push((case.id, case.end, found));
        }
    }
    assert!(wrong.is_empty(), "{runtime:?}: {wrong:#?}");
}

#[test]
fn sixty_tasks_end_the_same_way_and_print_the_same_on_both_runtimes() {
    assert!(JOBS.iter().map(|(_, cases)| cases.len()).sum::<usize>() >= 60);
    let (docker, oci) = (fates(Runtime::Docker), fates(Runtime::Oci));
    for (runtime, fates) in [(Runtime::Docker, &docker), (Runtime::Oci, &oci)] {
        if let Some(fates) = fates {
            end_as_they_must(runtime, fates);
        }
    }
    let (Some(docker), Some(oci)) = (docker, oci) else { return };
    let differs = |id: &&String| docker.get(*id) != oci.get(*id);
    let different: Vec<_> = docker.keys().filter(differs).collect();
    let show = |fate: Option<&Fate>| {
        fate.map(|fate| {
            (
                fate.category.clone(),
                String::from_utf8_lossy(&fate.stderr).chars().take(200).collect::<String>(),
                fate.stdout.len(),
            )
        })
    };
    let different: Vec<_> =
        different.into_iter().map(|id| (id, show(docker.get(id)), show(oci.get(id)))).collect();
    assert!(different.is_empty(), "{different:#?}");
    assert_eq!(docker["ten-megabytes"].stdout.len(), 10_485_760);
    assert_eq!(docker["binary"].stdout, b"\0\xff\x01\x80end");
    assert_eq!(docker["quotes"].stdout, b"a b c\"d e'f  $HOME *\n");
    assert_eq!(docker["retried"].stdout, b"try\ntry\ntry\n", "it ran three times in the same folder");
    assert_eq!(docker["long-lines"].stdout.len(), 2 * 1_000_001 + 4);
}
