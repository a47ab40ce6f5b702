//! `containerRunOptions`: additional options of `docker create`, as a task or start task carries them.
//!
//! Every option is honoured, accepted with a note that it has no effect here, or refused with a reason; none is dropped.
//! All of this is pure, so that a recipe can be checked by the same parser before anything is submitted.

mod error;
mod options;
mod parser;
mod table;
mod values;

pub use error::InvalidRunOptions;
pub use options::{Note, RunOptions};
