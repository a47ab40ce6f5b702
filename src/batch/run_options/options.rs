//! The options as values.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::settings::{Mount, NetworkMode, ResourceLimits};

/// Something about an option that its author should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The option as it was written.
    pub option: String,
    /// What to know.
    pub text: &'static str,
}

/// Additional options of `docker create`, parsed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunOptions {
    /// `--workdir`: where the process starts.
    pub working_directory: Option<String>,
    /// `--rm`: the container goes as soon as its result is recorded.
    pub remove: bool,
    /// `--env NAME=value`.
    pub environment: Vec<(String, String)>,
    /// `--label`.
    pub labels: BTreeMap<String, String>,
    /// `--volume`, `--mount`, `--tmpfs`.
    pub mounts: Vec<Mount>,
    /// Folders of the host that `--volume` makes if they are missing; `--mount` demands that they are there.
    pub host_folders: Vec<PathBuf>,
    /// `--memory`, `--memory-swap`, `--cpus`, `--cpuset-cpus`, `--cpu-shares`, `--pids-limit`, `--shm-size`, `--ulimit`.
    pub limits: ResourceLimits,
    /// `--user`.
    pub user: Option<String>,
    /// `--hostname`.
    pub hostname: Option<String>,
    /// `--name`; kept as a label, as the containers of all nodes share one engine.
    pub name: Option<String>,
    /// `--network`.
    pub network: Option<NetworkMode>,
    /// `--add-host`, as `name:address`.
    pub extra_hosts: Vec<String>,
    /// `--entrypoint`; empty drops the image's.
    pub entrypoint: Option<Vec<String>>,
    /// `--init`.
    pub init: bool,
    /// `--privileged`.
    pub privileged: bool,
    /// `--cap-add`.
    pub cap_add: Vec<String>,
    /// `--cap-drop`.
    pub cap_drop: Vec<String>,
    /// `--security-opt`.
    pub security_opt: Vec<String>,
    /// `--ipc`.
    pub ipc: Option<String>,
    /// `--pid`.
    pub pid: Option<String>,
    /// `--read-only`.
    pub read_only_root: bool,
    /// `--stop-signal`.
    pub stop_signal: Option<String>,
    /// `--stop-timeout`: how long the container may take to end after the stop signal.
    pub stop_timeout: Option<Duration>,
    /// Options that were accepted and do nothing here, or not quite what they say.
    pub notes: Vec<Note>,
}
