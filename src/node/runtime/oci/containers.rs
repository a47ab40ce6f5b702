//! What is done with containers: files, supervisors and signals.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, symlink};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use libcontainer::container::Container;
use rustix::process::Signal;
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncBufReadExt, BufReader, Interest};

use super::bundle::prepare;
use super::container_folder::{ContainerFolder, Standing, Supervisor};
use super::host::Host;
use super::network::members;
use super::registry::reasons;
use super::rootless::Rootless;
use super::store::{Store, StoredImage};
use super::supervisor::{ARGUMENT, Report};
use super::user_namespace::UserNamespace;
use crate::node::runtime::{ContainerId, ContainerSpec, ContainerState, RuntimeError};

/// How often something that takes no more than moments is looked at.
const GLANCE: Duration = Duration::from_millis(5);

/// How long a supervisor may take to clean up, or to start its container.
pub(super) const MOMENTS: Duration = Duration::from_secs(30);

pub(super) fn failed<E: std::fmt::Display>(action: &str) -> impl FnOnce(E) -> RuntimeError {
    let action = action.to_owned();
    move |error| RuntimeError::Failed { action, reason: error.to_string() }
}

/// Writes a container's folder, complete from the moment it appears.
pub(super) fn create(
    store: &Store,
    spec: &ContainerSpec,
    image: &StoredImage,
) -> Result<ContainerId, RuntimeError> {
    let settings = |reason| RuntimeError::InvalidSettings { reason };
    let folder = ContainerFolder::new(&store.containers(), &spec.name)
        .ok_or_else(|| settings(format!("`{}` can't be the name of a container", spec.name)))?;
    let taken = || RuntimeError::NameTaken {
        name: spec.name.clone(),
        reason: format!("{} is there", folder.path.display()),
    };
    if folder.exists() {
        return Err(taken());
    }
    // Every time anew: the machine's resolver may have changed.
    let host = Host::look(store.rootless.as_ref().map(|rootless| &rootless.means));
    let networks = store.networks();
    let bundle = prepare(spec, image, &folder.path, &networks, &host).map_err(settings)?;
    let temporary = store.temporary().map_err(|error| failed("create container")(reasons(&error)))?;
    let write = || -> io::Result<()> {
        let path = |name: &str| temporary.path.join(name);
        for name in ["upper", "work", "rootfs", "binds"] {
            // The container's own `/`: anyone inside may look in.
            fs::DirBuilder::new().mode(0o755).create(path(name))?;
        }
        symlink(&image.root, path("lower"))?;
        fs::write(path("container.json"), serde_json::to_vec(&bundle.record)?)?;
        // It holds the task's environment, and so its secrets.
        let mut config =
            fs::File::options().write(true).create_new(true).mode(0o600).open(path("config.json"))?;
        config.write_all(&serde_json::to_vec(&bundle.config)?)?;
        fs::write(path("hosts"), &bundle.hosts)?;
        fs::write(path("hostname"), &bundle.hostname)?;
        fs::write(path("resolv.conf"), &host.resolver)?;
        fs::write(path("supervisor"), "")?;
        fs::rename(&temporary.path, &folder.path)
    };
    match write() {
        Ok(()) => Ok(ContainerId(spec.name.clone())),
        Err(_) if folder.exists() => Err(taken()),
        Err(error) => Err(failed("create container")(error)),
    }
}

/// Starts a supervisor and listens to what it says of the start. If nobody listens any more it goes on all the same.
pub(super) async fn start(
    supervisor: &Path,
    folder: &ContainerFolder,
    rootless: Option<&Rootless>,
) -> Result<(), RuntimeError> {
    let log = fs::File::options()
        .append(true)
        .create(true)
        .open(folder.file("log"))
        .map_err(failed("open the container's log"))?;
    let mut command = match rootless {
        None => {
            let mut command = std::process::Command::new(supervisor);
            command.stdin(Stdio::null());
            command
        }
        Some(rootless) => namespace_for(folder, rootless)
            .and_then(|namespace| namespace.command_of(supervisor))
            .map_err(failed("enter the user namespace"))?,
    };
    command
        .arg(ARGUMENT)
        .arg(&folder.path)
        .stdout(Stdio::piped())
        .stderr(log)
        // It needs nothing of it, lives as long as the container does, and what is in it may be secret.
        .env_clear();
    {
        use std::os::unix::process::CommandExt;
        // Out of reach of the terminal's Ctrl-C.
        command.arg0("batchyard").process_group(0);
    }
    let mut child = tokio::process::Command::from(command).spawn().map_err(failed("start the supervisor"))?;
    let mut line = String::new();
    if let Some(output) = child.stdout.take() {
        let read = BufReader::new(output).read_line(&mut line).await;
        read.map_err(failed("listen to the supervisor"))?;
    }
    match serde_json::from_str(&line) {
        Ok(Report::Started | Report::StartedBefore) => Ok(()),
        Ok(Report::NotStarted(fault, reason)) => Err(fault.error(reason)),
        Err(_) => {
            let log = fs::read_to_string(folder.file("log")).unwrap_or_default();
            let last = log.lines().next_back().unwrap_or("it said nothing");
            Err(failed("start container")(format!("its supervisor ended: {last}")))
        }
    }
}

/// The user namespace that a container is to be in: the one of those whose network it comes into, if there are any, as that can only be
/// entered from there.
fn namespace_for(folder: &ContainerFolder, rootless: &Rootless) -> io::Result<UserNamespace> {
    let members = folder.record()?.place.map(|place| members(&place.folder)).unwrap_or_default();
    let mut theirs = members.into_iter().filter_map(|member| rootless.namespace.of(member).ok());
    Ok(theirs.next().unwrap_or_else(|| rootless.namespace.clone()))
}

/// Returns once a supervisor is gone.
#[expect(
    deprecated,
    reason = "the successor is unsafe because not every type keeps its descriptor; an OwnedFd does"
)]
pub(super) async fn gone(supervisor: Supervisor) -> io::Result<()> {
    let process = AsyncFd::with_interest(supervisor.process, Interest::READABLE)?;
    process.readable().await.map(|_| ())
}

/// Sends a signal to a container's first process, waiting for it to be there if the container is just being started.
pub(super) async fn signal(
    folder: &ContainerFolder,
    supervisor: &Supervisor,
    signal: Signal,
) -> Result<(), RuntimeError> {
    let deadline = tokio::time::Instant::now() + MOMENTS;
    loop {
        if let Some(init) = folder.init(supervisor).map_err(failed("find the container's process"))? {
            return match rustix::process::pidfd_send_signal(init, signal) {
                Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
                Err(error) => Err(failed("signal the container")(error)),
            };
        }
        let over = !matches!(folder.standing(), Ok(Some(Standing::Supervised(_))));
        let exited = folder.exit().is_ok_and(|exit| exit.is_some());
        if over || exited || tokio::time::Instant::now() > deadline {
            return Ok(());
        }
        tokio::time::sleep(GLANCE).await;
    }
}

pub(super) fn remove(store: &Store, folder: &ContainerFolder) -> io::Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    // A supervisor that was killed left its control group behind.
    if let Ok(record) = folder.record()
        && record.has_group
    {
        let left = folder.file("run").join(record.id);
        if left.exists()
            && let Ok(mut container) = Container::load(left)
        {
            // A group that still can't be removed stays: empty, it costs nothing.
            let _ = container.delete(true);
        }
    }
    // First out of sight, then in peace.
    let temporary = store.temporary().map_err(io::Error::other)?;
    match fs::rename(&folder.path, temporary.path.join("container")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(()) => store.remove_tree(&temporary.path),
    }
}

pub(super) fn list(containers: &Path, owner: &str) -> io::Result<Vec<(ContainerId, ContainerState)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(containers)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let Some(folder) = ContainerFolder::new(containers, &name) else { continue };
        // Gone between the listing and the look: not there.
        if let Ok(record) = folder.record()
            && record.owner == owner
            && let Some(state) = folder.state()?
        {
            found.push((ContainerId(name), state));
        }
    }
    found.sort_by(|one, other| one.0.0.cmp(&other.0.0));
    Ok(found)
}
