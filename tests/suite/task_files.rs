//! Files that come to tasks and that are kept of them: recipes, real containers, and a storage service that is not ours.

use crate::support::{BlobContainer, Command, Local, Output, Runtime, Service, secret_of, signature};

/// A recipe: one task gets a blob, and a folder of blobs; what it makes is kept.
fn recipe(image: &str) -> String {
    format!(
        r#"api_version: batchyard/v1
name: files
pools:
  p:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {{}}
    nodes: {{ dedicated: 1 }}
    start_task:
      command: ["/bin/sh", "-c", "cp settings.txt $AZ_BATCH_NODE_SHARED_DIR/ && chmod a+r $AZ_BATCH_NODE_SHARED_DIR/settings.txt"]
      resource_files: [{{ http_url: {{ env: SETTINGS_URL }}, file_path: settings.txt }}]
      elevation: admin
jobs:
  j:
    pool: p
    tasks:
      sum:
        container: {{ image: "{image}", run_options: "--rm" }}
        command: ["/bin/sh", "-c", "cat $AZ_BATCH_NODE_SHARED_DIR/settings.txt data/in/*.txt extra.txt > out/sum.txt && echo done"]
        resource_files:
          - {{ storage_container_url: {{ env: IN_URL }}, blob_prefix: in/, file_path: data }}
          - {{ http_url: {{ env: EXTRA_URL }}, file_path: extra.txt, file_mode: "0644" }}
          - {{ http_url: {{ env: EXTRA_URL }}, file_path: out/extra.txt }}
        output_files:
          - file_pattern: "out/s*.txt"
            destination: {{ container: {{ path: results, container_url: {{ env: OUT_URL }}, upload_headers: {{ x-ms-meta-by: files }} }} }}
            upload_options: {{ upload_condition: task_success }}
          - file_pattern: "../stdout.txt"
            destination: {{ container: {{ path: logs/sum.log, container_url: {{ env: OUT_URL }} }} }}
            upload_options: {{ upload_condition: task_completion }}
"#
    )
}

/// Two containers of Azurite's, and what of them is told to whom.
struct Storage {
    input: BlobContainer,
    output: BlobContainer,
}

impl Storage {
    fn new() -> Option<Self> {
        let blob = |name: &str, content: &str| (name.to_owned(), content.to_owned());
        let blobs = [
            blob("in/a.txt", "one\n"),
            blob("in/ü b.txt", "two\n"),
            blob("other/c.txt", "never\n"),
            blob("extra 1+2.txt", "three\n"),
            blob("settings.txt", "zero\n"),
            blob("empty.txt", ""),
        ];
        Some(Self { input: BlobContainer::with(&blobs, false)?, output: BlobContainer::with(&[], false)? })
    }

    fn tell(&self, command: Command) -> Command {
        command
            .env("IN_URL", self.input.signed("rl"))
            .env("EXTRA_URL", self.input.signed_blob("extra 1+2.txt", "r"))
            .env("SETTINGS_URL", self.input.signed_blob("settings.txt", "r"))
            .env("OUT_URL", self.output.signed("cw"))
            .args(["-vv"])
            .env(
                "BATCHYARD_LOG",
                "batchyard=trace,azure_core=trace,reqwest=trace,typespec_client_core=trace,hyper_util=trace",
            )
    }
}

/// Nothing that a program says tells a signature.
fn tells_nothing(output: &Output) -> &Output {
    for permissions in ["rl", "r", "cw"] {
        output.never_mentions(secret_of(&signature(permissions)));
    }
    output
}

fn round_trip(runtime: Runtime) {
    let Some(registry) = Service::Registry.address() else { return };
    let Some(storage) = Storage::new() else { return };
    let Some(local) = Local::new(runtime) else { return };
    local.sandbox().write("files.yaml", &recipe(&format!("{registry}/busybox:latest")));
    let run = |arguments: &[&str]| storage.tell(local.command(arguments)).run();
    let applied = run(&["apply", "files.yaml", "--auto-approve"]);
    tells_nothing(applied.success().stdout_contains("1 succeeded"));
    assert_eq!(storage.output.names(), ["logs/sum.log", "results/sum.txt"]);
    assert_eq!(storage.output.read("results/sum.txt").as_deref(), Some("zero\none\ntwo\nthree\n"));
    assert_eq!(storage.output.read("logs/sum.log").as_deref(), Some("done\n"));
    tells_nothing(
        run(&["plan", "files.yaml", "--detailed-exitcode"]).success().stdout_contains("No changes."),
    );
    tells_nothing(&run(&["render", "files.yaml"]));
    run(&["destroy", "files.yaml", "--auto-approve"]).success();
}

#[test]
fn files_come_and_are_kept_with_docker() {
    round_trip(Runtime::Docker);
}

#[test]
fn files_come_and_are_kept_without_a_daemon() {
    round_trip(Runtime::Oci);
}

#[test]
fn simulated_tasks_neither_get_files_nor_keep_any() {
    let Some(storage) = Storage::new() else { return };
    let Some(local) = Local::new(Runtime::Simulated) else { return };
    local.sandbox().write("files.yaml", &recipe("registry.example/busybox"));
    let applied = storage.tell(local.command(["apply", "files.yaml", "--auto-approve"])).run();
    applied.success().stdout_contains("1 succeeded");
    assert!(storage.output.names().is_empty());
}

#[test]
fn what_may_not_be_read_or_written_fails_the_task_with_the_reason_and_without_the_signature() {
    let Some(storage) = Storage::new() else { return };
    let Some(local) = Local::new(Runtime::Oci) else { return };
    let Some(registry) = Service::Registry.address() else { return };
    local.sandbox().write("files.yaml", &recipe(&format!("{registry}/busybox:latest")));
    let gone = BlobContainer { url: format!("{}-gone", storage.input.url), endpoint: String::new() };
    for (variable, url, code) in [
        ("IN_URL", storage.input.signed("r"), "ResourceContainerAccessDenied"),
        ("IN_URL", gone.signed("rl"), "ResourceContainerNotFound"),
        ("EXTRA_URL", storage.input.signed_blob("extra 1+2.txt", "w"), "BlobAccessDenied"),
        ("EXTRA_URL", storage.input.signed_blob("none.txt", "r"), "BlobNotFound"),
        ("OUT_URL", gone.signed("cw"), "FileUploadContainerNotFound"),
        ("OUT_URL", storage.output.signed("r"), "FileUploadMiscError"),
    ] {
        let secret = secret_of(&url).to_owned();
        let told = storage.tell(local.command(["apply", "files.yaml", "--auto-approve"])).env(variable, url);
        let applied = told.run();
        assert_ne!(applied.code, Some(0), "{code}: {applied}");
        tells_nothing(applied.stdout_contains(code)).never_mentions(&secret);
        storage.tell(local.command(["destroy", "files.yaml", "--auto-approve"])).run().success();
    }
}

#[test]
fn a_large_blob_comes_whole() {
    let Some(registry) = Service::Registry.address() else { return };
    let content = "0123456789abcdef".repeat(1024 * 1024);
    let large = [("large".to_owned(), content.clone()), ("empty".to_owned(), String::new())];
    let Some(input) = BlobContainer::with(&large, false) else { return };
    let Some(local) = Local::new(Runtime::Oci) else { return };
    let recipe = format!(
        r#"api_version: batchyard/v1
name: large
pools: {{ p: {{ vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {{}}, nodes: {{ dedicated: 1 }} }} }}
jobs:
  j:
    pool: p
    tasks:
      copy:
        container: {{ image: "{registry}/busybox:latest" }}
        command: ["/bin/sh", "-c", "cat large empty > copy"]
        resource_files: [{{ storage_container_url: {{ env: URL }} }}]
        output_files:
          - file_pattern: copy
            destination: {{ container: {{ container_url: {{ env: URL }} }} }}
            upload_options: {{ upload_condition: task_success }}
"#
    );
    local.sandbox().write("large.yaml", &recipe);
    local.command(["apply", "large.yaml", "--auto-approve"]).env("URL", input.signed("rlcw")).run().success();
    assert!(input.read("copy").is_some_and(|copy| copy == content));
}

/// A recipe whose tasks get local files, and keep what they make of them.
fn with_local_files(image: &str) -> String {
    format!(
        r#"api_version: batchyard/v1
name: local-files
storage: {{ container_url: {{ env: READ_URL }}, upload_url: {{ env: UPLOAD_URL }} }}
pools: {{ p: {{ vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {{}}, nodes: {{ dedicated: 1 }} }} }}
jobs:
  j:
    pool: p
    tasks:
      each:
        for_each: {{ files: {{ include: "data/*.txt" }} }}
        id: "each-${{{{ item.stem }}}}"
        container: {{ image: "{image}" }}
        command: ["/bin/sh", "-c", "sh tools/run.sh < ${{{{ item.path }}}} > out.txt"]
        inputs: [{{ path: "${{{{ item.path }}}}" }}, {{ path: tools, to: tools }}]
        outputs:
          - {{ pattern: out.txt, to: "results/${{{{ item.stem }}}}.txt" }}
          - {{ pattern: "../stderr.txt", to: "failed/${{{{ item.stem }}}}.txt", when: failure }}
"#
    )
}

#[test]
fn local_files_are_uploaded_once_and_a_changed_one_makes_its_task_a_new_one() {
    let Some(registry) = Service::Registry.address() else { return };
    let Some(storage) = BlobContainer::with(&[], false) else { return };
    let Some(local) = Local::new(Runtime::Oci) else { return };
    let sandbox = local.sandbox();
    sandbox.write("r/recipe.yaml", &with_local_files(&format!("{registry}/busybox:latest")));
    sandbox.write("r/data/a.txt", "alpha");
    sandbox.write("r/data/b.txt", "beta");
    sandbox.write("r/tools/run.sh", "cat; cat tools/more/suffix");
    sandbox.write("r/tools/more/suffix", "!");
    let run = |arguments: &[&str]| {
        let command = local.command(arguments).env("READ_URL", storage.signed("rcw"));
        let output = command.env("UPLOAD_URL", storage.signed("rcw")).run();
        output.never_mentions(secret_of(&signature("rcw")));
        output
    };
    let inputs = || storage.names().into_iter().filter(|name| name.starts_with("inputs/")).count();

    run(&["plan", "r"])
        .success()
        .stdout_contains("with 4 local files (36 bytes); those that the recipe's storage lacks are uploaded");
    assert_eq!(inputs(), 0, "a plan uploads nothing");
    run(&["apply", "r", "--auto-approve"]).success().stdout_contains("2 succeeded");
    assert_eq!(inputs(), 4);
    assert_eq!(storage.read("results/a.txt").as_deref(), Some("alpha!"));
    assert_eq!(storage.read("results/b.txt").as_deref(), Some("beta!"));
    assert_eq!(storage.read("failed/a.txt"), None);
    run(&["plan", "r", "--detailed-exitcode"]).success().stdout_contains("No changes.");

    sandbox.write("r/data/b.txt", "BETA");
    let changed = run(&["plan", "r", "--detailed-exitcode"]);
    changed.code(2).stdout_contains("1 to replace, 1 kept").stdout_contains("with 3 local files");
    let refused = local.command(["apply", "r", "--auto-approve"]).env("READ_URL", storage.signed("rcw"));
    let refused = refused.env("UPLOAD_URL", storage.signed("r")).run();
    refused.stdout_contains("data/b.txt could not be uploaded");
    let status = run(&["status", "r"]);
    status.success().stdout_contains("2 succeeded");
    run(&["apply", "r", "--auto-approve"]).success().stdout_contains("2 succeeded");
    assert_eq!((inputs(), storage.read("results/b.txt").as_deref()), (5, Some("BETA!")));
    run(&["plan", "r", "--detailed-exitcode"]).success().stdout_contains("No changes.");
    run(&["destroy", "r", "--auto-approve"]).success();
}

#[test]
fn a_start_task_gets_local_files_and_a_changed_one_changes_its_pool() {
    let Some(registry) = Service::Registry.address() else { return };
    let Some(storage) = BlobContainer::with(&[], false) else { return };
    let Some(local) = Local::new(Runtime::Oci) else { return };
    let sandbox = local.sandbox();
    let recipe = format!(
        r#"api_version: batchyard/v1
name: start-files
storage: {{ container_url: {{ env: FILES_URL }} }}
pools:
  p:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {{}}
    nodes: {{ dedicated: 1 }}
    start_task:
      command: ["/bin/sh", "-c", "install -m 644 settings/all.txt $AZ_BATCH_NODE_SHARED_DIR/"]
      inputs: [{{ path: settings }}]
      elevation: admin
jobs:
  j:
    pool: p
    tasks:
      t: {{ container: {{ image: "{registry}/busybox:latest" }}, command: ["/bin/sh", "-c", "cat $AZ_BATCH_NODE_SHARED_DIR/all.txt"] }}
"#
    );
    sandbox.write("recipe.yaml", &recipe);
    sandbox.write("settings/all.txt", "settled");
    let run = |arguments: &[&str]| local.command(arguments).env("FILES_URL", storage.signed("rcw")).run();
    run(&["plan", "recipe.yaml"])
        .success()
        .stdout_contains("its start task gets 1 local file; what the recipe's storage lacks is uploaded");
    run(&["apply", "recipe.yaml", "--auto-approve"]).success().stdout_contains("settled");
    assert_eq!(storage.names().len(), 1);
    run(&["plan", "recipe.yaml", "--detailed-exitcode"]).success().stdout_contains("No changes.");
    sandbox.write("settings/all.txt", "unsettled");
    run(&["plan", "recipe.yaml", "--detailed-exitcode"]).code(2).stdout_contains("start_task");
    run(&["apply", "recipe.yaml", "--auto-approve"]).success();
    assert_eq!(storage.names().len(), 2);
    run(&["plan", "recipe.yaml", "--detailed-exitcode"]).success().stdout_contains("No changes.");
    sandbox.write("settings/.hidden", "");
    std::fs::remove_file(sandbox.path("settings/all.txt")).unwrap();
    run(&["validate", "recipe.yaml"])
        .code(3)
        .stderr_contains("error[input-unreadable]")
        .stderr_contains("recipe.yaml:12:");
}

#[test]
fn a_local_file_that_can_not_be_uploaded_is_an_error_before_any_task_is_added() {
    let Some(storage) = BlobContainer::with(&[], false) else { return };
    let Some(local) = Local::new(Runtime::Simulated) else { return };
    let sandbox = local.sandbox();
    sandbox.write("recipe.yaml", &with_local_files("registry.example/busybox:1"));
    let read_only = storage.signed("r");
    let run = |arguments: &[&str]| {
        let command = local.command(arguments).env("READ_URL", &read_only).env("UPLOAD_URL", &read_only);
        command.run()
    };
    for name in ["data/a.txt", "tools/run.sh"] {
        sandbox.write(name, name);
    }
    let refused = run(&["apply", "recipe.yaml", "--auto-approve"]);
    assert_ne!(refused.code, Some(0));
    refused
        .never_mentions(secret_of(&read_only))
        .stdout_contains("could not be uploaded")
        .stdout_contains("AuthorizationPermissionMismatch");
    run(&["status", "recipe.yaml"]).success().stdout_contains("0 succeeded, 0 failed, 0 running, 0 waiting");
    std::fs::remove_dir_all(sandbox.path("tools")).unwrap();
    run(&["validate", "recipe.yaml"])
        .code(3)
        .stderr_contains("error[input-unreadable]")
        .stderr_contains("recipe.yaml:14:");
}
