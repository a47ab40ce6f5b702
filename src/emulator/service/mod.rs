//! The account itself: owns the store, carries out what clients ask for and what comes of it, decides what happens next.
//!
//! All changes go through one thread, one at a time, in transactions that are shared by whatever came in at the same moment.
//! Nothing is answered, and nothing happens outside, before the change is on disk.

mod auto_pools;
mod autoscale;
mod certificates;
mod failure;
mod instances;
mod job_schedules;
mod jobs;
mod node_actions;
mod nodes;
mod pools;
mod preemption;
mod preparations;
mod rest;
mod restart;
mod retention;
mod runs;
mod scheduling;
mod tasks;
mod tokens;
mod unit;
mod writer;

pub(crate) use autoscale::scaled;
pub(crate) use failure::Failure;
pub(crate) use rest::UnsettledRun;
pub(crate) use tasks::TaskAdded;
pub(crate) use tokens::job_of_token;
pub(crate) use unit::{Activity, Rules, Unit};
pub(crate) use writer::Service;
