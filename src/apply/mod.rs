//! Applying a plan: walks its steps and makes no choice of its own. If it wants an `if`, that belonged in the plan.
//!
//! Every step is an idempotent *ensure*; running again after any interruption is safe. What happens is told as [`ApplyEvent`]s
//! to an [`Observer`]; nothing here prints.

mod context;
mod error;
mod event;
mod executor;
mod options;
mod secrets;
mod steps;
mod wait;

pub use error::StepError;
pub use event::{ApplyEvent, ApplyReport, Observer, Outcome, StepReport};
pub use executor::apply;
pub use options::ApplyOptions;
pub use secrets::{SecretError, SecretSource};
pub use wait::{EndedTasks, JobEnd, WaitEnd, WaitError, WaitOptions, WaitReport, ended_tasks, wait_for_jobs};
