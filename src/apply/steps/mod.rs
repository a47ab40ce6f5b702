//! What each step does: one idempotent *ensure* a function, one file a kind of object.

mod ensure;
mod guard;
mod inputs;
mod job;
mod move_job;
mod pool;
mod reboot;
mod schedule;
mod task;

pub(super) use ensure::ensure;
