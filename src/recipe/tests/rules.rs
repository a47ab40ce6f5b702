//! Each rule finds what it is for, and nothing else.

use super::support::{findings, loaded, shown, with_tasks};

#[test]
fn a_job_runs_on_a_pool_of_the_recipe_or_on_one_that_exists() {
    let text = with_tasks("t: { command: a }").replace("pool: p", "pool: q");
    assert_eq!(findings(&text), ["unknown-pool: q"]);
    assert!(shown(&text).contains("`pool: { id: … }`"), "{}", shown(&text));
    let existing = text.replace("pool: q", "pool: { id: q }");
    assert_eq!(loaded(&existing).desired.jobs["j"].spec.pool.id().unwrap().as_str(), "q");
}

#[test]
fn containers_and_pools_must_fit() {
    assert_eq!(findings(&with_tasks("t: { command: a }")), ["container-required: t"]);
    let plain = with_tasks("t: { container: { image: b:1 } }").replace("container: {}, ", "");
    assert_eq!(findings(&plain), ["container-unsupported: { image: b:1 }"]);
    let image =
        with_tasks("t: { container: { image: b:1 } }").replace("ubuntu-22.04-container", "ubuntu-22.04");
    assert_eq!(findings(&image), ["image-without-containers: ubuntu-22.04"]);
    let nothing = with_tasks("t: {}").replace("container: {}, ", "");
    assert_eq!(findings(&nothing), ["missing-command: t"]);
}

#[test]
fn start_tasks_are_checked_too() {
    let start = |task: &str| {
        let text = with_tasks("t: { container: { image: b:1 } }");
        findings(&text.replace("nodes:", &format!("start_task: {task}, nodes:")))
    };
    assert_eq!(start("{ command: a, container: { image: b:1, registry: r } }"), ["unknown-registry: r"]);
    assert_eq!(start("{ command: \"\" }"), ["missing-command: \"\""]);
    assert_eq!(start("{ command: \"a 'b\" }"), ["unbalanced-quotes: \"a 'b\""]);
    assert_eq!(
        start("{ command: a, elevation: admin, wait: true, retries: -1, environment: { A: b } }"),
        Vec::<String>::new()
    );
}

#[test]
fn dependencies_exist_and_make_no_circle() {
    let tasks = |a: &str, b: &str, c: &str| {
        let task = |name, on| format!("{name}: {{ depends_on: [{on}], container: {{ image: b:1 }} }}\n");
        findings(&with_tasks(&format!("{}{}{}", task("a", a), task("b", b), task("c", c))))
    };
    assert_eq!(tasks("", "a", "a, b.*"), Vec::<String>::new());
    assert_eq!(tasks("a", "", ""), ["dependency-cycle: a"]);
    assert_eq!(tasks("c", "a", "b"), ["dependency-cycle: c"]);
    assert_eq!(tasks("b", "a", "nope"), ["dependency-cycle: b", "unknown-task: nope"]);
}

#[test]
fn an_image_should_be_among_those_prefetched() {
    let pool = |prefetch: &str, image: &str| {
        let text = with_tasks(&format!("t: {{ container: {{ image: {image} }} }}"));
        findings(&text.replace("container: {},", &format!("container: {{ prefetch: [{prefetch}] }},")))
    };
    assert_eq!(pool("b:1", "docker.io/library/b:1"), Vec::<String>::new());
    assert_eq!(pool("", "b:1"), Vec::<String>::new());
    assert_eq!(pool("b:1", "b:2"), ["warning image-not-prefetched: b:2"]);
}

#[test]
fn a_task_fits_on_a_node() {
    let text = with_tasks("t: { container: { image: b:1 }, slots: 4 }");
    assert_eq!(findings(&text), ["too-many-slots: 4"]);
    assert_eq!(findings(&text.replace("nodes:", "slots_per_node: 4, nodes:")), Vec::<String>::new());
}

#[test]
fn mounts_hold_the_folder_that_the_command_starts_in() {
    let container =
        |rest: &str| findings(&with_tasks(&format!("t: {{ container: {{ image: b:1, {rest} }} }}")));
    assert_eq!(container("mounts: [shared]"), ["mounts-without-task: [shared]"]);
    assert_eq!(container("mounts: [{ source: shared, read_only: true }, task]"), Vec::<String>::new());
    assert_eq!(container("mounts: [], working_directory: image"), Vec::<String>::new());
}

#[test]
fn registries_are_declared_and_logged_in_to_in_one_way() {
    let registry = |login: &str| {
        findings(&format!("api_version: batchyard/v1\nname: x\nregistries: {{ r: {{ {login} }} }}\n"))
    };
    assert_eq!(registry("username: u, password: { file: p }"), Vec::<String>::new());
    assert_eq!(registry("server: s"), Vec::<String>::new());
    assert_eq!(registry("username: u"), ["registry-login: u"]);
    assert_eq!(registry("password: { env: P }"), ["registry-login: { env: P }"]);
    assert_eq!(
        registry("identity: /subscriptions/x, username: u, password: { env: P }"),
        ["registry-login: /subscriptions/x"]
    );
    let text = with_tasks("t: { container: { image: b:1 } }")
        .replace("container: {},", "container: { registries: [r] },");
    assert_eq!(findings(&text), ["unknown-registry: r"]);
}

#[test]
fn an_image_without_a_short_name_needs_its_node_agent() {
    let image = |image: &str| {
        findings(&with_tasks("t: { container: { image: b:1 } }").replace("ubuntu-22.04-container", image))
    };
    assert_eq!(image("{ id: /subscriptions/x }"), ["missing-node-agent: { id: /subscriptions/x }"]);
    assert_eq!(
        image("{ id: /subscriptions/x }, node_agent_sku: batch.node.ubuntu 22.04"),
        Vec::<String>::new()
    );
    assert_eq!(image("{ publisher: Microsoft-DSVM, offer: ubuntu-hpc, sku: '2204' }"), Vec::<String>::new());
    assert_eq!(
        image("{ publisher: a, offer: b, sku: c }"),
        ["missing-node-agent: { publisher: a, offer: b, sku: c }"]
    );
    assert_eq!(image("{ publisher: a, offer: b, skuu: c }"), ["unknown-key: skuu"]);
    assert_eq!(image("{ publisher: a }"), ["missing-key: image", "missing-key: image"]);
}

#[test]
fn ids_of_pools_and_jobs_are_unique() {
    let text = "api_version: batchyard/v1\nname: x\njobs:\n  a: { id: B, pool: { id: p }, tasks: {} }\n  b: { pool: { id: p }, tasks: {} }\n";
    assert_eq!(findings(text), ["duplicate-id: b"]);
}

#[test]
fn a_pool_whose_size_a_formula_sets_is_not_empty() {
    let text = with_tasks("t: { container: { image: b:1 } }");
    let autoscale = text.replace(
        "nodes: { dedicated: 1 }",
        "nodes: { autoscale: { formula: \"$TargetDedicatedNodes = 4\" } }",
    );
    assert_eq!(findings(&autoscale), Vec::<String>::new());
    let empty = text.replace("nodes: { dedicated: 1 }", "nodes: { dedicated: 0 }");
    assert_eq!(findings(&empty), ["note pool-without-nodes: { dedicated: 0 }"]);
}
