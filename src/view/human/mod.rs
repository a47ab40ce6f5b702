//! For people: lines of text, coloured where the writer shows colours.

mod at_rest;
mod diff;
mod doctor;
mod events;
mod explanation;
mod history;
mod library;
mod output;
mod plan;
mod status;
mod style;
mod watch;

pub use at_rest::at_rest;
pub use diff::diff;
pub use doctor::{image, machine};
pub use events::{Deed, Progress, apply_summary, event, progress, progress_line, wait_summary};
pub use explanation::{code, codes, field, fields};
pub use history::history;
pub use library::library;
pub use output::indented;
pub use plan::{PlanParts, failed_earlier, parts, plan};
pub use status::status;
pub use watch::{is_bad_watch_event, watch_event, watch_summary};
