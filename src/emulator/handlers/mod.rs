//! One function an operation: from a call to an answer.

pub(super) mod applications;
pub(super) mod certificates;
pub(super) mod files;
pub(super) mod images;
pub(super) mod job_schedules;
pub(super) mod jobs;
pub(super) mod node_actions;
pub(super) mod node_counts;
pub(super) mod node_users;
pub(super) mod nodes;
pub(super) mod pools;
pub(super) mod preparations;
pub(super) mod tasks;
pub(super) mod usage;
