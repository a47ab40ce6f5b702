//! What a compute node does: directories, environment, images, containers, the life of a task.
//!
//! A [`runtime::ContainerRuntime`] runs containers; everything the container article promises about mounts, environment,
//! working directory and command line is decided above it, once for all runtimes.
//!
//! [`Node`] is the way in. A run of a task goes `task_runner` → `container_plan` (decides) → `container_task` (does), or
//! `host_task` for a start task without a container, behind `resource_files`; `conclusion` uploads
//! `output_files`, and `record` writes it all down so that a restart finds it again.

pub mod builtin;
pub mod layout;
pub mod runtime;

mod account;
mod assignment;
mod bind_sources;
mod certificates;
mod compute_node;
mod conclusion;
mod container_plan;
mod container_task;
mod context;
mod earlier_run;
mod environment;
mod failure;
mod family;
mod file_problem;
mod follow;
mod free_space;
mod host_task;
mod images;
pub mod instance;
mod instance_variables;
mod output_files;
mod packages;
mod patience;
mod plain_path;
mod platform;
mod process_group;
mod record;
mod rendezvous;
mod resource_files;
mod root_folder;
mod run;
mod share;
mod task_runner;
mod transfers;
mod web_client;

#[cfg(test)]
mod node_tests;
#[cfg(test)]
mod output_file_tests;
#[cfg(test)]
mod resource_file_tests;
#[cfg(test)]
mod test_support;
#[cfg(test)]
mod user_tests;

pub use assignment::{
    ACCOUNT_SOCKET, Host, Instance, NodeIdentity, NodeSetup, StartTaskAssignment, TaskAssignment, TaskRole,
};
pub use certificates::NodeCertificate;
pub use compute_node::Node;
pub use earlier_run::Standing;
pub use failure::TaskOutcome;
pub use file_problem::{FileProblem, FileProblemKind};
pub use output_files::check_output_file;
pub use packages::{Application, Applications, InstalledPackage, UnknownPackage};
pub use rendezvous::Rendezvous;
pub use resource_files::check_resource_file;
pub use share::{InvalidShare, Share};
