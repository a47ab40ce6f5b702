//! Wire types under the names of the REST reference, api-version 2025-06-01.
//!
//! Absent and `null` mean "not set". Requests may carry numbers as strings (`az batch` does); answers hold 64-bit integers as
//! strings, as the service writes them. `other` maps hold the properties that have no field of their own, as they came, so that
//! reading and writing an object loses nothing.

mod container;
mod file;
mod image;
mod job;
mod metadata;
mod node;
mod pool;
mod task;
mod task_counts;
mod user;

pub use container::*;
pub use file::*;
pub use image::*;
pub use job::*;
pub use metadata::*;
pub use node::*;
pub use pool::*;
pub use task::*;
pub use task_counts::*;
pub use user::*;
