//! Tasks that run on several nodes at once, for real: containers with addresses and names of their own that talk to each other.

use std::time::{Duration, Instant};

use crate::support::{Emulator, Local, Runtime, Sandbox, Service};

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
