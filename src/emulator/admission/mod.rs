//! What is let in: bodies that the service would refuse are refused with its codes; bodies that ask for what this service does
//! not do are refused by name, because taking them and doing something else would be a lie.

mod jobs;
mod pools;
mod tasks;
mod unsupported;

pub(crate) use jobs::{job, job_update};
pub(crate) use pools::{pool, pool_resize, pool_update};
pub(crate) use tasks::task;

use crate::batch::ErrorCode;
use crate::emulator::refusal::Refusal;

/// A property whose value is not valid.
fn invalid(property: &str, value: impl ToString, reason: &str) -> Refusal {
    Refusal::new(ErrorCode::INVALID_PROPERTY_VALUE)
        .with("PropertyName", property)
        .with("PropertyValue", value.to_string())
        .with("Reason", reason)
}

/// A mandatory property that is absent.
fn missing(property: &str) -> Refusal {
    Refusal::new(ErrorCode::MISSING_REQUIRED_PROPERTY).with("PropertyName", property)
}
