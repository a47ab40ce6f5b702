//! The node doctor: what is done about nodes that ail, if the user wants.

mod ladder;
mod treat;

pub(super) use ladder::{CaseBook, Prescription};
pub use ladder::{Remedy, RepairOptions};
pub(super) use treat::treat;
