//! The tasks that belong to a job itself.

use super::part::{part, some_parts, user};
use super::registry::Registries;
use super::task;
use crate::batch::model::{
    BatchJobManagerTask, BatchJobPreparationTask, BatchJobReleaseTask, BatchTaskConstraints,
};
use crate::recipe::document::{DurationText, Field, ManagerTask, PreparationTask, ReleaseTask, optional};
use crate::resource::{TaskContainerSpec, normal};

/// The id of a manager task that has none of its own, like those that the service gives the other two.
const MANAGER_ID: &str = "jobmanager";

/// What the tasks of a job share.
#[derive(Clone, Copy)]
pub(super) struct JobTasks<'a> {
    pub(super) registries: &'a Registries,
    /// How often a task is run again that does not say so itself.
    pub(super) retries: i32,
}

impl JobTasks<'_> {
    pub(super) fn manager(self, field: Option<&Field<ManagerTask>>) -> Option<Option<BatchJobManagerTask>> {
        let Some(field) = field else { return Some(None) };
        let task = field.get()?;
        Some(normal(Some(BatchJobManagerTask {
            id: optional(task.id.as_ref())?.unwrap_or_else(|| MANAGER_ID.to_owned()),
            display_name: optional(task.display_name.as_ref())?,
            command_line: task.command.get()?.line()?,
            container_settings: task::container(task.container.as_ref(), self.registries)?
                .as_ref()
                .map(TaskContainerSpec::to_wire),
            resource_files: some_parts(task.resource_files.as_ref())?,
            output_files: some_parts(task.output_files.as_ref())?,
            environment_settings: some_parts(task.environment.as_ref())?,
            constraints: self.constraints(
                task.max_wall_time.as_ref(),
                task.retention.as_ref(),
                task.retries.as_ref(),
            )?,
            required_slots: optional(task.slots.as_ref())?,
            kill_job_on_completion: optional(task.kill_job_on_completion.as_ref())?,
            user_identity: user(task.user.as_ref(), task.user_scope.as_ref(), task.elevation.as_ref())?,
            run_exclusive: optional(task.run_exclusive.as_ref())?,
            application_package_references: some_parts(task.application_packages.as_ref())?,
            allow_low_priority_node: optional(task.allow_low_priority_node.as_ref())?,
            other: serde_json::Map::new(),
        })))
    }

    pub(super) fn preparation(
        self,
        field: Option<&Field<PreparationTask>>,
    ) -> Option<Option<BatchJobPreparationTask>> {
        let Some(field) = field else { return Some(None) };
        let task = field.get()?;
        Some(normal(Some(BatchJobPreparationTask {
            id: optional(task.id.as_ref())?,
            command_line: task.command.get()?.line()?,
            container_settings: task::container(task.container.as_ref(), self.registries)?
                .as_ref()
                .map(TaskContainerSpec::to_wire),
            resource_files: some_parts(task.resource_files.as_ref())?,
            environment_settings: some_parts(task.environment.as_ref())?,
            constraints: self.constraints(
                task.max_wall_time.as_ref(),
                task.retention.as_ref(),
                task.retries.as_ref(),
            )?,
            wait_for_success: optional(task.wait.as_ref())?,
            user_identity: user(task.user.as_ref(), task.user_scope.as_ref(), task.elevation.as_ref())?,
            rerun_on_node_reboot_after_success: optional(task.rerun_on_node_reboot_after_success.as_ref())?,
        })))
    }

    pub(super) fn release(self, field: Option<&Field<ReleaseTask>>) -> Option<Option<BatchJobReleaseTask>> {
        let Some(field) = field else { return Some(None) };
        let task = field.get()?;
        let limit =
            optional(task.max_wall_time.as_ref())?.map_or(BatchJobReleaseTask::LONGEST, |limit| limit.0);
        Some(normal(Some(BatchJobReleaseTask {
            id: optional(task.id.as_ref())?,
            command_line: task.command.get()?.line()?,
            container_settings: task::container(task.container.as_ref(), self.registries)?
                .as_ref()
                .map(TaskContainerSpec::to_wire),
            resource_files: some_parts(task.resource_files.as_ref())?,
            environment_settings: some_parts(task.environment.as_ref())?,
            max_wall_clock_time: Some(limit.into()),
            retention_time: part(task.retention.as_ref())?,
            user_identity: user(task.user.as_ref(), task.user_scope.as_ref(), task.elevation.as_ref())?,
        })))
    }

    /// The number of retries is always spelled out: what the service fills in depends on the job.
    fn constraints(
        self,
        max_wall_time: Option<&Field<DurationText>>,
        retention: Option<&Field<DurationText>>,
        retries: Option<&Field<i32>>,
    ) -> Option<Option<BatchTaskConstraints>> {
        Some(Some(BatchTaskConstraints {
            max_wall_clock_time: part(max_wall_time)?,
            retention_time: part(retention)?,
            max_task_retry_count: Some(optional(retries)?.unwrap_or(self.retries)),
        }))
    }
}
