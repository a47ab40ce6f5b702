//! What a compute node does: directories, environment, images, containers, the life of a task.
//!
//! A [`runtime::ContainerRuntime`] runs containers; everything the container article promises about mounts, environment,
//! working directory and command line is decided above it, once for all runtimes.

pub mod builtin;
pub mod runtime;
