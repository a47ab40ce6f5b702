//! The embedded Azure Batch, in this process: signed requests in, the wire as clients see it out.

mod account;
mod autoscale;
mod certificates;
mod durability;
mod exits;
mod files;
mod hostile;
mod instances;
mod jobs;
mod lists;
mod nodes;
mod packages;
mod pools;
mod preparation;
mod replacing;
mod rest;
mod restart;
mod schedules;
mod task_files;
mod tasks;
mod throttle;
mod tokens;
mod users;
mod versions;
mod wire;
