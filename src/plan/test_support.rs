//! A job and its tasks, for the tests of this module.

use crate::batch::{JobId, PoolId, TaskId};
use crate::resource::{
    DesiredJob, DesiredPool, FieldSources, Generation, JobPool, JobSpec, OnChange, PoolSpec, TaskSpec,
    TaskStream,
};

/// A job of these tasks, which may be retried twice.
pub(super) fn job(tasks: Vec<TaskSpec>) -> DesiredJob {
    let pool = JobPool::Existing(PoolId::new("p").unwrap());
    let spec =
        JobSpec { retries: 2, uses_task_dependencies: true, ..JobSpec::new(JobId::new("j").unwrap(), pool) };
    let generation = Generation::first(spec.id.clone());
    let (tasks, sources) = (TaskStream::from_tasks(tasks), FieldSources::new());
    let (pool_key, next_generation, ignored) = (None, None, Vec::new());
    DesiredJob { spec, pool_key, generation, next_generation, ignored, tasks, sources }
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
    let generation = Generation::first(spec.id.clone());
    let (on_change, sources) = (OnChange::Stop, FieldSources::new());
    DesiredPool { spec, generation, next_generation: None, on_change, ignored: Vec::new(), sources }
}
