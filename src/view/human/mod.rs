//! For people: lines of text, coloured where the writer shows colours.

mod at_rest;
mod events;
mod output;
mod plan;
mod status;
mod style;

pub use at_rest::at_rest;
pub use events::{Progress, apply_summary, event, progress, wait_summary};
pub use output::indented;
pub use plan::plan;
pub use status::status;
