//! Start tasks.

use serde::Serialize;

use crate::batch::model::{BatchStartTask, ResourceFile, UserIdentity};

use super::environment::{self, EnvironmentSpec};
use super::{InputFile, TaskContainerSpec, normal, normal_list, same, some_unless_empty};

/// The task that runs on every node as it joins.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StartTaskSpec {
    /// The command line.
    pub command_line: String,
    /// The container it runs in; `None` means on the node itself.
    pub container: Option<TaskContainerSpec>,
    /// Environment variables.
    pub environment: EnvironmentSpec,
    /// Files to download before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resource_files: Vec<ResourceFile>,
    /// Local files that have to be in a container before; see [`TaskSpec::uploads`](super::TaskSpec::uploads).
    #[serde(skip)]
    pub uploads: Vec<InputFile>,
    /// Who it runs as; `None` means an ordinary user that the service makes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<UserIdentity>,
    /// Whether the node takes tasks only after it succeeded.
    pub wait_for_success: bool,
    /// How often it may be run again.
    pub retries: i32,
}

impl StartTaskSpec {
    /// The wire form; secrets are still references.
    pub fn to_wire(&self) -> BatchStartTask {
        BatchStartTask {
            command_line: self.command_line.clone(),
            container_settings: self.container.as_ref().map(TaskContainerSpec::to_wire),
            environment_settings: environment::to_wire(&self.environment),
            resource_files: some_unless_empty(&self.resource_files),
            user_identity: self.user.clone(),
            max_task_retry_count: Some(self.retries),
            wait_for_success: Some(self.wait_for_success),
            other: serde_json::Map::new(),
        }
    }

    pub(super) fn from_wire(task: &BatchStartTask) -> Self {
        Self {
            command_line: task.command_line.clone(),
            container: task.container_settings.as_ref().map(TaskContainerSpec::from_wire),
            environment: environment::from_wire(task.environment_settings.as_ref()),
            resource_files: normal_list(task.resource_files.clone()),
            uploads: Vec::new(),
            user: normal(task.user_identity.clone()),
            wait_for_success: task.wait_for_success.unwrap_or(true),
            retries: task.max_task_retry_count.unwrap_or(0),
        }
    }

    /// The start task as it may be shown; see `environment::without_secrets`.
    #[must_use]
    pub fn without_secrets_of(&self, desired: &EnvironmentSpec) -> Self {
        Self { environment: environment::without_secrets(&self.environment, desired), ..self.clone() }
    }

    /// Whether a live start task is what the recipe asks for, as far as the service tells.
    pub fn same(&self, live: &Self) -> bool {
        let same_container = match (&self.container, &live.container) {
            (Some(desired), Some(live)) => {
                let same_registry = match (&desired.registry, &live.registry) {
                    (Some(desired), Some(live)) => desired.same(live),
                    (desired, live) => desired.is_none() && live.is_none(),
                };
                let without_registry =
                    |spec: &TaskContainerSpec| TaskContainerSpec { registry: None, ..spec.clone() };
                same_registry && without_registry(desired) == without_registry(live)
            }
            (desired, live) => desired.is_none() && live.is_none(),
        };
        same_container
            && environment::same(&self.environment, &live.environment)
            && same(&self.resource_files, &live.resource_files, false)
            && same(&self.user, &live.user, false)
            && (&self.command_line, self.wait_for_success, self.retries)
                == (&live.command_line, live.wait_for_success, live.retries)
    }
}
