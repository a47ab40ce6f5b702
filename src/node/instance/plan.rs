//! From the container that a task's command would run in to the container of an instance of it. Decides and touches nothing.

use std::path::{Path, PathBuf};

use super::control::TARGET;
use super::first_process::{ARGUMENT, Instructions};
use crate::batch::command_line;
use crate::batch::model::BatchTaskFailureInfo;
use crate::node::container_plan::ContainerPlan;
use crate::node::failure;
use crate::node::run::Part;
use crate::node::runtime::{Image, Mount, MountSource, NetworkMode, NetworkPlace, OwnProgram};

/// What an instance's container needs beyond what the plan says.
#[derive(Debug)]
pub(super) struct Surroundings<'a> {
    /// The image, for its ENTRYPOINT and CMD.
    pub(super) image: &'a Image,
    /// The first process.
    pub(super) program: &'a OwnProgram,
    /// The folder in which that talks with the node.
    pub(super) control: PathBuf,
    /// The task's directory on this node, and where instances see it.
    pub(super) shared: (&'a Path, PathBuf),
    /// The pool's network.
    pub(super) network: String,
}

/// Turns the plan into that of an instance.
pub(super) fn adapt(
    plan: &mut ContainerPlan,
    part: Part<'_>,
    surroundings: Surroundings<'_>,
) -> Result<(), BatchTaskFailureInfo> {
    let Surroundings { image, program, control, shared, network } = surroundings;
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
    let words = |command: &[String]| words(spec.entrypoint.as_deref(), command, image);
    let instructions = Instructions {
        coordination: words(&coordination),
        command: part.instance.is_primary().then(|| words(&spec.command)),
        control: TARGET.into(),
    };
    let instructions = serde_json::to_string(&instructions).map_err(failure::node_failed)?;
    spec.entrypoint = Some(program.command());
    spec.command = vec![ARGUMENT.to_owned(), instructions];

    let (task, seen_at) = shared;
    spec.mounts.extend([program.mount(), bind(&control, TARGET), bind(task, &seen_at.to_string_lossy())]);
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
    use super::*;

    fn list(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn both_commands_run_as_the_image_runs_commands() {
        let image = Image {
            id: String::new(),
            entrypoint: list(&["/entry"]),
            command: list(&["serve"]),
            working_directory: String::new(),
            user: String::new(),
            environment: Vec::new(),
        };
        let run = |entrypoint: Option<&[&str]>, command: &[&str]| {
            words(entrypoint.map(list).as_deref(), &list(command), &image)
        };
        assert_eq!(run(None, &["mpirun", "a"]), ["/entry", "mpirun", "a"]);
        assert_eq!(run(None, &[]), ["/entry", "serve"]);
        assert_eq!(run(Some(&["/other"]), &[]), ["/other"]);
        assert_eq!(run(Some(&[""]), &["mpirun"]), ["mpirun"]);
    }
}
