//! What each step does: one idempotent *ensure* a file.

mod context;
mod ensure;
mod job;
mod pool;
mod task;

pub(super) use context::StepContext;
pub(super) use ensure::ensure;
