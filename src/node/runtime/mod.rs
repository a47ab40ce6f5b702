//! Container runtimes: the trait, what a container is, and the three runtimes.

mod builtin_image;
mod container;
mod container_runtime;
mod docker;
mod image_budget;
mod image_report;
pub mod oci;
mod own_program;
mod private_network;
mod run_options;
mod said;
mod select;
mod simulated;
mod stored_images;

pub use crate::batch::run_options::{Mount, MountSource, NetworkMode, ResourceLimits};
pub use container::{
    ContainerId, ContainerSpec, ContainerState, DEFAULT_PIDS, ExitStatus, Image, RegistryCredential,
    RuntimeError, RuntimeKind, UnknownRuntime,
};
pub use container_runtime::ContainerRuntime;
pub use docker::DockerRuntime;
pub use image_budget::{ImageBudget, InvalidImageBudget};
pub use image_report::{ImageReport, Platform};
pub use own_program::OwnProgram;
pub use private_network::{NetworkPlace, SEATS, Subnet};
pub use select::{RuntimeSelection, select_runtime};
pub use simulated::SimulatedRuntime;
pub(in crate::node) use simulated::simulated_coordination;
pub use stored_images::{ImageHold, StoredImages};
