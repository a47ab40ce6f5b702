//! What is let in: bodies that the service would refuse are refused with its codes; bodies that ask for what this service does
//! not do are refused by name, because taking them and doing something else would be a lie.

mod jobs;
mod pools;
mod properties;
mod refusals;
mod tasks;

pub(crate) use jobs::{job, job_update};
pub(crate) use pools::{pool, pool_resize, pool_update};
pub(crate) use tasks::task;
