//! What is let in: bodies that the service would refuse are refused with its codes; bodies that ask for what this service does
//! not do are refused by name, because taking them and doing something else would be a lie.

mod certificates;
mod files;
mod job_schedules;
mod jobs;
mod nodes;
mod packages;
mod pools;
mod preparation;
mod properties;
mod refusals;
mod refused;
mod tasks;
mod users;

pub(crate) use certificates::{AdmittedCertificate, certificate};
pub(crate) use job_schedules::{job_schedule, job_schedule_update};
pub(crate) use jobs::{job, job_replacement, job_update};
pub(crate) use nodes::{emptying, node_user};
pub(crate) use pools::{
    auto_scale, formula, formula_to_keep, node_removal, pool, pool_replacement, pool_resize, pool_update,
};
pub(crate) use preparation::task_id;
#[cfg(test)]
pub(crate) use refused::{REASONS, REFUSED};
pub(crate) use tasks::{exit_actions, task, task_constraints};
