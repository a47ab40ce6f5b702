//! For programs: versioned documents in Terraform's names where the meaning is the same. `docs/output.md` describes each.

mod doctor;
mod document;
mod events;
mod explanation;
mod plan;
mod results;
mod watch;

pub use doctor::{image, machine};
pub use document::{FORMAT_VERSION, begin, document, tool};
pub use events::{event, progress};
pub use explanation::{code, field};
pub use plan::plan;
pub use results::{applied, destroyed, ended, history, status};
pub use watch::{watch_event, watch_state, watched};
