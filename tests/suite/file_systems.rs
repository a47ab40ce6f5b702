//! The file systems that a pool mounts: folders of this machine stand in for them, on nodes and in containers.

use crate::support::{Local, Runtime, Service};

const RUNTIMES: [Runtime; 2] = [Runtime::Docker, Runtime::Oci];

/// A recipe whose start task reads from a share, and whose task, with more of its own, does what `script` says.
fn recipe(container: &str, task: &str, script: &str) -> String {
    format!(
        r#"api_version: batchyard/v1
name: shares
pools:
  p:
    vm_size: Standard_D1_v2
    image: ubuntu-22.04-container
    {container}
    mounts:
      in: {{ nfs: {{ source: "10.0.0.4:/export/data" }} }}
      deep/out: {{ azure_file_share: {{ account_name: acct, account_key: {{ env: FILES_KEY }}, azure_file_url: "https://acct.file.core.windows.net/results" }} }}
      ro: {{ cifs: {{ source: "//server/share", username: u, password: {{ env: FILES_KEY }}, mount_options: "vers=3.0,ro" }} }}
    start_task: {{ elevation: admin, command: [sh, -c, "cat $AZ_BATCH_NODE_MOUNTS_DIR/in/words"], wait: true }}
    nodes: {{ dedicated: 1 }}
jobs:
  j:
    pool: p
    tasks:
      t: {{ {task} command: [/bin/sh, -c, "{script}"] }}
"#
    )
}

const COPY: &str = "cat $AZ_BATCH_NODE_MOUNTS_DIR/in/words && cp $AZ_BATCH_NODE_MOUNTS_DIR/in/words $AZ_BATCH_NODE_MOUNTS_DIR/deep/out/copy";

/// Applies a recipe on an account that has a share with a file, and looks for what the task has left in another.
fn words_are_copied(local: &Local, recipe: &str) {
    let shares = local.sandbox().data().join("mounts");
    let source = shares.join("nfs/10.0.0.4/export%2Fdata");
    std::fs::create_dir_all(&source).unwrap();
    std::fs::write(source.join("words"), "shared words\n").unwrap();
    local.sandbox().write("recipe.yaml", recipe);
    let apply = local.command(["apply", "recipe.yaml", "--auto-approve"]).env("FILES_KEY", "c2VjcmV0Lg==");
    apply.run().success().stdout_contains("│ shared words").never_mentions("c2VjcmV0Lg==");
    let copy = shares.join("azure-files/acct.file.core.windows.net/results/copy");
    assert_eq!(std::fs::read_to_string(&copy).unwrap(), "shared words\n");
    let plan = local.command(["plan", "recipe.yaml", "--detailed-exitcode"]).env("FILES_KEY", "c2VjcmV0Lg==");
    plan.run().success().stdout_contains("No changes.");
    let destroy =
        local.command(["destroy", "recipe.yaml", "--auto-approve"]).env("FILES_KEY", "c2VjcmV0Lg==");
    destroy.run().success();
    assert!(copy.exists(), "shares outlive their pools");
}

#[test]
fn tasks_of_a_node_find_what_is_shared() {
    let Some(local) = Local::new(Runtime::Oci) else { return };
    words_are_copied(&local, &recipe("", "elevation: admin,", COPY));
}

#[test]
fn containers_find_what_is_shared_at_the_same_path() {
    for runtime in RUNTIMES {
        let Some(registry) = Service::Registry.address() else { return };
        let Some(local) = Local::new(runtime) else { continue };
        let task = format!(r#"container: {{ image: "{registry}/busybox:latest" }},"#);
        words_are_copied(&local, &recipe("container: {}", &task, COPY));
    }
}

#[test]
fn a_container_mounts_what_is_shared_where_it_wants_it_and_can_not_write_to_what_is_to_be_read() {
    for runtime in RUNTIMES {
        let Some(registry) = Service::Registry.address() else { return };
        let Some(local) = Local::new(runtime) else { continue };
        let task = format!(
            r#"container: {{ image: "{registry}/busybox:latest", run_options: "-v $AZ_BATCH_NODE_MOUNTS_DIR/in:/words -v $AZ_BATCH_NODE_MOUNTS_DIR/deep/out:/out" }},"#
        );
        let script =
            "! touch $AZ_BATCH_NODE_MOUNTS_DIR/ro/file && cat /words/words && cp /words/words /out/copy";
        words_are_copied(&local, &recipe("container: {}", &task, script));
    }
}

#[test]
fn no_share_gives_a_container_more_of_the_machine_than_itself() {
    for runtime in RUNTIMES {
        let Some(registry) = Service::Registry.address() else { return };
        let Some(local) = Local::new(runtime) else { continue };
        let shares = local.sandbox().data().join("mounts");
        let share = shares.join("nfs/10.0.0.4/export%2Fdata");
        std::fs::create_dir_all(&share).unwrap();
        std::fs::write(share.join("words"), "shared words\n").unwrap();
        // As a task could have left it.
        std::os::unix::fs::symlink("/etc", share.join("out")).unwrap();
        let task = format!(
            r#"container: {{ image: "{registry}/busybox:latest", run_options: "-v $AZ_BATCH_NODE_MOUNTS_DIR/in/out:/x" }},"#
        );
        local.sandbox().write("recipe.yaml", &recipe("container: {}", &task, "ls /x"));
        let apply =
            local.command(["apply", "recipe.yaml", "--auto-approve"]).env("FILES_KEY", "c2VjcmV0Lg==");
        let output = apply.run();
        assert_ne!(output.code, Some(0), "{output}");
        let all = format!("{}{}", output.stdout, output.stderr);
        assert!(all.contains("out of the node") && !all.contains("passwd"), "{all}");
    }
}
