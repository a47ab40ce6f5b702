//! The node doctor: what ails nodes, why as far as that is known, and what is done about it if the user wants.

mod cause;
mod ladder;
mod treat;

pub(super) use cause::known_cause;
pub(super) use ladder::{CaseBook, Prescription};
pub use ladder::{Remedy, RepairOptions};
pub(super) use treat::{last_words, treat};
