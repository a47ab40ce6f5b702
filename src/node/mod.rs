//! What a compute node does: directories, environment, images, containers, the life of a task.
//!
//! A [`runtime::ContainerRuntime`] runs containers; everything the container article promises about mounts, environment,
//! working directory and command line is decided above it, once for all runtimes.
//!
//! [`Node`] is the way in. A run of a task goes `task_runner` → `container_plan` (decides) → `container_task` (does), or
//! `host_task` for a start task without a container; `record` writes it down so that a restart finds it again.

pub mod builtin;
pub mod layout;
pub mod runtime;

mod account;
mod assignment;
mod bind_sources;
mod certificates;
mod compute_node;
mod container_plan;
mod container_task;
mod context;
mod earlier_run;
mod environment;
mod failure;
mod host_task;
mod images;
pub mod instance;
mod patience;
mod plain_path;
mod platform;
mod process_group;
mod record;
mod rendezvous;
mod root_folder;
mod run;
mod task_runner;

#[cfg(test)]
mod node_tests;
#[cfg(test)]
mod test_support;

pub use assignment::{Host, Instance, NodeIdentity, TaskAssignment, TaskRole};
pub use certificates::NodeCertificate;
pub use compute_node::Node;
pub use earlier_run::Standing;
pub use failure::TaskOutcome;
pub use rendezvous::Rendezvous;
