//! From a recipe to real containers and back to "no changes": the built program on its local account.

use crate::support::{Local, PrivateRegistry, Runtime, Sandbox, Service};

/// The library's recipe, as a visitor would name it.
fn library(name: &str) -> String {
    format!("{}/recipes/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Applies, plans and destroys the first recipe that anybody runs.
fn hello(runtime: Runtime) {
    let Some(local) = Local::new(runtime) else { return };
    let recipe = library("hello");
    let applied = local.run(["apply", &recipe, "--auto-approve"]);
    applied.success().stdout_contains("hello/greet").stdout_contains("exit 0").stdout_contains("1 succeeded");
    applied.stdout_contains("Hello from a real container!");
    local.run(["plan", &recipe, "--detailed-exitcode"]).success().stdout_contains("No changes.");
    local.run(["apply", &recipe, "--auto-approve"]).success().stdout_contains("No changes.");
    local.run(["status", &recipe]).success().stdout_contains("1 succeeded, 0 failed");
    local.run(["logs", "hello/greet"]).success().stdout_contains("Hello from a real container");
    local.run(["destroy", &recipe, "--auto-approve"]).success();
    local.run(["status", &recipe]).success().stdout_contains("Nothing of this recipe");
    local.run(["plan", &recipe, "--detailed-exitcode"]).code(2).stdout_contains("3 to create");
}

#[test]
fn hello_with_docker() {
    hello(Runtime::Docker);
}

#[test]
fn hello_without_a_daemon() {
    hello(Runtime::Oci);
}

#[test]
fn a_parameter_sweep_is_merged_by_its_last_task() {
    let Some(local) = Local::new(Runtime::Oci) else { return };
    let recipe = library("parameter-sweep");
    let sweep = ["-p", "seeds=4", "-p", "samples=20000"];
    let applied = local.run(["apply", &recipe, "--auto-approve"].into_iter().chain(sweep));
    applied.success().stdout_contains("5 succeeded").stdout_contains("3.1");
    let again = ["plan", &recipe, "--detailed-exitcode"].into_iter().chain(sweep);
    local.run(again).success().stdout_contains("No changes.");
    let more = ["plan", &recipe, "--detailed-exitcode", "-p", "seeds=5", "-p", "samples=20000"];
    local.run(more).code(2).stdout_contains("1 to add, 1 to replace, 4 kept");

    let fewer = ["-p", "seeds=3", "-p", "samples=20000"];
    let shrunk = local.run(["apply", &recipe, "--auto-approve"].into_iter().chain(fewer));
    shrunk.success().stdout_contains("3 seeds, 60000 samples");
    let better = ["-p", "seeds=3", "-p", "samples=40000"];
    let replaced = local.run(["apply", &recipe, "--auto-approve"].into_iter().chain(better));
    replaced.success().stdout_contains("4 tasks: 4 to replace").stdout_contains("3 seeds, 120000 samples");
    let last = ["plan", &recipe, "--detailed-exitcode"].into_iter().chain(better);
    local.run(last).success().stdout_contains("No changes.");
}

#[test]
fn a_pool_that_a_formula_sizes_grows_for_its_tasks_and_is_no_difference_afterwards() {
    let Some(local) = Local::new(Runtime::Simulated) else { return };
    let recipe = r#"api_version: batchyard/v1
name: elastic
pools:
  elastic:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: { autoscale: { formula: "$TargetDedicatedNodes = min(2, $PendingTasks);", evaluation_interval: 5m } }
jobs:
  elastic:
    pool: elastic
    tasks:
      t:
        for_each: { n: { range: [1, 3] } }
        container: { image: busybox }
        command: ["true"]
"#;
    local.sandbox().write("elastic.yaml", recipe);
    let applied = local.run(["apply", "elastic.yaml", "--auto-approve"]);
    applied.success().stdout_contains("3 succeeded");
    local.run(["plan", "elastic.yaml", "--detailed-exitcode"]).success().stdout_contains("No changes.");
    local.run(["destroy", "elastic.yaml", "--auto-approve"]).success();
}

#[test]
fn five_mistakes_are_reported_at_once_each_with_its_place() {
    let recipe = "api_version: batchyard/v1
name: broken
pools:
  small:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: { dedicated: many }
    slots_pernode: 2
jobs:
  train:
    pool: large
    tasks:
      first:
        container: { image: \"${{ params.image }}\" }
      second:
        container: { image: busybox }
        depends_on: [frist]
";
    let sandbox = Sandbox::new().file("recipe.yaml", recipe);
    for command in ["validate", "plan", "apply"] {
        let output = sandbox.run([command, "recipe.yaml"]);
        output.code(3);
        for place in [":8:25", ":9:5", ":12:11", ":15:", ":18:"] {
            output.stderr_contains(&format!("recipe.yaml{place}"));
        }
    }
    assert!(!sandbox.data().exists(), "a recipe that is invalid touches no account");
}

#[test]
fn the_article_s_sample_task_writes_its_file_into_the_task_s_folder_of_the_host() {
    for runtime in [Runtime::Docker, Runtime::Oci] {
        let Some(registry) = Service::Registry.address() else { return };
        let Some(local) = Local::new(runtime) else { continue };
        local.sandbox().write(
            "recipe.yaml",
            &format!(
                r#"api_version: batchyard/v1
name: article
pools:
  p: {{ vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {{}}, nodes: {{ dedicated: 1 }} }}
jobs:
  j:
    pool: p
    tasks:
      sampletask:
        container: {{ image: "{registry}/busybox:latest", run_options: "--rm --workdir /" }}
        command: /bin/sh -c "echo 'hello world' > $AZ_BATCH_TASK_WORKING_DIR/output.txt; pwd"
      entrypoint:
        container: {{ image: "{registry}/entrypoint:latest" }}
"#
            ),
        );
        let applied = local.run(["apply", "recipe.yaml", "--auto-approve"]);
        applied.success().stdout_contains("│ /\n").stdout_contains("2 succeeded");
        let file =
            walk(&local.sandbox().data()).find(|path| path.ends_with("j/job-1/sampletask/wd/output.txt"));
        let written = std::fs::read_to_string(file.expect("the file is in the task's folder")).unwrap();
        assert_eq!(written, "hello world\n");
        local.run(["plan", "recipe.yaml", "--detailed-exitcode"]).success();
        local.run(["destroy", "recipe.yaml", "--auto-approve"]).success();
    }
}

fn walk(folder: &std::path::Path) -> impl Iterator<Item = std::path::PathBuf> {
    let mut folders = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    files.into_iter()
}

#[test]
fn an_image_of_a_private_registry_runs_with_its_password_and_only_with_it() {
    for runtime in [Runtime::Docker, Runtime::Oci] {
        let Some(registry) = PrivateRegistry::find() else { return };
        let Some(local) = Local::new(runtime) else { continue };
        let home = local.sandbox().path("home");
        local.sandbox().write(
            "recipe.yaml",
            &format!(
                r#"api_version: batchyard/v1
name: private
registries:
  own: {{ server: "{server}", username: "{user}", password: {{ env: REGISTRY_PASSWORD }} }}
pools:
  p:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {{ prefetch: ["{server}/busybox:latest"], registries: [own] }}
    nodes: {{ dedicated: 1 }}
jobs:
  j:
    pool: p
    tasks:
      t: {{ container: {{ image: "{server}/busybox:latest" }}, command: [echo, it runs] }}
"#,
                server = registry.server,
                user = registry.user,
            ),
        );
        let apply = ["apply", "recipe.yaml", "--auto-approve"];
        let wrong = local.command(apply).env("REGISTRY_PASSWORD", "wr0ng-passw0rd").run();
        wrong.code(7).never_mentions("wr0ng-passw0rd");
        let status = local.run(["status", "recipe.yaml"]);
        status.code(7).stdout_contains("unusable").stdout_contains(&registry.server);
        status.stdout_contains("busybox:latest").stdout_contains("401").never_mentions("wr0ng-passw0rd");
        local.run(["destroy", "recipe.yaml", "--auto-approve"]).success();

        let right = local.command(apply).env("REGISTRY_PASSWORD", &registry.password).run();
        right.success().stdout_contains("│ it runs").never_mentions(&registry.password);
        local.run(["plan", "recipe.yaml", "--detailed-exitcode"]).success().stdout_contains("No changes.");
        local.run(["destroy", "recipe.yaml", "--auto-approve"]).success();
        let touched: Vec<_> = walk(&home).filter(|path| path.to_string_lossy().contains("docker")).collect();
        assert!(touched.is_empty(), "the host's own registry logins stay untouched: {touched:?}");
    }
}

#[test]
fn a_missing_secret_is_named_before_anything_is_sent() {
    let Some(local) = Local::new(Runtime::Simulated) else { return };
    let output = local.run(["apply", &library("private-registry"), "--auto-approve"]);
    output.code(1).stdout_contains("ACR_PASSWORD");
}

#[test]
fn without_an_answer_nothing_is_applied() {
    let Some(local) = Local::new(Runtime::Simulated) else { return };
    let recipe = library("hello");
    local.run(["apply", &recipe]).code(4).stderr_contains("--auto-approve");
    local.run(["plan", &recipe, "--detailed-exitcode"]).code(2);
}

#[test]
fn run_options_that_no_node_takes_are_refused_before_anything_is_sent() {
    let recipe = "api_version: batchyard/v1
name: options
pools:
  p: { vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {}, nodes: { dedicated: 1 } }
jobs:
  j:
    pool: p
    tasks:
      t:
        for_each: { n: { range: [1, 100] } }
        container:
          image: busybox
          run_options: --rm --wrokdir /
        command: [\"true\"]
";
    let sandbox = Sandbox::new().file("recipe.yaml", recipe);
    for command in ["validate", "plan", "apply"] {
        let output = sandbox.run([command, "recipe.yaml"]);
        output
            .code(3)
            .stderr_contains("`--wrokdir`")
            .stderr_contains("did you mean `--workdir`")
            .stderr_contains("recipe.yaml:13:24");
    }
}

#[test]
fn a_task_cannot_make_this_program_write_through_a_link() {
    for runtime in [Runtime::Docker, Runtime::Oci] {
        let Some(registry) = Service::Registry.address() else { return };
        let Some(local) = Local::new(runtime) else { continue };
        local.sandbox().write("victim.txt", "precious\n");
        let victim = local.sandbox().path("victim.txt");
        local.sandbox().write(
            "recipe.yaml",
            &format!(
                r#"api_version: batchyard/v1
name: links
pools:
  p: {{ vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {{}}, nodes: {{ dedicated: 1 }} }}
jobs:
  j:
    pool: p
    tasks:
      t:
        retries: 1
        container: {{ image: "{registry}/busybox:latest" }}
        command: ["/bin/sh", "-c", "cd $AZ_BATCH_TASK_DIR; rm -f stdout.txt; ln -s {} stdout.txt; rm -rf wd; echo overwritten; exit 1"]
"#,
                victim.display()
            ),
        );
        local.run(["apply", "recipe.yaml", "--auto-approve"]).code(7);
        assert_eq!(local.sandbox().read("victim.txt"), "precious\n", "{runtime:?}");
        let owner = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(&victim).unwrap());
        assert_eq!(owner, rustix::process::geteuid().as_raw(), "{runtime:?}");
        local.run(["destroy", "recipe.yaml", "--auto-approve"]).success();
    }
}
