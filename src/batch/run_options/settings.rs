//! What options say about a container, where one word is not enough.

use std::path::PathBuf;

/// Something that a container sees at a path of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// What.
    pub source: MountSource,
    /// Where: an absolute path inside.
    pub target: String,
    /// Whether it can only be read.
    pub read_only: bool,
}

/// What is mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MountSource {
    /// A file or folder of the host, with everything mounted below it.
    Bind(PathBuf),
    /// A memory file system, of that many bytes at the most.
    Tmpfs(Option<u64>),
}

/// A container's network.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum NetworkMode {
    /// What the runtime does by itself: Docker's bridge; the host's network for `oci`.
    #[default]
    Default,
    /// The host's network.
    Host,
    /// None but loopback.
    None,
    /// A network of the engine, by name.
    Named(String),
}

/// Limits of a container. `None` means none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ResourceLimits {
    /// Memory in bytes.
    pub memory: Option<u64>,
    /// Memory and swap together in bytes, -1 for as much swap as there is; `None` for as much swap as memory.
    pub memory_swap: Option<i64>,
    /// Processors, as 1.5.
    pub cpus: Option<f64>,
    /// Processors to run on, as `0-1`.
    pub cpuset: Option<String>,
    /// Relative share of processors.
    pub cpu_shares: Option<u64>,
    /// Processes and threads; `None` leaves it to the node, and 0 or less means no limit.
    pub pids: Option<i64>,
    /// Size of `/dev/shm` in bytes.
    pub shm_size: Option<u64>,
    /// `ulimit`s: name, soft and hard limit.
    pub ulimits: Vec<(String, u64, u64)>,
}
