//! The life of pools, nodes, jobs, tasks and certificates: pure functions from a state and an event to the next state and its effects.
//!
//! Nothing here reads a clock, a store or a socket; what an event needs to know comes with it.

mod certificate;
mod job;
mod job_schedule;
mod node;
mod pool;
mod preparation;
mod subtask;
mod task;

pub(crate) use job::{
    JobEffect, JobEvent, may_change_job, may_delete_job, may_disable_job, may_enable_job, may_take_tasks,
    may_terminate_job,
};
pub(crate) use job_schedule::{
    JobScheduleEffect, JobScheduleEvent, ScheduledJobs, may_change_schedule, may_delete_schedule,
};
pub(crate) use node::{
    ENGINE_UNAVAILABLE, NodeEffect, NodeErrand, NodeEvent, may_empty_node, may_have_users, may_preempt_node,
    may_start_node,
};
pub(crate) use pool::{PoolEffect, PoolEvent};
pub(crate) use preparation::{PreparationEffect, PreparationEvent};
pub(crate) use task::{Requeue, TaskEvent, may_change_task, may_reactivate_task, may_terminate_task};
