//! From the resolved recipe to the desired state.
//!
//! Lowering runs on recipes without errors only; a value that is missing here all the same makes the whole result absent.

mod dependencies;
mod desired;
mod inputs;
mod job;
mod job_tasks;
mod locations;
mod part;
mod pool;
mod registry;
mod schedule;
mod task;
mod task_stream;

pub(super) use dependencies::CODES;
pub use desired::lower;
