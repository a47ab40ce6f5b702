//! User accounts of pools in recipes: tasks run as them, in real containers and on the node itself.

use crate::support::{Emulator, Local, Runtime, Sandbox, Service};

const USERS: &str = r#"api_version: batchyard/v1
name: users
pools:
  p:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: { dedicated: 1 }
    user_accounts:
      alice: { password: { env: ALICE_PASSWORD } }
      bob: { password: { env: BOB_PASSWORD }LINUX }
      boss: { password: { env: BOB_PASSWORD }, elevation: admin }
    start_task: { user: alice, command: sh -c "id -u > $AZ_BATCH_NODE_SHARED_DIR/start" }
jobs:
  j:
    pool: p
    on_complete: terminate
    preparation_task: { user: alice, command: sh -c "id -u > $AZ_BATCH_NODE_SHARED_DIR/preparation" }
    tasks:
      alice: { user: alice, LOOK }
      bob: { user: bob, LOOK }
      boss: { user: boss, LOOK }
"#;

/// Every user may write where all may, and in its own working directory.
const LOOK: &str = r#"container: { image: "REGISTRY/busybox:latest" }, command: [/bin/sh, -c, 'cd $AZ_BATCH_NODE_SHARED_DIR;
        echo "$AZ_BATCH_TASK_ID is $(id -u):$(id -g); before $(cat start) $(cat preparation)";
        touch $AZ_BATCH_TASK_WORKING_DIR/mine by-$AZ_BATCH_TASK_ID']"#;

fn run_as_users(runtime: Runtime) {
    let Some(registry) = Service::Registry.address() else { return };
    let Some(local) = Local::new(runtime) else { return };
    let is_root = rustix::process::geteuid().is_root();
    let linux = if is_root { ", linux: { uid: 2711, gid: 2712 }" } else { "" };
    let recipe = USERS.replace("LOOK", LOOK).replace("REGISTRY", &registry).replace("LINUX", linux);
    local.sandbox().write("users.yaml", &recipe);
    let passwords = |command: crate::support::Command| {
        command.env("ALICE_PASSWORD", "s3cret-a").env("BOB_PASSWORD", "s3cret-b")
    };
    let applied = passwords(local.command(["apply", "users.yaml", "--auto-approve"])).run();
    applied.success().stdout_contains("3 succeeded").never_mentions("s3cret");
    let said = |task: &str| {
        let line = applied.stdout.lines().find(|line| line.contains(&format!("{task} is ")));
        let (_, said) = line.unwrap_or_else(|| panic!("{applied}")).split_once(" is ").unwrap();
        said.to_owned()
    };
    let (alice, others) = (said("alice"), [said("bob"), said("boss")]);
    let (user, before) = alice.split_once("; before ").unwrap();
    let (uid, gid) = user.split_once(':').unwrap();
    assert_eq!(uid, gid, "{alice}");
    assert_eq!(before.split_whitespace().collect::<Vec<_>>(), [uid, uid], "the other tasks are alice's, too");
    if is_root {
        assert!(!["0", "59999"].contains(&uid), "{alice}");
        assert!(others[0].starts_with("2711:2712;"), "{others:?}");
    }
    assert!(others[1].starts_with("0:0;"), "{others:?}");
    let plan = local.run(["plan", "users.yaml", "--detailed-exitcode"]);
    plan.success().stdout_contains("No changes.").never_mentions("s3cret");
    local.run(["destroy", "users.yaml", "--auto-approve"]).success();
}

#[test]
fn tasks_run_as_the_users_of_their_pool_with_docker() {
    run_as_users(Runtime::Docker);
}

#[test]
fn tasks_run_as_the_users_of_their_pool_without_a_daemon() {
    run_as_users(Runtime::Oci);
}

#[test]
fn a_task_whose_pool_lacks_its_user_fails_and_names_it() {
    let sandbox = Sandbox::new().file(
        "recipe.yaml",
        r#"api_version: batchyard/v1
name: stranger
jobs:
  j:
    pool: { id: elsewhere }
    tasks:
      t: { user: eve, container: { image: busybox }, command: ["true"] }
"#,
    );
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.write(
        "pool.yaml",
        r#"api_version: batchyard/v1
name: pool
pools:
  elsewhere:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: { dedicated: 1 }
    user_accounts: { alice: { password: { env: ALICE_PASSWORD } } }
"#,
    );
    let pool = sandbox.command(["apply", "pool.yaml", "-y"]).env("ALICE_PASSWORD", "s3cret-a").run();
    pool.success();
    let applied = sandbox.run(["apply", "recipe.yaml", "-y"]);
    applied.code(7).stdout_contains("CommandLaunchFailed").stdout_contains("no user account `eve`");
}
