//! Recipes of the library whose software this machine has: run for real.

use super::folder::LIBRARY;
use crate::support::{Command, Local, Runtime, Service};

/// A key for containers to log in to each other, as READMEs say how to make one.
fn ssh_key(local: &Local) -> Option<String> {
    if Command::program("sh").args(["-c", "command -v ssh-keygen"]).run().code != Some(0) {
        eprintln!("skipped: ssh-keygen is not installed");
        return None;
    }
    let make = "ssh-keygen -q -t ed25519 -N '' -f mpi-key && base64 -w0 < mpi-key";
    Some(local.sandbox().program("sh").args(["-c", make]).run().success().stdout.clone())
}

fn openmpi_hello_spans_two_nodes(runtime: Runtime) {
    let Some(image) = Service::MpiImage.address() else { return };
    let Some(local) = Local::new(runtime) else { return };
    let Some(key) = ssh_key(&local) else { return };
    local.run(["new", "openmpi-hello", "mine"]).success();
    let image = format!("image={image}");
    let parameters = ["-p", &image, "-p", "program=uname -n"];
    let run =
        |arguments: &[&str]| local.command([arguments, &parameters].concat()).env("MPI_SSH_KEY", &key).run();
    let applied = run(&["apply", "mine", "-y"]);
    applied.success().stdout_contains("1 succeeded").never_mentions(&key);
    let log = local.run(["logs", "openmpi-hello/pi"]).success().stdout.clone();
    let mut hosts: Vec<&str> = log.lines().map(str::trim).filter(|line| line.starts_with("tvmps-")).collect();
    hosts.sort_unstable();
    let [a, b, c, d] = hosts[..] else { panic!("four processes, two on each node:\n{log}") };
    assert!(a == b && c == d && b != c, "{log}");
    run(&["destroy", "mine", "-y"]).success();
}

#[test]
fn openmpi_hello_spans_two_nodes_with_docker() {
    openmpi_hello_spans_two_nodes(Runtime::Docker);
}

#[test]
fn openmpi_hello_spans_two_nodes_without_a_daemon() {
    openmpi_hello_spans_two_nodes(Runtime::Oci);
}

#[test]
fn a_spot_pool_grows_from_nothing_and_runs_its_tasks() {
    let Some(local) = Local::new(Runtime::Oci) else { return };
    let recipe = format!("{LIBRARY}/autoscaled-spot-pool");
    let applied = local.run(["apply", &recipe, "-y", "-p", "tasks=4", "-p", "samples=20000"]);
    applied.success().stdout_contains("4 succeeded").stdout_contains("seed 4: pi ≈ 3.1");
    let fewer = local.run(["plan", &recipe, "-p", "tasks=4", "-p", "samples=20000", "--detailed-exitcode"]);
    fewer.success().stdout_contains("No changes.");
    local.run(["destroy", &recipe, "-y"]).success();
}
