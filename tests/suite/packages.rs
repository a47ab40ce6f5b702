//! Application packages of recipes: unpacked on nodes, found by tasks, in real containers and on the node itself.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Emulator, Local, Runtime, Sandbox, Service};

const RECIPE: &str = r#"api_version: batchyard/v1
name: packages
pools:
  p:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: { dedicated: 1 }
    application_packages: [{ application_id: greeter, version: "1.0" }]
    start_task: { command: sh -c "$AZ_BATCH_APP_PACKAGE_greeter_1_0/bin/greet start > $AZ_BATCH_NODE_SHARED_DIR/start" }
jobs:
  j:
    pool: p
    tasks:
      t:
        container: { image: "REGISTRY/busybox:latest" }
        application_packages: [{ application_id: greeter }, { application_id: Tool-Kit, version: "2.0-rc.1" }]
        command: [/bin/sh, -c, 'cat $AZ_BATCH_NODE_SHARED_DIR/start;
          $AZ_BATCH_APP_PACKAGE_greeter_1_0/bin/greet pool;
          $AZ_BATCH_APP_PACKAGE_greeter/bin/greet task;
          cat $AZ_BATCH_APP_PACKAGE_tool_kit_2_0_rc_1/data.txt $AZ_BATCH_APP_PACKAGE_Tool_Kit_2_0_rc_1/data.txt;
          echo x 2> /dev/null > $AZ_BATCH_APP_PACKAGE_greeter/bin/greet || echo "not mine to change"']
"#;

/// Puts a package with one file into a sandbox's folder of packages.
fn package(sandbox: &Sandbox, name: &str, file: &str, content: &str) {
    let path = sandbox.path("packages").join(format!("{name}.zip"));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut zip = zip::ZipWriter::new(File::create(path).unwrap());
    zip.start_file(file, zip::write::SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
    zip.write_all(content.as_bytes()).unwrap();
    zip.finish().unwrap();
}

fn packages(sandbox: &Sandbox) {
    let greeter = |version: &str| format!("#!/bin/sh\necho hello $1 from {version}\n");
    package(sandbox, "greeter/1.0", "bin/greet", &greeter("1.0"));
    package(sandbox, "greeter/2.0", "bin/greet", &greeter("2.0"));
    sandbox.write("packages/greeter/default", "2.0\n");
    package(sandbox, "Tool-Kit/2.0-rc.1", "data.txt", "data\n");
}

fn install(runtime: Runtime) {
    let Some(registry) = Service::Registry.address() else { return };
    let Some(local) = Local::new(runtime) else { return };
    packages(local.sandbox());
    // The start task on the node itself must reach its folder.
    let data = local.sandbox().data();
    std::fs::create_dir_all(&data).unwrap();
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o711)).unwrap();
    local.sandbox().write("recipe.yaml", &RECIPE.replace("REGISTRY", &registry));
    let folder = local.sandbox().path("packages");
    let run = |args: &[&str]| local.command(args).env("BATCHYARD_APPLICATIONS", &folder).run();
    let applied = run(&["apply", "recipe.yaml", "--auto-approve"]);
    applied.success().stdout_contains("│ hello start from 1.0").stdout_contains("│ hello pool from 1.0");
    applied.success().stdout_contains("│ hello task from 2.0");
    assert_eq!(applied.stdout.matches("│ data").count(), 2, "{applied}");
    if rustix::process::geteuid().is_root() {
        applied.success().stdout_contains("│ not mine to change");
    }
    run(&["plan", "recipe.yaml", "--detailed-exitcode"]).success().stdout_contains("No changes.");
    run(&["destroy", "recipe.yaml", "--auto-approve"]).success();
}

#[test]
fn nodes_have_the_packages_of_their_pool_and_of_their_tasks_with_docker() {
    install(Runtime::Docker);
}

#[test]
fn nodes_have_the_packages_of_their_pool_and_of_their_tasks_without_a_daemon() {
    install(Runtime::Oci);
}

#[test]
fn a_package_that_is_not_there_is_named_before_anything_is_made() {
    let sandbox = Sandbox::new();
    packages(&sandbox);
    sandbox.write("recipe.yaml", &RECIPE.replace("REGISTRY/", "").replace("\"1.0\"", "\"9.9\""));
    let folder = sandbox.path("packages");
    let flags = ["--applications", folder.to_str().unwrap()];
    let Some(_emulator) = Emulator::start_with(&sandbox, Runtime::Simulated, &flags) else { return };
    let applied = sandbox.run(["apply", "recipe.yaml", "-y"]);
    let said = applied.code(1).to_string();
    assert!(said.contains("InvalidApplicationPackageReferences"), "{said}");
    assert!(said.contains("application `greeter` has no version `9.9`; it has 1.0, 2.0"), "{said}");
}

#[test]
fn a_folder_of_packages_that_is_not_there_is_a_mistake() {
    let sandbox = Sandbox::new();
    let output = sandbox.run(["emulator", "--applications", "nowhere"]);
    output.code(64).stderr_contains("--applications");
}
