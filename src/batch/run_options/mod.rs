//! `containerRunOptions`: additional options of `docker create`, as a task or start task carries them.
//!
//! Every option is honoured, accepted with a note that it has no effect here, or refused with a reason; none is dropped.
//! A recipe is checked by the same parser before anything is submitted.

mod error;
mod options;
mod parser;
mod settings;
mod table;
mod values;

pub use error::InvalidRunOptions;
pub use options::{Note, RunOptions};
pub use settings::{Mount, MountSource, NetworkMode, ResourceLimits};
