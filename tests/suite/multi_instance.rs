//! Tasks that run on several nodes at once, for real: containers with addresses and names of their own that talk to each other.

use std::time::{Duration, Instant};

use crate::support::{BlobContainer, Emulator, Local, Runtime, Sandbox, Service};

/// A recipe with one task that runs on two nodes, as these lines say.
fn recipe(image: &str, task: &str) -> String {
    let task = task.trim_end().replace('\n', "\n        ");
    format!(
        r#"api_version: batchyard/v1
name: instances
pools:
  p:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {{}}
    inter_node_communication: true
    slots_per_node: 1
    nodes: {{ dedicated: 2 }}
jobs:
  j:
    pool: p
    tasks:
      t:
        container: {{ image: "{image}" }}
        {task}
"#
    )
}

/// What is left of the sandbox's account on this machine: mounts, and containers without an engine.
fn leftovers(sandbox: &Sandbox) -> Vec<String> {
    let data = sandbox.data().to_string_lossy().into_owned();
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
    let mut left: Vec<String> =
        mounts.lines().filter(|line| line.contains(&data)).map(str::to_owned).collect();
    for process in std::fs::read_dir("/proc").unwrap().flatten() {
        let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if line.contains("__oci-run") && line.contains(&data) {
            left.push(line);
        }
    }
    left
}

/// Whether there is a network of the engine, or the note of one without an engine, that holds this address.
fn has_network(sandbox: &Sandbox, runtime: Runtime, address: &str) -> bool {
    let (network, _) = address.rsplit_once('.').unwrap();
    match runtime {
        Runtime::Docker => {
            let docker = |arguments: &[&str]| {
                let engine = Service::Docker.address().unwrap();
                let mut command = std::process::Command::new("docker");
                let output = command.args(["--host", &engine, "network"]).args(arguments).output().unwrap();
                String::from_utf8(output.stdout).unwrap()
            };
            let all = docker(&["ls", "--quiet"]);
            let format = ["inspect", "--format", "{{range .IPAM.Config}}{{.Subnet}} {{end}}"];
            let inspect: Vec<&str> = format.into_iter().chain(all.lines()).collect();
            docker(&inspect).contains(&format!("{network}.0/24"))
        }
        Runtime::Oci => std::fs::read_dir(sandbox.data().join("oci/networks")).unwrap().count() > 0,
        Runtime::Simulated => false,
    }
}

/// The words of the lines of a task's output that begin with `label`.
fn said<'a>(log: &'a str, label: &str) -> Vec<&'a str> {
    log.lines().filter_map(|line| line.trim().strip_prefix(label)).map(str::trim).collect()
}

fn mpirun_spans_two_nodes(runtime: Runtime) {
    let Some(image) = Service::MpiImage.address() else { return };
    let Some(local) = Local::new(runtime) else { return };
    let task = r#"elevation: admin
multi_instance:
  number_of_instances: 2
  coordination_command: /bin/sh -c "uname -n > $AZ_BATCH_TASK_SHARED_DIR/name && /usr/sbin/sshd -p 23"
command: |-
  /bin/sh -c 'mpirun --allow-run-as-root --host $AZ_BATCH_HOST_LIST -np 2 sh -c "echo host \$(uname -n)";
  mpirun --allow-run-as-root --host $AZ_BATCH_HOST_LIST -np 2 sh -c "echo shared \$(cat $AZ_BATCH_TASK_SHARED_DIR/name)";
  for name in AZ_BATCH_HOST_LIST AZ_BATCH_NODE_LIST CCP_NODES AZ_BATCH_MASTER_NODE AZ_BATCH_IS_CURRENT_NODE_MASTER; do eval "echo $name \$$name"; done'"#;
    local.sandbox().write("recipe.yaml", &recipe(&image, task));
    let applied = local.run(["apply", "recipe.yaml", "--auto-approve"]);
    applied.success().stdout_contains("1 succeeded");
    let log = local.run(["logs", "j/t"]).success().stdout.clone();

    let mut hosts = said(&log, "host ");
    hosts.sort_unstable();
    assert!(hosts.len() == 2 && hosts[0] != hosts[1], "{log}");
    assert!(hosts.iter().all(|host| host.starts_with("tvmps-") && host.ends_with("-d")), "{log}");
    let mut shared = said(&log, "shared ");
    shared.sort_unstable();
    assert_eq!(shared, hosts, "one path, and on each node its own folder\n{log}");
    let addresses: Vec<&str> = said(&log, "AZ_BATCH_HOST_LIST")[0].split(',').collect();
    let [primary, other] = addresses[..] else { panic!("{log}") };
    assert_eq!(said(&log, "AZ_BATCH_NODE_LIST"), [format!("{primary};{other}")]);
    assert_eq!(said(&log, "CCP_NODES"), [format!("2 {primary} 1 {other} 1")]);
    assert_eq!(said(&log, "AZ_BATCH_MASTER_NODE"), [format!("{primary}:6000")]);
    assert_eq!(said(&log, "AZ_BATCH_IS_CURRENT_NODE_MASTER"), ["true"]);

    local.run(["plan", "recipe.yaml", "--detailed-exitcode"]).success().stdout_contains("No changes.");
    assert!(has_network(local.sandbox(), runtime, primary));
    local.run(["destroy", "recipe.yaml", "--auto-approve"]).success();
    assert_eq!(leftovers(local.sandbox()), Vec::<String>::new());
    assert!(!has_network(local.sandbox(), runtime, primary));
}

#[test]
fn mpirun_spans_two_nodes_with_docker() {
    mpirun_spans_two_nodes(Runtime::Docker);
}

#[test]
fn mpirun_spans_two_nodes_without_a_daemon() {
    mpirun_spans_two_nodes(Runtime::Oci);
}

/// Every instance serves its name in the background. The primary asks the other for it again and again, until a file of the
/// shared directory tells it to end.
const SERVERS: &str = r#"multi_instance:
  number_of_instances: 2
  coordination_command: >-
    /bin/sh -c "echo coordinated; hostname > $AZ_BATCH_TASK_SHARED_DIR/name; httpd -p 8080 -h $AZ_BATCH_TASK_SHARED_DIR"
command: >-
  /bin/sh -c 'echo begin $AZ_BATCH_HOST_LIST; other=${AZ_BATCH_HOST_LIST#*,};
  while wget -q -O $AZ_BATCH_TASK_WORKING_DIR/answer http://$other:8080/name; do
  if [ -e end ]; then echo served by $(cat answer), not $(hostname); exit 0; fi; sleep 0.2; done; exit 9'"#;

fn outlives_the_emulator(runtime: Runtime) {
    let Some(registry) = Service::Registry.address() else { return };
    let sandbox = Sandbox::new().file("recipe.yaml", &recipe(&format!("{registry}/busybox:latest"), SERVERS));
    let Some(mut emulator) = Emulator::start(&sandbox, runtime) else { return };
    sandbox.run(["apply", "recipe.yaml", "--auto-approve", "--no-wait"]).success();
    let log = || sandbox.run(["logs", "j/t"]).stdout;
    until("the task's command", || log().contains("begin"));
    let work = find(&sandbox, "j/job-1/t/wd");
    assert!(find(&sandbox, "j/job-1/t/1").join("stdout.txt").exists(), "a subtask has a folder of its own");

    emulator.kill();
    std::thread::sleep(Duration::from_secs(1));
    emulator.restart();
    std::fs::write(work.join("end"), "").unwrap();
    let ended = sandbox.run(["apply", "recipe.yaml", "--auto-approve"]);
    ended.success();
    until("the task's end", || log().contains("served by"));
    let log = log();
    let words: Vec<&str> = said(&log, "served by ")[0].split(", not ").collect();
    assert!(words.len() == 2 && words[0] != words[1], "{log}");
    assert!(log.contains("coordinated"), "{log}");

    let address = said(&log, "begin ")[0].split(',').next().unwrap();
    assert!(has_network(&sandbox, runtime, address));
    sandbox.run(["destroy", "recipe.yaml", "--auto-approve"]).success();
    until("the end of all that it left", || {
        leftovers(&sandbox).is_empty() && !has_network(&sandbox, runtime, address)
    });
}

#[test]
fn instances_in_docker_outlive_the_emulator() {
    outlives_the_emulator(Runtime::Docker);
}

#[test]
fn instances_without_a_daemon_outlive_the_emulator() {
    outlives_the_emulator(Runtime::Oci);
}

/// The emulator is killed while the nodes are still getting ready, and again while the task's command runs.
fn goes_on_with_what_was_begun(runtime: Runtime) {
    let Some(registry) = Service::Registry.address() else { return };
    let task = r#"multi_instance:
  number_of_instances: 2
  coordination_command: /bin/sh -c "echo coordinating; while ! [ -e $AZ_BATCH_TASK_SHARED_DIR/go ]; do sleep 0.1; done"
command: /bin/sh -c "echo begin; sleep 1; echo end""#;
    let sandbox = Sandbox::new().file("recipe.yaml", &recipe(&format!("{registry}/busybox:latest"), task));
    let Some(mut emulator) = Emulator::start(&sandbox, runtime) else { return };
    sandbox.run(["apply", "recipe.yaml", "--auto-approve", "--no-wait"]).success();
    let log = || sandbox.run(["logs", "j/t"]).stdout;
    until("the coordination command", || log().contains("coordinating"));
    let subtask = find(&sandbox, "j/job-1/t/1");
    let output = || std::fs::read_to_string(subtask.join("stdout.txt")).unwrap_or_default();
    until("the other coordination command", || output().contains("coordinating"));

    emulator.kill();
    let primary = find(&sandbox, "j/job-1/t/wd");
    for shared in [primary.parent(), subtask.parent()] {
        std::fs::write(shared.unwrap().join("go"), "").unwrap();
    }
    std::thread::sleep(Duration::from_millis(500));
    emulator.restart();
    until("the task's command", || log().contains("begin"));
    emulator.kill();
    emulator.restart();
    until("the task's end", || log().contains("end"));
    let applied = sandbox.run(["apply", "recipe.yaml", "--auto-approve"]);
    applied.success();
    sandbox.run(["status", "recipe.yaml"]).success().stdout_contains("1 succeeded, 0 failed");
    assert_eq!(log().matches("begin").count(), 1, "nothing ran twice\n{}", log());
    sandbox.run(["destroy", "recipe.yaml", "--auto-approve"]).success();
}

#[test]
fn instances_in_docker_go_on_with_what_was_begun() {
    goes_on_with_what_was_begun(Runtime::Docker);
}

#[test]
fn instances_without_a_daemon_go_on_with_what_was_begun() {
    goes_on_with_what_was_begun(Runtime::Oci);
}

fn one_node_that_is_not_ready_fails_the_task(runtime: Runtime) {
    let Some(registry) = Service::Registry.address() else { return };
    let Some(local) = Local::new(runtime) else { return };
    for (coordination, exit_code, said) in [
        (
            "/bin/sh -c '[ $AZ_BATCH_IS_CURRENT_NODE_MASTER = true ] || exit 4'",
            "exit 4",
            "subtask 1 on node tvmps_",
        ),
        ("/bin/nowhere", "CommandProgramNotFound", "/bin/nowhere"),
    ] {
        let task = format!(
            "command: echo never\nmulti_instance: {{ number_of_instances: 2, coordination_command: \"{coordination}\" }}"
        );
        let text = recipe(&format!("{registry}/busybox:latest"), &task);
        local.sandbox().write("recipe.yaml", &text);
        let applied = local.run(["apply", "recipe.yaml", "--auto-approve"]);
        applied.code(7).stdout_contains(exit_code).stdout_contains(said);
        local.run(["destroy", "recipe.yaml", "--auto-approve"]).success();
    }
    assert_eq!(leftovers(local.sandbox()), Vec::<String>::new());
}

#[test]
fn one_node_that_is_not_ready_fails_the_task_with_docker() {
    one_node_that_is_not_ready_fails_the_task(Runtime::Docker);
}

#[test]
fn one_node_that_is_not_ready_fails_the_task_without_a_daemon() {
    one_node_that_is_not_ready_fails_the_task(Runtime::Oci);
}

/// Every node has the common file before its coordination command runs, the primary alone has the task's own.
fn common_files_come_to_all(runtime: Runtime) {
    let Some(registry) = Service::Registry.address() else { return };
    let blob = |name: &str, content: &str| (name.to_owned(), content.to_owned());
    let blobs = [blob("hosts/a", "common"), blob("own", "own"), blob("stdout.txt", "forged")];
    let Some(storage) = BlobContainer::with(&blobs, false) else { return };
    let Some(local) = Local::new(runtime) else { return };
    let task = r#"multi_instance:
  number_of_instances: 2
  common_resource_files: [{ storage_container_url: { env: ALL_URL }, blob_prefix: PREFIX, file_path: PLACE }]
  coordination_command: >-
    /bin/sh -c "[ $(cat $AZ_BATCH_TASK_SHARED_DIR/in/hosts/a) = common ] && [ $AZ_BATCH_IS_CURRENT_NODE_MASTER = $([ -e own ] && echo true || echo false) ]"
resource_files: [{ http_url: { env: OWN_URL }, file_path: own }]
command: /bin/sh -c 'echo $(cat own $AZ_BATCH_TASK_SHARED_DIR/in/hosts/a)'"#;
    let text = recipe(&format!("{registry}/busybox:latest"), task);
    let run = |arguments: &[&str]| {
        let command = local.command(arguments).env("ALL_URL", storage.signed("rl"));
        command.env("OWN_URL", storage.signed_blob("own", "r")).run()
    };
    local.sandbox().write("recipe.yaml", &text.replace("PREFIX", "hosts/").replace("PLACE", "in"));
    run(&["apply", "recipe.yaml", "--auto-approve"]).success();
    run(&["logs", "j/t"]).stdout_contains("owncommon\n");
    run(&["plan", "recipe.yaml", "--detailed-exitcode"]).success().stdout_contains("No changes.");
    run(&["destroy", "recipe.yaml", "--auto-approve"]).success();

    local.sandbox().write("recipe.yaml", &text.replace("PREFIX", "stdout").replace("PLACE", "."));
    run(&["apply", "recipe.yaml", "--auto-approve"]).code(7).stdout_contains("ResourceFileCreateFailed");
    run(&["destroy", "recipe.yaml", "--auto-approve"]).success();
}

#[test]
fn common_files_come_to_all_with_docker() {
    common_files_come_to_all(Runtime::Docker);
}

#[test]
fn common_files_come_to_all_without_a_daemon() {
    common_files_come_to_all(Runtime::Oci);
}

#[test]
fn a_task_that_waits_for_more_nodes_says_so() {
    let recipe = recipe(
        "busybox",
        "command: work\nmulti_instance: { number_of_instances: 2, coordination_command: start }",
    )
    .replace(
        "{ dedicated: 2 }",
        "{ autoscale: { formula: \"$TargetDedicatedNodes = 1;\", evaluation_interval: 5m } }",
    );
    let sandbox = Sandbox::new().file("recipe.yaml", &recipe);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "recipe.yaml", "--auto-approve", "--no-wait"]).success();
    until("the one node", || sandbox.run(["status", "recipe.yaml"]).stdout.contains("1 idle"));
    let silent = sandbox.run(["logs", "j/t"]);
    silent.stderr_contains("it runs on 2 nodes at once, and 1 of pool p can work");
}

/// The folder of some node whose path ends so.
fn find(sandbox: &Sandbox, end: &str) -> std::path::PathBuf {
    let nodes = std::fs::read_dir(sandbox.data().join("nodes/p")).unwrap();
    let found =
        nodes.flatten().map(|node| node.path().join("workitems").join(end)).find(|path| path.is_dir());
    found.unwrap_or_else(|| panic!("no node has {end}"))
}

#[track_caller]
fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "{what} did not come about");
        std::thread::sleep(Duration::from_millis(100));
    }
}

mod first_process {
    //! What runs first in the container of an instance, without a container around it.

    use std::path::Path;
    use std::process::{Child, Command, ExitStatus, Stdio};

    use rustix::process::{Pid, Signal};
    use serde_json::{Value, json};

    use super::until;

    fn start(control: &Path, coordination: &[&str], command: Option<&[&str]>) -> Child {
        let instructions = json!({ "coordination": coordination, "command": command, "control": control });
        Command::new(env!("CARGO_BIN_EXE_batchyard"))
            .args(["__instance", &instructions.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn sh(script: &str) -> [&str; 3] {
        ["/bin/sh", "-c", script]
    }

    fn said(control: &Path, name: &str) -> Option<Value> {
        serde_json::from_slice(&std::fs::read(control.join(name)).ok()?).ok()
    }

    fn coordinated(control: &Path) {
        until("the end of the coordination command", || said(control, "coordination.json").is_some());
        assert_eq!(said(control, "coordination.json"), Some(json!({ "exited": 0 })));
    }

    fn end(child: &mut Child) -> ExitStatus {
        let mut status = None;
        for _ in 0..200 {
            status = child.try_wait().unwrap();
            if status.is_some() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        status.unwrap_or_else(|| panic!("the first process did not end"))
    }

    fn signal(child: &Child, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    #[test]
    fn the_command_waits_until_it_may_go_on_and_finds_what_the_coordination_left() {
        let control = tempfile::tempdir().unwrap();
        let pid = control.path().join("pid");
        let background = format!("sleep 600 & echo $! > {}", pid.display());
        let check = format!("kill $(cat {}) && exit 7", pid.display());
        let mut first = start(control.path(), &sh(&background), Some(&sh(&check)));
        coordinated(control.path());
        std::thread::sleep(std::time::Duration::from_millis(200));
        assert!(first.try_wait().unwrap().is_none(), "nobody has told it to go on");
        std::fs::write(control.path().join("go"), "").unwrap();
        assert_eq!(end(&mut first).code(), Some(7));
        assert_eq!(said(control.path(), "command.json"), None);
    }

    #[test]
    fn a_coordination_command_that_fails_is_the_end() {
        let control = tempfile::tempdir().unwrap();
        let mut first = start(control.path(), &sh("exit 4"), Some(&sh("echo never")));
        assert_eq!(end(&mut first).code(), Some(4));
        assert_eq!(said(control.path(), "coordination.json"), Some(json!({ "exited": 4 })));

        let mut first = start(control.path(), &sh("kill -9 $$"), None);
        assert_eq!(end(&mut first).code(), Some(137));
    }

    #[test]
    fn programs_that_are_not_there_are_told_apart_from_programs_that_fail() {
        let control = tempfile::tempdir().unwrap();
        let mut first = start(control.path(), &["/bin/nowhere"], None);
        assert_eq!(end(&mut first).code(), Some(127));
        let why = said(control.path(), "coordination.json").unwrap()["not_started"].clone();
        assert!(why["reason"].as_str().unwrap().contains("`/bin/nowhere` was not found"), "{why}");
        assert_eq!(why["is_missing"], true);

        std::fs::write(control.path().join("go"), "").unwrap();
        let mut first = start(control.path(), &sh("true"), Some(&["/dev/null"]));
        assert_eq!(end(&mut first).code(), Some(126));
        let why = said(control.path(), "command.json").unwrap()["not_started"].clone();
        assert!(why["reason"].as_str().unwrap().contains("`/dev/null` can't be executed"), "{why}");
        assert_eq!(why["is_missing"], false);

        // Whatever its name says.
        let liar = control.path().join("not found");
        std::fs::write(&liar, "").unwrap();
        let mut first = start(control.path(), &[liar.to_str().unwrap()], None);
        assert_eq!(end(&mut first).code(), Some(126));
    }

    #[test]
    fn signals_reach_the_command_and_end_a_subtask() {
        let control = tempfile::tempdir().unwrap();
        std::fs::write(control.path().join("go"), "").unwrap();
        let running = control.path().join("running");
        let script = format!("trap 'exit 5' TERM; touch {}; while :; do sleep 0.1; done", running.display());
        let mut primary = start(control.path(), &sh("true"), Some(&sh(&script)));
        until("the command", || running.exists());
        signal(&primary, Signal::TERM);
        assert_eq!(end(&mut primary).code(), Some(5));

        let mut subtask = start(control.path(), &sh("true"), None);
        coordinated(control.path());
        std::thread::sleep(std::time::Duration::from_millis(200));
        assert!(subtask.try_wait().unwrap().is_none(), "a subtask stays, whatever it is told");
        signal(&subtask, Signal::TERM);
        assert_eq!(end(&mut subtask).code(), Some(143));
    }
}
