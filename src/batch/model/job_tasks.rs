//! The tasks that belong to a job itself.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_with::{DisplayFromStr, PickFirst, serde_as, skip_serializing_none};

use super::{
    BatchApplicationPackageReference, BatchTaskConstraints, BatchTaskContainerSettings,
    BatchTaskCreateOptions, EnvironmentSetting, OutputFile, ResourceFile, UserIdentity,
};
use crate::batch::{InvalidId, TaskId, WireDuration};

/// The task that a job starts with, and that may add others.
#[serde_as]
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchJobManagerTask {
    /// Its id.
    pub id: String,
    /// A name for people.
    pub display_name: Option<String>,
    /// The command line; no shell reads it.
    pub command_line: String,
    /// The container to run in; required on pools with a container configuration.
    pub container_settings: Option<BatchTaskContainerSettings>,
    /// Files to download before.
    pub resource_files: Option<Vec<ResourceFile>>,
    /// Files to upload afterwards.
    pub output_files: Option<Vec<OutputFile>>,
    /// Environment variables.
    pub environment_settings: Option<Vec<EnvironmentSetting>>,
    /// How long and how often it may run.
    pub constraints: Option<BatchTaskConstraints>,
    /// How many of a node's slots it takes; default 1.
    #[serde_as(as = "Option<PickFirst<(_, DisplayFromStr)>>")]
    #[serde(default)]
    pub required_slots: Option<i32>,
    /// Whether the job ends with it; default true.
    pub kill_job_on_completion: Option<bool>,
    /// Who it runs as.
    pub user_identity: Option<UserIdentity>,
    /// Whether it has its node for itself; default true.
    pub run_exclusive: Option<bool>,
    /// Application packages to install before.
    pub application_package_references: Option<Vec<BatchApplicationPackageReference>>,
    /// Whether it may run on a Spot node; default true.
    pub allow_low_priority_node: Option<bool>,
    /// Properties without a field of their own.
    #[serde(flatten)]
    pub other: serde_json::Map<String, serde_json::Value>,
}

impl BatchJobManagerTask {
    /// The task that it is in its job.
    ///
    /// # Errors
    /// When its id is none.
    pub fn to_task(&self) -> Result<BatchTaskCreateOptions, InvalidId> {
        let task = BatchTaskCreateOptions::new(TaskId::new(self.id.as_str())?, self.command_line.clone());
        Ok(BatchTaskCreateOptions {
            display_name: self.display_name.clone(),
            container_settings: self.container_settings.clone(),
            resource_files: self.resource_files.clone(),
            output_files: self.output_files.clone(),
            environment_settings: self.environment_settings.clone(),
            constraints: self.constraints.clone(),
            required_slots: self.required_slots,
            user_identity: self.user_identity.clone(),
            application_package_references: self.application_package_references.clone(),
            other: self.other.clone(),
            ..task
        })
    }
}

/// The task that every node runs before its first task of a job.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchJobPreparationTask {
    /// Its id; default `jobpreparation`.
    pub id: Option<String>,
    /// The command line; no shell reads it.
    pub command_line: String,
    /// The container to run in; absent means on the node itself.
    pub container_settings: Option<BatchTaskContainerSettings>,
    /// Files to download before.
    pub resource_files: Option<Vec<ResourceFile>>,
    /// Environment variables.
    pub environment_settings: Option<Vec<EnvironmentSetting>>,
    /// How long and how often it may run.
    pub constraints: Option<BatchTaskConstraints>,
    /// Whether tasks of the job wait until it has succeeded; default true.
    pub wait_for_success: Option<bool>,
    /// Who it runs as.
    pub user_identity: Option<UserIdentity>,
    /// Whether it runs again after the node has rebooted; default true.
    pub rerun_on_node_reboot_after_success: Option<bool>,
}

impl BatchJobPreparationTask {
    /// Its id, when none is given.
    pub const DEFAULT_ID: &str = "jobpreparation";

    /// Its id in its job.
    ///
    /// # Errors
    /// When its id is none.
    pub fn task_id(&self) -> Result<TaskId, InvalidId> {
        TaskId::new(self.id.as_deref().unwrap_or(Self::DEFAULT_ID))
    }

    /// The task that a node runs.
    ///
    /// # Errors
    /// When its id is none.
    pub fn to_task(&self) -> Result<BatchTaskCreateOptions, InvalidId> {
        Ok(BatchTaskCreateOptions {
            container_settings: self.container_settings.clone(),
            resource_files: self.resource_files.clone(),
            environment_settings: self.environment_settings.clone(),
            constraints: self.constraints.clone(),
            user_identity: self.user_identity.clone(),
            ..BatchTaskCreateOptions::new(self.task_id()?, self.command_line.clone())
        })
    }
}

/// The task that every node that ran the preparation task runs when the job ends.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchJobReleaseTask {
    /// Its id; default `jobrelease`.
    pub id: Option<String>,
    /// The command line; no shell reads it.
    pub command_line: String,
    /// The container to run in; absent means on the node itself.
    pub container_settings: Option<BatchTaskContainerSettings>,
    /// Files to download before.
    pub resource_files: Option<Vec<ResourceFile>>,
    /// Environment variables.
    pub environment_settings: Option<Vec<EnvironmentSetting>>,
    /// How long it may take; default and maximum 15 minutes.
    pub max_wall_clock_time: Option<WireDuration>,
    /// How long its directory is kept; default 7 days.
    pub retention_time: Option<WireDuration>,
    /// Who it runs as.
    pub user_identity: Option<UserIdentity>,
}

impl BatchJobReleaseTask {
    /// Its id, when none is given.
    pub const DEFAULT_ID: &str = "jobrelease";
    /// How long it may take at the most, and when nothing is said (REST reference, `BatchJobReleaseTask`).
    pub const LONGEST: Duration = Duration::from_mins(15);

    /// Its id in its job.
    ///
    /// # Errors
    /// When its id is none.
    pub fn task_id(&self) -> Result<TaskId, InvalidId> {
        TaskId::new(self.id.as_deref().unwrap_or(Self::DEFAULT_ID))
    }

    /// The task that a node runs.
    ///
    /// # Errors
    /// When its id is none.
    pub fn to_task(&self) -> Result<BatchTaskCreateOptions, InvalidId> {
        let constraints = BatchTaskConstraints {
            max_wall_clock_time: Some(self.max_wall_clock_time.unwrap_or(Self::LONGEST.into())),
            retention_time: self.retention_time,
            max_task_retry_count: None,
        };
        Ok(BatchTaskCreateOptions {
            container_settings: self.container_settings.clone(),
            resource_files: self.resource_files.clone(),
            environment_settings: self.environment_settings.clone(),
            constraints: Some(constraints),
            user_identity: self.user_identity.clone(),
            ..BatchTaskCreateOptions::new(self.task_id()?, self.command_line.clone())
        })
    }
}
