//! A job and its tasks, for the tests of this module.

use crate::batch::{JobId, PoolId, TaskId};
use crate::resource::{DesiredJob, EnvironmentSpec, FieldSources, JobSpec, OnComplete, TaskSpec, TaskStream};

/// A job of these tasks, which may be retried twice.
pub(super) fn job(tasks: Vec<TaskSpec>) -> DesiredJob {
    let spec = JobSpec {
        id: JobId::new("j").unwrap(),
        display_name: None,
        pool: PoolId::new("p").unwrap(),
        priority: 0,
        retries: 2,
        max_wall_time: None,
        environment: EnvironmentSpec::new(),
        on_complete: OnComplete::Keep,
        uses_task_dependencies: true,
    };
    DesiredJob { spec, pool_key: None, tasks: TaskStream::from_tasks(tasks), sources: FieldSources::new() }
}

/// A task of the name `t`.
pub(super) fn task(id: &str, command: &str) -> TaskSpec {
    TaskSpec {
        id: TaskId::new(id).unwrap(),
        name: "t".into(),
        command_line: command.into(),
        container: None,
        environment: EnvironmentSpec::new(),
        depends_on: vec![],
        depends_on_ranges: vec![],
        retries: None,
        max_wall_time: None,
        retention: None,
        slots: 1,
    }
}
