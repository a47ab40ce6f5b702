//! What a container is made from, and what becomes of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use super::private_network::NetworkPlace;
use crate::batch::run_options::{Mount, NetworkMode, ResourceLimits};
use crate::secret::Secret;

/// A container runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuntimeKind {
    /// A Docker-compatible engine.
    Docker,
    /// No daemon: images from an OCI registry client, containers from an OCI runtime library.
    Oci,
    /// No processes at all; every node and task says so.
    Simulated,
}

impl std::fmt::Display for RuntimeKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Docker => "docker",
            Self::Oci => "oci",
            Self::Simulated => "simulated",
        })
    }
}

impl std::str::FromStr for RuntimeKind {
    type Err = UnknownRuntime;

    fn from_str(text: &str) -> Result<Self, UnknownRuntime> {
        let kinds = [Self::Docker, Self::Oci, Self::Simulated];
        kinds.into_iter().find(|kind| kind.to_string() == text).ok_or_else(|| UnknownRuntime(text.to_owned()))
    }
}

/// Why a text does not name a [`RuntimeKind`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no container runtime `{0}`")]
pub struct UnknownRuntime(String);

/// The id of a container in its runtime.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ContainerId(pub String);

impl std::fmt::Display for ContainerId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What it takes to log in to a registry.
#[derive(Debug, Clone)]
pub struct RegistryCredential {
    /// The registry's host and port; `docker.io` for Docker Hub.
    pub server: String,
    /// The user name.
    pub username: String,
    /// The password.
    pub password: Secret,
}

/// An image that is there, with what its configuration says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Image {
    /// The id, `sha256:…`.
    pub id: String,
    /// ENTRYPOINT.
    pub entrypoint: Vec<String>,
    /// CMD.
    pub command: Vec<String>,
    /// WORKDIR; empty means `/`.
    pub working_directory: String,
    /// USER; empty means root.
    pub user: String,
    /// ENV, as `NAME=value`.
    pub environment: Vec<String>,
}

impl Image {
    /// What runs in a container of it: ENTRYPOINT and CMD, each replaced by what the specification says, as `docker run` does it.
    ///
    /// # Errors
    /// When there is nothing to run.
    pub fn arguments(&self, spec: &ContainerSpec) -> Result<Vec<String>, String> {
        let entrypoint = spec.entrypoint.as_ref().unwrap_or(&self.entrypoint);
        let command = match (&spec.entrypoint, spec.command.is_empty()) {
            (_, false) => spec.command.as_slice(),
            (None, true) => self.command.as_slice(),
            (Some(_), true) => &[],
        };
        // `--entrypoint ""` takes the image's away.
        let is_taken_away = entrypoint.first().is_some_and(String::is_empty);
        let arguments: Vec<String> =
            entrypoint.iter().skip(usize::from(is_taken_away)).chain(command).cloned().collect();
        if arguments.is_empty() {
            return Err(format!(
                "there is nothing to run: the image `{}` has neither ENTRYPOINT nor CMD, and no command was given",
                spec.image
            ));
        }
        Ok(arguments)
    }
}

/// Everything about a container that is to be made. Paths of the host are absolute.
#[derive(Debug, Clone, Default)]
pub struct ContainerSpec {
    /// A unique name, safe for any runtime: lower-case letters, digits, `-`, `_`, `.`.
    pub name: String,
    /// Whose container it is; see [`super::ContainerRuntime::list`].
    pub owner: String,
    /// More about it, for people who look at the engine.
    pub labels: BTreeMap<String, String>,
    /// The image, as for `docker pull`; it is there already.
    pub image: String,
    /// Replaces the image's ENTRYPOINT (and drops its CMD).
    pub entrypoint: Option<Vec<String>>,
    /// Arguments after the entrypoint; empty means the image's CMD.
    pub command: Vec<String>,
    /// Environment, over the image's own.
    pub environment: Vec<(String, String)>,
    /// Where the process starts; `None` means the image's WORKDIR.
    pub working_directory: Option<String>,
    /// `uid[:gid]` or a name; `None` means the image's USER.
    pub user: Option<String>,
    /// What of the host and which memory file systems the container sees.
    pub mounts: Vec<Mount>,
    /// Name of the machine inside; `None` leaves it to the runtime.
    pub hostname: Option<String>,
    /// Extra lines of `/etc/hosts`, as `name:address`.
    pub extra_hosts: Vec<String>,
    /// The network.
    pub network: NetworkMode,
    /// Its place in a private network, in which it then is and in no other; see
    /// [`super::ContainerRuntime::ensure_network`].
    pub place: Option<NetworkPlace>,
    /// Limits.
    pub limits: ResourceLimits,
    /// Whether the root file system is read-only.
    pub read_only_root: bool,
    /// Whether an init process reaps orphans.
    pub init: bool,
    /// Whether the container may do everything that the host's root may.
    pub privileged: bool,
    /// Capabilities to add, as `SYS_PTRACE` or `ALL`.
    pub cap_add: Vec<String>,
    /// Capabilities to drop.
    pub cap_drop: Vec<String>,
    /// Security options, as `no-new-privileges`.
    pub security_opt: Vec<String>,
    /// `ipc` mode, as `host`.
    pub ipc: Option<String>,
    /// `pid` mode, as `host`.
    pub pid: Option<String>,
    /// Signal that [`super::ContainerRuntime::stop`] sends first, as `SIGTERM`.
    pub stop_signal: Option<String>,
    /// Standard output goes here; its folder exists. Appended to.
    pub stdout: PathBuf,
    /// Standard error goes here; its folder exists. Appended to.
    pub stderr: PathBuf,
}

/// How many processes and threads a container may have unless it says otherwise: more than programs have that mean well, and
/// few enough that one that multiplies without end leaves the machine usable.
pub const DEFAULT_PIDS: i64 = 4096;

/// How a container ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExitStatus {
    /// Its exit code; 128 + n when signal n ended it.
    pub code: i32,
    /// Whether it went over its memory limit. `None`: it has one and was killed, and the runtime does not say what for.
    pub out_of_memory: Option<bool>,
    /// What the runtime said went wrong, if it did.
    pub error: Option<String>,
}

/// How a container is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContainerState {
    /// Made, not started.
    Created,
    /// Running.
    Running,
    /// Over.
    Exited(ExitStatus),
}

impl ContainerState {
    /// The engine's word, as the service reports it: `created`, `running`, `exited`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Exited(_) => "exited",
        }
    }
}

/// Why a runtime did not do what it was asked to. The text is for people; the variant decides the failure code.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RuntimeError {
    /// The runtime can't be reached, or can't work on this machine.
    #[error("the {kind} runtime is not available: {reason}")]
    Unavailable {
        /// Which.
        kind: RuntimeKind,
        /// Why, and what to try.
        reason: String,
    },
    /// The registry refused the login, or wants one.
    #[error("registry {registry} refused to give image `{image}`: {reason}")]
    Unauthorized {
        /// The image.
        image: String,
        /// The registry's host and port.
        registry: String,
        /// What it answered, with the HTTP status: `401 Unauthorized …`.
        reason: String,
    },
    /// The image doesn't exist.
    #[error("image `{image}` was not found in registry {registry}: {reason}")]
    ImageNotFound {
        /// The image.
        image: String,
        /// The registry's host and port.
        registry: String,
        /// What was answered.
        reason: String,
    },
    /// The image is not valid: its name, its manifest, or a layer.
    #[error("image `{image}` is not valid: {reason}")]
    InvalidImage {
        /// The image.
        image: String,
        /// Why.
        reason: String,
    },
    /// The registry can't be reached, or failed.
    #[error("image `{image}` could not be fetched from registry {registry}: {reason}")]
    PullFailed {
        /// The image.
        image: String,
        /// The registry's host and port.
        registry: String,
        /// Why.
        reason: String,
    },
    /// There is no room for the image.
    #[error("there is no room for image `{image}`: {reason}")]
    DiskFull {
        /// The image.
        image: String,
        /// Why, and how much room there is.
        reason: String,
    },
    /// The runtime refused the settings of a container.
    #[error("the container's settings were refused: {reason}")]
    InvalidSettings {
        /// What was refused, and why.
        reason: String,
    },
    /// The container's program can't be started: not found, not executable.
    #[error("the container's program could not be started: {reason}")]
    StartFailed {
        /// Why.
        reason: String,
    },
    /// There is no such container.
    #[error("there is no container {container}")]
    NoSuchContainer {
        /// Which.
        container: String,
    },
    /// There is a container of that name already.
    #[error("there is a container {name} already: {reason}")]
    NameTaken {
        /// The name.
        name: String,
        /// What the runtime says.
        reason: String,
    },
    /// The runtime failed at what it can do at other times, as engines do under load. Whether it passes, only trying again
    /// shows; if it does not, it is what is inside.
    #[error(transparent)]
    Passing(Box<RuntimeError>),
    /// Anything else.
    #[error("{action} failed: {reason}")]
    Failed {
        /// What was being done, as `create container`.
        action: String,
        /// Why.
        reason: String,
    },
}
