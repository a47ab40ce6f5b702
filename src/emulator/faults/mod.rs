//! Faults on demand: what goes wrong in Azure now and then, made to go wrong here when somebody wants to see what comes of it.
//!
//! Rules say which requests are met by what, and how often; a seed makes the same requests in the same order meet the same
//! faults again. Nothing goes wrong unless a rule says so.

mod chance;
mod file;
mod node_rule;
mod rules;
mod state;
mod strikes;
mod unanswered;

pub use file::{FaultsError, read};
pub(crate) use node_rule::{Preemption, wanted_error};
pub use rules::{FaultRules, InvalidFaults};
pub(crate) use state::{Faults, RequestFault};
pub(crate) use unanswered::{Unanswered, is_unanswered, unanswered};
