//! Container runtimes: the trait, and what a container is.

mod container;
mod container_runtime;
mod docker;
mod simulated;

pub use container::{
    ContainerId, ContainerSpec, ContainerState, ExitStatus, Image, Mount, MountSource, NetworkMode,
    RegistryCredential, ResourceLimits, RuntimeError, RuntimeKind,
};

pub use container_runtime::ContainerRuntime;
pub use docker::DockerRuntime;
pub use simulated::SimulatedRuntime;
