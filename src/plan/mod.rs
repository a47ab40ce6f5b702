//! The plan: `DesiredState × LiveState × Policy → Plan`. Pure: no clock, no network, no randomness.
//!
//! A plan holds every decision; `apply` makes none. [`check`] looks for what no plan may contain, on every plan that is made.

mod change;
mod check;
mod diff;
mod disturbance;
mod job;
mod moved;
mod names;
mod obstacle;
mod planner;
mod pool;
mod saved;
mod schedule;
mod selection;
mod shortage;
mod step;
mod takeback;
mod task;
mod tasks;
#[cfg(test)]
mod test_support;

pub use change::{
    ActionReason, Change, FieldChange, InputSummary, Plan, Policy, Rerun, TaskSample, TaskSamples,
    TaskSummary, Versions,
};
pub use check::{BrokenInvariant, MayDelete, check, check_deletions};
pub use disturbance::disturbed;
pub use moved::{job_differences, moved, pool_differences, schedule_differences};
pub use obstacle::Obstacle;
pub use planner::{destroy, plan};
pub use saved::{Intent, Moved, SavedPlan, Side};
pub use selection::{NothingMeant, Selection};
pub use shortage::ask_again;
pub use step::{Action, JobSeal, PoolResize, Step, StepId};
pub use takeback::with_pools_taken_back;
pub use tasks::{TaskComparison, TaskConflict, TaskPlan};
