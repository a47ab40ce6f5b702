//! The plan: `DesiredState × LiveState × Policy → Plan`. Pure: no clock, no network, no randomness.
//!
//! A plan holds every decision; `apply` makes none. [`check`] looks for what no plan may contain, on every plan that is made.

mod change;
mod check;
mod diff;
mod job;
mod planner;
mod pool;
mod step;
mod tasks;

pub use change::{ActionReason, Change, FieldChange, Plan, Policy, TaskSamples, TaskSummary};
pub use check::{BrokenInvariant, check};
pub use planner::{destroy, plan};
pub use step::{Action, JobSeal, PoolResize, Step, StepId};
pub use tasks::{TaskComparison, TaskConflict, TaskPlan};
