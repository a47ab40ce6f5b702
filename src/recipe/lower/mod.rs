//! From the resolved recipe to the desired state.
//!
//! Lowering runs on recipes without errors only; a value that is missing here all the same makes the whole result absent.

mod dependencies;
mod desired;
mod job;
mod locations;
mod pool;
mod task;

use crate::diagnostic::Code;

pub use desired::lower;

/// The codes that lowering raises.
pub(super) static CODES: &[&Code] = &[&dependencies::TOO_MANY];
