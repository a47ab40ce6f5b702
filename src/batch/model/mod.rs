//! Wire types under the names of the REST reference, api-version 2025-06-01.
//!
//! Absent and `null` mean "not set". Requests may carry numbers as strings (`az batch` does); answers hold 64-bit integers as
//! strings, as the service writes them. `other` maps hold the properties that have no field of their own, as they came, so that
//! reading and writing an object loses nothing.

mod application;
mod authentication_token;
mod auto_pool;
mod autoscale;
mod certificate;
mod confidential;
mod container;
mod disk;
mod exit_conditions;
mod extension;
mod file;
mod image;
mod job;
mod job_schedule;
mod job_tasks;
mod machine;
mod metadata;
mod mount;
mod multi_instance;
mod network;
mod node;
mod node_action;
mod node_counts;
mod node_user;
mod pool;
mod pool_action;
mod preparation;
mod subtask;
mod task;
mod task_counts;
mod task_files;
mod upgrade;
mod usage;
mod user;
mod written_secret;

pub use application::*;
pub use authentication_token::*;
pub use auto_pool::*;
pub use autoscale::*;
pub use certificate::*;
pub use confidential::*;
pub use container::*;
pub use disk::*;
pub use exit_conditions::*;
pub use extension::*;
pub use file::*;
pub use image::*;
pub use job::*;
pub use job_schedule::*;
pub use job_tasks::*;
pub use machine::*;
pub use metadata::*;
pub use mount::*;
pub use multi_instance::*;
pub use network::*;
pub use node::*;
pub use node_action::*;
pub use node_counts::*;
pub use node_user::*;
pub use pool::*;
pub use pool_action::*;
pub use preparation::*;
pub use subtask::*;
pub use task::*;
pub use task_counts::*;
pub use task_files::*;
pub use upgrade::*;
pub use usage::*;
pub use user::*;
