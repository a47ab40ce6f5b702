//! A job and its tasks, for the tests of this module.

use crate::batch::{JobId, PoolId, TaskId};
use crate::resource::{
    DesiredJob, DesiredPool, FieldSources, JobPool, JobSpec, OnChange, PoolSpec, TaskSpec, TaskStream,
};

/// A job of these tasks, which may be retried twice.
pub(super) fn job(tasks: Vec<TaskSpec>) -> DesiredJob {
    let pool = JobPool::Existing(PoolId::new("p").unwrap());
    let spec =
        JobSpec { retries: 2, uses_task_dependencies: true, ..JobSpec::new(JobId::new("j").unwrap(), pool) };
    DesiredJob { spec, pool_key: None, tasks: TaskStream::from_tasks(tasks), sources: FieldSources::new() }
}

/// A task of the name `t`.
pub(super) fn task(id: &str, command: &str) -> TaskSpec {
    TaskSpec::new(TaskId::new(id).unwrap(), "t".into(), command.into())
}

/// A pool that says only what it must.
pub(super) fn pool(id: &str) -> DesiredPool {
    let image =
        serde_json::from_value(serde_json::json!({ "publisher": "p", "offer": "o", "sku": "s" })).unwrap();
    let spec = PoolSpec::new(PoolId::new(id).unwrap(), "S".into(), image, "agent".into());
    DesiredPool { spec, on_change: OnChange::Stop, sources: FieldSources::new() }
}
