//! Recipes of several texts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::support::{findings, loaded, summary, tasks, with_tasks};
use crate::diagnostic::{Diagnostic, Report};
use crate::recipe::project::Projects;
use crate::recipe::{LoadRequest, Loaded, load};
use crate::resource::EnvironmentValue;
use crate::view;

const BASE: &str = r#"api_version: batchyard/v1
name: base
parameters:
  nodes: { type: integer, default: 2, maximum: 10 }
pools:
  main:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: { prefetch: ["busybox:1"] }
    nodes: { dedicated: "${{ params.nodes }}" }
jobs:
  run:
    pool: main
    retries: 1
    tasks:
      first: { container: { image: "busybox:1" }, command: [echo, "${{ recipe.name }}"] }
      second: { container: { image: "busybox:1" }, command: [echo, two] }
"#;

/// A folder with files, and a recipe of them loaded.
struct Files(tempfile::TempDir);

impl Files {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        files.iter().for_each(|(name, text)| folder.write(name, text));
        folder
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn request(&self, recipe: &str, overlays: &[&str]) -> LoadRequest {
        let overlays = overlays.iter().map(|name| self.path(name)).collect();
        LoadRequest { path: self.path(recipe), overlays, ..LoadRequest::default() }
    }

    #[track_caller]
    fn load(&self, recipe: &str, overlays: &[&str]) -> Loaded {
        load(&self.request(recipe, overlays))
            .unwrap_or_else(|report| panic!("{}", view::diagnostics::human(&report, false)))
    }

    /// Where what is wrong: `file:line:column code`.
    #[track_caller]
    fn places(&self, recipe: &str, overlays: &[&str]) -> Vec<String> {
        places(&load(&self.request(recipe, overlays)).unwrap_err())
    }
}

fn places(report: &Report) -> Vec<String> {
    let one = |finding: &Diagnostic| {
        let place = finding.primary_span().and_then(|span| report.sources.start(span)).unwrap();
        let file = Path::new(&place.file).file_name().unwrap().to_string_lossy().into_owned();
        format!("{file}:{}:{} {}", place.line, place.column, finding.code)
    };
    report.diagnostics.iter().map(one).collect()
}

#[test]
fn a_recipe_begins_with_the_one_that_it_extends() {
    let files = Files::new(&[
        ("base/recipe.yaml", BASE),
        (
            "own/recipe.yaml",
            "api_version: batchyard/v1\nname: own\nextends: ../base\nparameters: { nodes: { default: 5 } }\npools: { main: { slots_per_node: 2 } }\njobs:\n  run:\n    retries: null\n    tasks:\n      second: null\n      third: { container: { image: \"busybox:1\" }, command: [echo, three] }\n",
        ),
    ]);
    let loaded = files.load("own/recipe.yaml", &[]);
    assert_eq!(loaded.desired.recipe.as_str(), "own");
    let pool = &loaded.desired.pools["main"];
    assert_eq!((pool.spec.dedicated_nodes, pool.spec.slots_per_node), (5, 2));
    assert!(pool.sources["vm_size"].file.ends_with("base/recipe.yaml"));
    assert_eq!(
        pool.sources["slots_per_node"].file.as_ref(),
        files.path("own/recipe.yaml").display().to_string()
    );
    let job = &loaded.desired.jobs["run"];
    assert_eq!(job.spec.retries, 0);
    let commands: Vec<_> = job.tasks.iter().map(|task| task.unwrap().arguments().join(" ")).collect();
    assert_eq!(commands, ["echo own", "echo three"]);
    assert_eq!(loaded.folder, files.path("own"));
}

#[test]
fn mistakes_are_marked_in_the_text_that_they_are_in() {
    let files = Files::new(&[
        ("base.yaml", &BASE.replace("dedicated:", "dedicatd:")),
        (
            "own.yaml",
            "api_version: batchyard/v1\nname: own\nextends: base.yaml\njobs: { run: { retries: many } }\n",
        ),
        ("over.yaml", "pools:\n  main: { slots_per_node: 0 }\n  other: { vm_size: S }\n"),
    ]);
    let mut places = files.places("own.yaml", &["over.yaml"]);
    places.sort();
    assert_eq!(
        places,
        [
            "base.yaml:10:14 unknown-key",
            "over.yaml:2:27 invalid-value",
            "over.yaml:3:3 missing-key",
            "over.yaml:3:3 missing-key",
            "own.yaml:4:25 wrong-type",
        ]
    );
}

#[test]
fn overlays_are_laid_over_one_after_the_other() {
    let files = Files::new(&[
        ("recipe.yaml", BASE),
        ("a.yaml", "pools: { main: { nodes: { dedicated: 3, spot: 1 }, vm_size: A } }\n"),
        ("b.yaml", "pools: { main: { nodes: { dedicated: 4 } } }\nname: renamed\n"),
    ]);
    let loaded = files.load("recipe.yaml", &["a.yaml", "b.yaml"]);
    let pool = &loaded.desired.pools["main"].spec;
    assert_eq!((pool.vm_size.as_str(), pool.dedicated_nodes, pool.spot_nodes), ("A", 4, 1));
    assert_eq!(loaded.desired.recipe.as_str(), "renamed");
    let other_way = files.load("recipe.yaml", &["b.yaml", "a.yaml"]);
    assert_eq!(other_way.desired.pools["main"].spec.dedicated_nodes, 3);
}

#[test]
fn an_overlay_is_a_map_that_extends_nothing() {
    let files = Files::new(&[
        ("recipe.yaml", BASE),
        ("list.yaml", "[1]\n"),
        ("extends.yaml", "extends: base.yaml\n"),
        ("broken.yaml", "pools: [\n"),
        ("secret.yaml", "registries: { r: { password: hunter2 } }\n"),
    ]);
    assert_eq!(files.places("recipe.yaml", &["list.yaml"]), ["list.yaml:1:1 wrong-type"]);
    assert_eq!(files.places("recipe.yaml", &["extends.yaml"]), ["extends.yaml:1:1 bad-extends"]);
    assert_eq!(files.places("recipe.yaml", &["broken.yaml"]), ["broken.yaml:1:8 syntax"]);
    let report = load(&files.request("recipe.yaml", &["secret.yaml"])).unwrap_err();
    assert_eq!(places(&report)[0], "secret.yaml:1:30 plaintext-secret");
    assert!(!view::diagnostics::human(&report, false).contains("hunter2"));
    let missing = load(&files.request("recipe.yaml", &["nope.yaml"])).unwrap_err();
    assert_eq!(missing.diagnostics[0].code.name, "unreadable");
}

#[test]
fn recipes_that_extend_each_other_in_a_circle_are_refused() {
    let recipe =
        |name: &str, extends: &str| format!("api_version: batchyard/v1\nname: {name}\nextends: {extends}\n");
    let files = Files::new(&[
        ("a.yaml", &recipe("a", "b.yaml")),
        ("b.yaml", &recipe("b", "./c.yaml")),
        ("c.yaml", &recipe("c", "b.yaml")),
        ("self.yaml", &recipe("self", "self.yaml")),
    ]);
    assert_eq!(files.places("a.yaml", &[]), ["c.yaml:3:10 bad-extends"]);
    assert_eq!(files.places("self.yaml", &[]), ["self.yaml:3:10 bad-extends"]);
    let shown = view::diagnostics::human(&load(&files.request("a.yaml", &[])).unwrap_err(), false);
    assert!(shown.contains("b.yaml → ") && shown.contains("c.yaml → "), "{shown}");
    for number in 0..20 {
        files.write(&format!("{number}.yaml"), &recipe("x", &format!("{}.yaml", number + 1)));
    }
    files.write("20.yaml", BASE);
    assert_eq!(files.places("0.yaml", &[]), ["16.yaml:3:10 bad-extends"]);
    assert_eq!(files.load("10.yaml", &[]).desired.recipe.as_str(), "x");
}

#[test]
fn what_is_extended_must_be_there_and_be_near() {
    let own = |extends: &str| {
        Files::new(&[("own.yaml", &format!("api_version: batchyard/v1\nname: own\nextends: {extends}\n"))])
            .places("own.yaml", &[])
    };
    assert_eq!(own("nope.yaml"), ["own.yaml:3:10 unreadable"]);
    assert_eq!(own("/etc/passwd"), ["own.yaml:3:10 bad-extends"]);
    assert_eq!(own("[a, b]"), ["own.yaml:3:10 wrong-type"]);
    assert_eq!(own("3"), ["own.yaml:3:10 wrong-type"]);
    assert_eq!(own("\"${{ 'x' }}\""), ["own.yaml:3:10 bad-expression"]);
    assert_eq!(own("library:nope"), ["own.yaml:3:10 bad-extends"]);
    assert_eq!(own("library:hello@99"), ["own.yaml:3:10 bad-extends"]);
    assert_eq!(own("library:../x"), ["own.yaml:3:10 bad-extends"]);
}

#[test]
fn a_recipe_has_a_name_of_its_own() {
    let files =
        Files::new(&[("base.yaml", BASE), ("own.yaml", "api_version: batchyard/v1\nextends: base.yaml\n")]);
    assert_eq!(files.places("own.yaml", &[]), ["own.yaml:1:1 missing-key"]);
}

#[test]
fn a_recipe_of_the_library_can_be_extended() {
    let files = Files::new(&[(
        "recipe.yaml",
        "api_version: batchyard/v1\nname: own\nextends: library:hello\npools: { small: { nodes: { dedicated: 3 } } }\n",
    )]);
    let loaded = files.load("recipe.yaml", &[]);
    assert_eq!(loaded.desired.pools["small"].spec.dedicated_nodes, 3);
    assert!(loaded.desired.pools["small"].sources["vm_size"].file.starts_with("library:hello"));
    assert_eq!(loaded.desired.jobs["hello"].tasks.count(), 1);
}

#[test]
fn paths_begin_at_the_folder_of_the_text_that_they_stand_in() {
    let files = Files::new(&[
        (
            "base/recipe.yaml",
            "api_version: batchyard/v1\nname: base\njobs:\n  j:\n    pool: { id: p }\n    tasks:\n      base: { command: [\"${{ file('x.txt') }}\"] }\n",
        ),
        ("base/x.txt", "of base"),
        (
            "own/recipe.yaml",
            "api_version: batchyard/v1\nname: own\nextends: ../base\njobs:\n  j:\n    tasks:\n      own: { for_each: { files: \"*.txt\" }, command: [\"${{ file(item.path) }}\"] }\n",
        ),
        ("own/x.txt", "of own"),
        ("over/x.txt", "of the overlay"),
        ("over/over.yaml", "jobs: { j: { tasks: { over: { command: [\"${{ file('x.txt') }}\"] } } } }\n"),
    ]);
    let loaded = files.load("own/recipe.yaml", &["over/over.yaml"]);
    let commands: Vec<_> =
        loaded.desired.jobs["j"].tasks.iter().map(|task| task.unwrap().arguments().join(" ")).collect();
    assert_eq!(commands, ["of base", "of own", "of the overlay"]);
}

const DEFAULTS: &str = r#"api_version: batchyard/v1
name: x
defaults:
  container: { image: "busybox:1", run_options: --rm }
  environment: { A: recipe, B: recipe }
  retries: 2
jobs:
  j:
    pool: { id: p }
    defaults:
      environment: { B: job, C: "${{ task.name }}" }
      slots: 2
    tasks:
      plain: { command: a }
      own:
        command: a
        container: { image: "other:1" }
        environment: { C: task, D: task }
        retries: null
      factory: { for_each: [1, 2], command: a, slots: "${{ item }}" }
      host: { container: null, command: a }
"#;

#[test]
fn tasks_have_the_defaults_of_their_recipe_and_job_unless_they_say_otherwise() {
    let loaded = loaded(DEFAULTS);
    let tasks = tasks(&loaded);
    let environment = |index: usize| -> Vec<(String, String)> {
        tasks[index].environment.iter().map(|(name, value)| (name.clone(), text(value))).collect()
    };
    let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    assert_eq!(environment(0), pairs(&[("A", "recipe"), ("B", "job"), ("C", "plain")]));
    assert_eq!(environment(1), pairs(&[("A", "recipe"), ("B", "job"), ("C", "task"), ("D", "task")]));
    assert_eq!((tasks[0].retries, tasks[0].slots), (Some(2), 2));
    assert_eq!((tasks[1].retries, tasks[1].slots), (None, 2));
    let container = tasks[1].container.as_ref().unwrap();
    assert_eq!((container.image.as_str(), container.run_options.as_str()), ("other:1", "--rm"));
    assert_eq!(tasks.iter().map(|task| task.slots).collect::<Vec<_>>(), [2, 2, 1, 2, 2]);
    assert_eq!(tasks[4].container, None);
}

fn text(value: &EnvironmentValue) -> String {
    match value {
        EnvironmentValue::Plain(text) => text.clone(),
        EnvironmentValue::Secret(reference) => reference.to_string(),
    }
}

#[test]
fn mistakes_in_defaults_are_marked_there_and_once() {
    let with = |defaults: &str, tasks: &str| {
        findings(&format!("{}{}", with_tasks(tasks), format_args!("    defaults: {defaults}\n")))
    };
    let two =
        "a: { command: x, container: { image: \"b:1\" } }\nb: { command: x, container: { image: \"b:1\" } }";
    assert_eq!(with("{ slot: 1 }", two), ["unknown-key: slot"]);
    assert_eq!(with("{ slots: many }", two), ["wrong-type: many"]);
    assert_eq!(with("{ container: { imgae: x } }", two), ["unknown-key: imgae"]);
    assert_eq!(with("{ id: x }", two), ["unknown-key: id"]);
    assert_eq!(with("3", two), ["wrong-type: 3"]);
    assert_eq!(with("\"${{ params.n }}\"", two), ["bad-expression: \"${{ params.n }}\""]);
    assert_eq!(with("{ slots: \"${{ item }}\" }", two), ["undefined-name: item"]);
    assert_eq!(
        with("{ retries: 1 }", "a: { command: x, container: { run_options: --rm } }"),
        ["missing-key: container"]
    );
}

#[test]
fn defaults_cannot_blow_up_a_recipe() {
    let tasks: String = (0..3_000).map(|number| format!("t{number}: {{}}\n")).collect();
    let variables: Vec<String> = (0..1_000).map(|number| format!("V{number}: x")).collect();
    let text =
        format!("{}    defaults: {{ environment: {{ {} }} }}\n", with_tasks(&tasks), variables.join(", "));
    assert!(findings(&text)[0].starts_with("too-large"), "{:?}", findings(&text).first());
}

#[test]
fn project_files_give_parameters_overlays_and_recipes() {
    let files = Files::new(&[
        (
            "batchyard.yaml",
            "api_version: batchyard/v1\nparameters: { nodes: 4, other: 1 }\noverlays: [over.yaml]\nlibrary: [lib]\n",
        ),
        ("user.yaml", "api_version: batchyard/v1\nparameters: { nodes: 9 }\noverlays: [user-over.yaml]\n"),
        ("over.yaml", "pools: { main: { slots_per_node: 3 } }\n"),
        ("user-over.yaml", "pools: { main: { slots_per_node: 9, vm_size: U } }\n"),
        ("cli.yaml", "pools: { main: { display_name: of the command line } }\n"),
        ("lib/base/recipe.yaml", BASE),
        ("own/recipe.yaml", "api_version: batchyard/v1\nname: own\nextends: library:base\n"),
    ]);
    let mut request = files.request("own/recipe.yaml", &["cli.yaml"]);
    let projects = || Arc::new(Projects::read(&[files.path("batchyard.yaml"), files.path("user.yaml")]));
    request.projects = projects();
    let loaded =
        load(&request).unwrap_or_else(|report| panic!("{}", view::diagnostics::human(&report, false)));
    let pool = &loaded.desired.pools["main"].spec;
    assert_eq!((pool.dedicated_nodes, pool.slots_per_node, pool.vm_size.as_str()), (4, 3, "U"));
    assert_eq!(pool.display_name.as_deref(), Some("of the command line"));
    request.environment.insert("nodes".into(), "5".into());
    assert_eq!(load(&request).unwrap().desired.pools["main"].spec.dedicated_nodes, 5);
    files.write("batchyard.yaml", "api_version: batchyard/v1\nparameters: { nodes: 40 }\nlibrary: [lib]\n");
    request.projects = projects();
    request.environment.clear();
    assert_eq!(places(&load(&request).unwrap_err()), ["batchyard.yaml:2:22 bad-parameter"]);
}

#[test]
fn a_project_file_is_checked_like_a_recipe_and_holds_no_keys() {
    let files = Files::new(&[]);
    let check = |text: &str| {
        files.write("batchyard.yaml", text);
        crate::recipe::project::read(&files.path("batchyard.yaml")).map_err(|report| {
            assert!(!view::diagnostics::human(&report, false).contains("hunter2"));
            summary(&report)
        })
    };
    let head = "api_version: batchyard/v1\n";
    let with = |text: &str| check(&format!("{head}{text}")).unwrap_err();
    assert_eq!(with("acounts: {}\n"), ["unknown-key: acounts"]);
    assert_eq!(with("accounts: { local: { data: x } }\n"), ["invalid-value: local"]);
    assert_eq!(with("accounts: { a: { endpoint: x } }\n"), ["invalid-value: x"]);
    assert_eq!(with("accounts: { a: { account: x } }\n"), ["invalid-value: { account: x }"]);
    assert_eq!(
        with("accounts: { a: { endpoint: https://x.y, key: hunter2 } }\n"),
        ["plaintext-secret: hunter2"]
    );
    assert_eq!(with("overlays: x\n"), ["wrong-type: x"]);
    let good = check(&format!(
        "{head}default_account: prod\naccounts:\n  prod: {{ endpoint: https://p.westeurope.batch.azure.com, key: {{ env: K }} }}\n  mine: {{ data: state }}\n"
    ))
    .unwrap();
    assert_eq!(good.default_account.as_deref(), Some("prod"));
    assert_eq!(
        good.accounts[1],
        ("mine".to_owned(), crate::recipe::project::Account::Local { data: files.path("state") })
    );
}

#[test]
fn what_is_called_like_a_property_is_merged_like_any_other_object() {
    let base = BASE.replace("\n  nodes: {", "\n  image: { type: string }\n  pool: { type: string, default: p }\n  nodes: {").replace(
        "  run:\n",
        "  image: { pool: main, tasks: { pool: { container: { image: \"busybox:1\" }, command: [one] } } }\n  run:\n",
    );
    let child = "api_version: batchyard/v1\nname: child\nextends: base.yaml\nparameters:\n  image: { default: \"busybox:2\" }\n  pool: { description: A pool. }\njobs:\n  image:\n    priority: 5\n    tasks:\n      pool: { retries: 3 }\n      key_vault: { container: { image: \"${{ params.image }}\" }, command: [two] }\n";
    let files = Files::new(&[("base.yaml", &base), ("child.yaml", child)]);
    let loaded = files.load("child.yaml", &[]);
    let job = &loaded.desired.jobs["image"];
    assert_eq!(job.spec.priority, 5);
    let tasks: Vec<_> = job.tasks.iter().map(Result::unwrap).collect();
    let ids: Vec<&str> = tasks.iter().map(|task| task.id.as_str()).collect();
    assert_eq!(ids, ["pool", "key_vault"]);
    assert_eq!(tasks[0].retries, Some(3));
}
