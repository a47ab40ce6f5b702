//! For people: lines of text, coloured where the writer shows colours.

mod events;
mod output;
mod plan;
mod status;
mod style;

pub use events::{Progress, apply_summary, event, progress, wait_summary};
pub use output::indented;
pub use plan::plan;
pub use status::status;
