//! What other tools are told, and what an account has → a recipe, and a report of what became of it.
//!
//! Nothing here reads or writes a file: texts go in, texts come out. A secret goes in and stays there: what comes out refers to it.

mod expressions;
pub mod live;
mod log;
mod report;
pub mod shipyard;
mod yaml;

pub use log::Variable;
pub use report::{Counts, Fate, Line, Report};
