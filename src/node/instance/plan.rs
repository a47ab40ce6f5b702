//! From the container that a task's command would run in to the container of an instance of it. Decides and touches nothing.

use std::path::{Path, PathBuf};

use super::control::TARGET;
use super::first_process::{ARGUMENT, Instructions};
use crate::batch::command_line;
use crate::batch::model::BatchTaskFailureInfo;
use crate::node::assignment::ACCOUNT_SOCKET;
use crate::node::container_plan::ContainerPlan;
use crate::node::failure;
use crate::node::run::Part;
use crate::node::runtime::{ContainerSpec, Image, Mount, MountSource, NetworkMode, NetworkPlace, OwnProgram};

/// Where a container sees the folder with the account's socket.
const ACCOUNT: &str = "/.batchyard/account";

/// What a container needs whose first process is this program.
#[derive(Debug)]
pub(super) struct FirstProcess<'a> {
    /// The image, for its ENTRYPOINT and CMD.
    pub(super) image: &'a Image,
    /// The first process.
    pub(super) program: &'a OwnProgram,
    /// The folder in which that talks with the node.
    pub(super) control: PathBuf,
    /// The folder with the account's socket, if the task uses the account.
    pub(super) account: Option<&'a Path>,
}

/// What an instance's container needs besides.
#[derive(Debug)]
pub(super) struct Surroundings<'a> {
    /// The task's directory on this node, and where instances see it.
    pub(super) shared: (&'a Path, PathBuf),
    /// The pool's network.
    pub(super) network: String,
}

/// Turns the plan into that of an instance.
pub(super) fn adapt(
    plan: &mut ContainerPlan,
    part: Part<'_>,
    first: &FirstProcess<'_>,
    surroundings: Surroundings<'_>,
) -> Result<(), BatchTaskFailureInfo> {
    let Surroundings { shared, network } = surroundings;
    let own = part.instance.host().ok_or_else(|| failure::node_failed("the instance has no node"))?;
    let spec = &mut plan.spec;
    match &spec.network {
        // On a node of its own, the node's network is the host's.
        NetworkMode::Default | NetworkMode::Host => {}
        NetworkMode::None | NetworkMode::Named(_) => {
            return Err(failure::invalid_settings(
                "a task that runs on several nodes at once is in its pool's network; leave `--network` out",
            ));
        }
    }
    spec.place = Some(NetworkPlace { network, address: own.address });
    spec.hostname.get_or_insert_with(|| own.name.clone());
    let others = part.instance.hosts.iter().filter(|host| *host != own);
    spec.extra_hosts.extend(others.map(|host| format!("{}:{}", host.name, host.address)));
    spec.labels.insert("batchyard.instance".to_owned(), part.instance.number.to_string());

    let coordination = command_line::split(part.coordination).map_err(failure::launch_failed)?;
    begin_with(spec, first, Some(&coordination), part.instance.is_primary())?;
    let (task, seen_at) = shared;
    spec.mounts.push(bind(task, &seen_at.to_string_lossy()));
    Ok(())
}

/// Turns the plan of a task that runs in one container into that of one which begins with our first process.
pub(super) fn adapt_alone(
    plan: &mut ContainerPlan,
    first: &FirstProcess<'_>,
) -> Result<(), BatchTaskFailureInfo> {
    begin_with(&mut plan.spec, first, None, true)
}

fn begin_with(
    spec: &mut ContainerSpec,
    first: &FirstProcess<'_>,
    coordination: Option<&[String]>,
    has_command: bool,
) -> Result<(), BatchTaskFailureInfo> {
    let words = |command: &[String]| words(spec.entrypoint.as_deref(), command, first.image);
    let instructions = Instructions {
        coordination: coordination.map(words),
        command: has_command.then(|| words(&spec.command)),
        control: TARGET.into(),
        account: first.account.map(|_| Path::new(ACCOUNT).join(ACCOUNT_SOCKET)),
    };
    let instructions = serde_json::to_string(&instructions).map_err(failure::node_failed)?;
    spec.entrypoint = Some(first.program.command());
    spec.command = vec![ARGUMENT.to_owned(), instructions];
    spec.mounts.extend([first.program.mount(), bind(&first.control, TARGET)]);
    spec.mounts.extend(first.account.map(|folder| Mount { read_only: true, ..bind(folder, ACCOUNT) }));
    Ok(())
}

/// The words of a command, as a container of this image would run it: behind the ENTRYPOINT, unless that is replaced.
fn words(entrypoint: Option<&[String]>, command: &[String], image: &Image) -> Vec<String> {
    let rest = match (entrypoint, command) {
        (None, []) => image.command.as_slice(),
        (_, command) => command,
    };
    let entrypoint = entrypoint.unwrap_or(&image.entrypoint);
    // One empty word takes the image's away.
    let skipped = usize::from(entrypoint.first().is_some_and(String::is_empty));
    entrypoint.iter().skip(skipped).chain(rest).cloned().collect()
}

fn bind(source: &Path, target: &str) -> Mount {
    Mount { source: MountSource::Bind(source.to_owned()), target: target.to_owned(), read_only: false }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::batch::{JobId, TaskId};
    use crate::node::assignment::{Host, Instance};

    fn list(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn image() -> Image {
        Image {
            id: String::new(),
            entrypoint: list(&["/entry"]),
            command: list(&["serve"]),
            working_directory: String::new(),
            user: String::new(),
            environment: Vec::new(),
        }
    }

    /// The container of one of two instances, whose run options say this of its network.
    fn adapted(number: usize, network: NetworkMode) -> Result<ContainerSpec, BatchTaskFailureInfo> {
        let host = |last: u8| Host { name: format!("n{last}"), address: Ipv4Addr::new(10, 0, 0, last) };
        let instance = Instance { number, hosts: vec![host(4), host(5)], ..Instance::default() };
        let (job, task) = (JobId::new("j").unwrap(), TaskId::new("t").unwrap());
        let part = Part {
            job: &job,
            task: &task,
            instance: &instance,
            coordination: "sshd -p 23",
            common_files: &[],
        };
        let spec = ContainerSpec { command: list(&["mpirun", "a"]), network, ..ContainerSpec::default() };
        let mut plan = ContainerPlan {
            spec,
            shares: Vec::new(),
            remove: false,
            grace: std::time::Duration::ZERO,
            host_folders: Vec::new(),
        };
        let (image, program) = (image(), OwnProgram::at("/data/program".into()));
        let first = FirstProcess {
            image: &image,
            program: &program,
            control: "/notes/control".into(),
            account: None,
        };
        let surroundings =
            Surroundings { shared: (Path::new("/node/t"), "/mnt/t".into()), network: "net".to_owned() };
        adapt(&mut plan, part, &first, surroundings).map(|()| plan.spec)
    }

    #[test]
    fn an_instance_has_a_place_in_the_network_and_knows_the_others() {
        for network in [NetworkMode::Default, NetworkMode::Host] {
            let spec = adapted(1, network).unwrap();
            let address = Ipv4Addr::new(10, 0, 0, 5);
            assert_eq!(spec.place, Some(NetworkPlace { network: "net".to_owned(), address }));
            assert_eq!(spec.hostname.as_deref(), Some("n5"));
            assert_eq!(spec.extra_hosts, ["n4:10.0.0.4"]);
        }
        for network in [NetworkMode::None, NetworkMode::Named("mine".to_owned())] {
            assert_eq!(adapted(0, network).unwrap_err().code.as_deref(), Some("ContainerInvalidSettings"));
        }
    }

    #[test]
    fn the_first_process_is_told_what_to_run_and_only_the_primary_has_a_command() {
        for (number, command) in [(0, Some(list(&["/entry", "mpirun", "a"]))), (1, None)] {
            let spec = adapted(number, NetworkMode::Default).unwrap();
            assert_eq!(spec.entrypoint, Some(list(&["/.batchyard/program/batchyard"])));
            let [argument, instructions] = spec.command.as_slice() else { panic!("{:?}", spec.command) };
            assert_eq!(argument, ARGUMENT);
            let expected = Instructions {
                coordination: Some(list(&["/entry", "sshd", "-p", "23"])),
                command,
                control: TARGET.into(),
                account: None,
            };
            assert_eq!(serde_json::from_str::<Instructions>(instructions).unwrap(), expected);
            let seen: Vec<_> = spec.mounts.iter().map(|mount| (&*mount.target, mount.read_only)).collect();
            assert_eq!(seen, [("/.batchyard/program", true), (TARGET, false), ("/mnt/t", false)]);
        }
    }

    #[test]
    fn both_commands_run_as_the_image_runs_commands() {
        let image = image();
        let run = |entrypoint: Option<&[&str]>, command: &[&str]| {
            words(entrypoint.map(list).as_deref(), &list(command), &image)
        };
        assert_eq!(run(None, &["mpirun", "a"]), ["/entry", "mpirun", "a"]);
        assert_eq!(run(None, &[]), ["/entry", "serve"]);
        assert_eq!(run(Some(&["/other"]), &[]), ["/other"]);
        assert_eq!(run(Some(&[""]), &["mpirun"]), ["mpirun"]);
    }
}
