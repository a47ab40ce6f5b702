//! The configuration of [Batch Shipyard](https://github.com/Azure/batch-shipyard) → a recipe.
//!
//! `configuration` reads the files, `section` walks through them and notes what became of each key; what nothing was noted of has the
//! fate that the table `keys` gives its kind. `convert` puts the parts together; the other modules make one part each.

mod account;
mod autoscale;
mod command;
mod configuration;
mod convert;
mod data;
mod factory;
mod image;
mod job;
mod key_report;
mod keys;
mod machine;
mod mpi;
mod names;
mod pool;
mod recurrence;
mod run_options;
mod section;
mod start_task;
mod task;
mod template;
#[cfg(test)]
mod tests;
mod volumes;

pub use configuration::{File, MAX_BYTES, belongs};
pub use convert::{Imported, import};
pub use keys::{Key, keys};
