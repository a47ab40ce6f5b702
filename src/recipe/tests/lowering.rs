//! What a recipe becomes.

use std::path::Path;
use std::time::Duration;

use super::support::{findings, loaded, tasks, with_tasks};
use crate::batch::model::{ContainerHostDataPath, ElevationLevel};
use crate::recipe::{LoadRequest, load, schema};
use crate::resource::{EnvironmentValue, OnChange, OnComplete};
use crate::secret::SecretRef;

const EVERYTHING: &str = r#"api_version: batchyard/v1
name: everything
description: Uses every key of the language.
registries:
  hub: { username: u, password: { file: secrets/hub } }
  acr: { server: r.azurecr.io, identity: /subscriptions/i }
pools:
  p:
    id: Pool-1
    display_name: The pool
    vm_size: Standard_D4s_v3
    image: { publisher: a, offer: b, sku: c, version: "1.0" }
    node_agent_sku: batch.node.ubuntu 24.04
    container: { type: docker, prefetch: ["r.azurecr.io/app:1"], registries: [hub, acr] }
    nodes: { dedicated: 2, spot: 3 }
    slots_per_node: 4
    start_task:
      command: [sh, -c, "echo hi"]
      elevation: admin
      wait: false # batchyard: allow start-task-not-awaited every key is used here
      retries: 2
      environment: { A: 1 }
    on_change: drain # batchyard: allow drain-with-spot every key is used here
jobs:
  j:
    id: Job-1
    display_name: The job
    pool: p
    priority: -5
    retries: 1
    max_wall_time: 1d
    on_complete: terminate
    environment: { B: { env: SECRET }, C: "x" }
    tasks:
      first: { container: { image: r.azurecr.io/app:1 } }
      second:
        for_each: { n: { range: [1, 2] } }
        id: "s${{ item.n }}"
        container:
          image: r.azurecr.io/app:1
          run_options: --rm
          working_directory: image
          mounts: [shared, { source: vfs_mounts, read_only: true }]
          registry: acr
        command: [echo, "it's ${{ item.n }}", ""]
        environment: { D: { key_vault: "https://v.vault.azure.net/secrets/d" } }
        depends_on: [first]
        retries: 3
        max_wall_time: 90s
        retention: PT2H
        slots: 2
"#;

#[test]
fn every_key_of_the_language_arrives() {
    let loaded = loaded(EVERYTHING);
    assert_eq!(loaded.warnings.diagnostics, []);
    let pool = &loaded.desired.pools["p"];
    assert_eq!((pool.spec.id.as_str(), pool.spec.display_name.as_deref()), ("Pool-1", Some("The pool")));
    assert_eq!((pool.spec.dedicated_nodes, pool.spec.spot_nodes, pool.spec.slots_per_node), (2, 3, 4));
    assert_eq!(pool.spec.image.version.as_deref(), Some("1.0"));
    assert_eq!(pool.spec.node_agent_sku, "batch.node.ubuntu 24.04");
    assert_eq!(pool.on_change, OnChange::Drain);
    let container = pool.spec.container.as_ref().unwrap();
    assert_eq!(container.registries[0].server, "docker.io");
    assert_eq!(container.registries[0].password, Some(SecretRef::File("secrets/hub".into())));
    assert_eq!(container.registries[1].identity.as_deref(), Some("/subscriptions/i"));
    let start = pool.spec.start_task.as_ref().unwrap();
    assert_eq!(start.command_line, "sh -c 'echo hi'");
    assert_eq!((start.wait_for_success, start.retries), (false, 2));
    let user = start.user.as_ref().unwrap().auto_user.as_ref().unwrap();
    assert_eq!((&user.elevation_level, &user.scope), (&Some(ElevationLevel::Admin), &None));

    let job = &loaded.desired.jobs["j"];
    assert_eq!(
        (job.spec.id.as_str(), job.spec.pool.id().unwrap().as_str(), job.pool_key.as_deref()),
        ("Job-1", "Pool-1", Some("p"))
    );
    assert_eq!((job.spec.priority, job.spec.retries, job.spec.on_complete), (-5, 1, OnComplete::Terminate));
    assert_eq!(job.spec.max_wall_time, Some(Duration::from_secs(86_400)));
    assert_eq!(job.spec.environment["B"], EnvironmentValue::Secret(SecretRef::Env("SECRET".into())));
    assert!(job.spec.uses_task_dependencies);

    let tasks = tasks(&loaded);
    assert_eq!(tasks.iter().map(|task| task.id.as_str()).collect::<Vec<_>>(), ["first", "s1", "s2"]);
    assert_eq!(tasks[0].command_line, "");
    let second = &tasks[2];
    assert_eq!(second.arguments(), ["echo", "it's 2", ""]);
    assert_eq!((second.retries, second.slots), (Some(3), 2));
    assert_eq!(second.max_wall_time, Some(Duration::from_secs(90)));
    assert_eq!(second.retention, Some(Duration::from_secs(7_200)));
    assert_eq!(second.depends_on, ["first"]);
    let container = second.container.as_ref().unwrap();
    assert!(container.start_in_image_workdir);
    let mounts = container.mounts.as_ref().unwrap();
    assert_eq!(mounts[1].source, Some(ContainerHostDataPath::VfsMounts));
    assert_eq!((mounts[0].is_read_only, mounts[1].is_read_only), (None, Some(true)));
    assert_eq!(container.registry.as_ref().unwrap().server, "r.azurecr.io");
}

#[test]
fn fields_know_where_they_stand() {
    let loaded = loaded(EVERYTHING);
    let place = |path: &str| {
        let location = &loaded.desired.pools["p"].sources[path];
        assert!(location.file.ends_with("recipe.yaml"));
        (location.line, location.column)
    };
    assert_eq!(place(""), (8, 3));
    assert_eq!(place("vm_size"), (11, 5));
    assert_eq!(place("container.prefetch"), (14, 32));
    assert_eq!(place("start_task.wait"), (20, 7));
    assert_eq!(loaded.desired.jobs["j"].sources["priority"].line, 29);
}

#[test]
fn many_dependencies_become_ranges_or_are_refused() {
    let recipe = |id: &str| {
        with_tasks(&format!(
            "many: {{ for_each: {{ s: {{ range: [1, 5000] }} }}, id: \"{id}${{{{ item.s }}}}\", container: {{ image: b:1 }} }}\n\
             last: {{ depends_on: [many, many.*], container: {{ image: b:1 }} }}"
        ))
    };
    let loaded = loaded(&recipe(""));
    let last = tasks(&loaded).pop().unwrap();
    assert_eq!((last.depends_on, last.depends_on_ranges), (vec![], vec![(1, 5000)]));
    assert_eq!(findings(&recipe("some-long-prefix-")), ["too-many-dependencies: many"]);
}

#[test]
fn the_recipes_of_the_library_load_without_a_warning_and_match_the_authoring_schema() {
    let validator = jsonschema::validator_for(&schema::authoring()).unwrap();
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("recipes");
    let mut names = Vec::new();
    for folder in std::fs::read_dir(library).unwrap() {
        let path = folder.unwrap().path();
        if !path.is_dir() {
            continue;
        }
        let loaded = load(&LoadRequest { path: path.clone(), ..LoadRequest::default() }).unwrap();
        assert_eq!(loaded.warnings.diagnostics, [], "{}", path.display());
        assert_eq!(loaded.folder, path);
        let text = std::fs::read_to_string(path.join("recipe.yaml")).unwrap();
        let json: serde_json::Value = serde_yaml::from_str(&text).unwrap();
        let errors: Vec<String> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{}", path.display());
        names.push(loaded.desired.recipe.as_str().to_owned());
    }
    names.sort();
    for name in ["hello", "parameter-sweep", "private-registry", "tensorflow-gpu"] {
        assert!(names.iter().any(|found| found == name), "{name} is not in the library: {names:?}");
    }
}
