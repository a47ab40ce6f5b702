//! Makes one tree of several texts: a recipe, those that it extends, and overlays; and hands defaults down to tasks.
//!
//! Maps are merged by their keys, `null` takes away, and everything else replaces what was there. Every value keeps its
//! place, so that whatever is wrong with it is marked in the text that it came from.

mod composition;
mod defaults;
mod extends;
mod merge;
mod structure;
mod written;

pub(super) use composition::{Composition, compose};
pub(super) use written::take;
