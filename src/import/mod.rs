//! What other tools are told → a recipe, and a report that has a line for every key.
//!
//! Nothing here reads or writes a file: texts go in, texts come out. A secret goes in and stays there: what comes out refers to it.

mod log;
mod report;
pub mod shipyard;
mod yaml;

pub use log::Variable;
pub use report::{Counts, Fate, Line, Report};
