//! Applying a plan: walks its steps and makes no choice of its own. If it wants an `if`, that belonged in the plan.
//!
//! Every step is an idempotent *ensure*; running again after any interruption is safe. What happens is told as [`ApplyEvent`]s
//! to an [`Observer`]; nothing here prints.

mod event;
mod executor;
mod health;
mod secrets;
mod steps;
mod wait;

pub use event::{ApplyEvent, ApplyReport, Observer, Outcome, StepReport, TaskEnd};
pub use executor::{ApplyOptions, apply};
pub use health::{NodeTrouble, node_troubles};
pub use secrets::{SecretError, SecretSource};
pub use steps::StepError;
pub use wait::{JobEnd, WaitError, WaitOptions, WaitReport, wait_for_jobs};
