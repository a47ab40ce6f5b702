//! The tasks that belong to a job itself.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    ApplicationPackage, Command, DurationText, Environment, Field, OutputFile, ResourceFile, TaskContainer,
    Word,
};
use crate::batch::model::{AutoUserScope, ElevationLevel};

/// The task that a job starts with. It may add further tasks to the job.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-rest" = ["BatchJobManagerTask", "BatchTaskConstraints", "UserIdentity", "AutoUserSpecification"]))]
pub struct ManagerTask {
    /// Id of the task in its job.
    #[schemars(
        regex(pattern = r"^[A-Za-z0-9_-]{1,64}$"),
        extend("patternErrorMessage" = "an id has 1 to 64 letters, digits, hyphens and underscores", "default" = "jobmanager")
    )]
    pub id: Option<Field<String>>,
    /// A name for people.
    #[schemars(length(max = 1024))]
    pub display_name: Option<Field<String>>,
    /// The container to run in; required on pools with a `container` section.
    pub container: Option<Field<TaskContainer>>,
    /// The command; no shell reads it.
    pub command: Field<Command>,
    /// Environment variables.
    #[schemars(extend("propertyNames" = super::environment::names()))]
    pub environment: Option<Field<Environment>>,
    /// Files to download before the command is run.
    pub resource_files: Option<Field<Vec<Field<ResourceFile>>>>,
    /// Files to upload to Azure Blob Storage afterwards.
    pub output_files: Option<Field<Vec<Field<OutputFile>>>>,
    /// Application packages to install before.
    pub application_packages: Option<Field<Vec<Field<ApplicationPackage>>>>,
    /// How often the task is run again after a failure; -1 means without limit. The job's `retries` if absent.
    #[schemars(range(min = -1))]
    pub retries: Option<Field<i32>>,
    /// How long each run of the task may take before it is ended.
    pub max_wall_time: Option<Field<DurationText>>,
    /// How long the task's folder is kept on its node after the task has ended; 7 days if absent.
    pub retention: Option<Field<DurationText>>,
    /// How many of a node's slots the task takes.
    #[schemars(range(min = 1, max = 256), extend("default" = 1))]
    pub slots: Option<Field<i32>>,
    /// Whether the job ends when this task does.
    #[schemars(extend("default" = true))]
    pub kill_job_on_completion: Option<Field<bool>>,
    /// Whether no other task runs on the node at the same time.
    #[schemars(extend("default" = true))]
    pub run_exclusive: Option<Field<bool>>,
    /// Whether the task may run on a Spot node.
    #[schemars(extend("default" = true))]
    pub allow_low_priority_node: Option<Field<bool>>,
    /// The user account of the pool that the task runs as; a user that Batch makes if absent.
    #[schemars(length(min = 1))]
    pub user: Option<Field<String>>,
    /// Whether the user that Batch makes is the task's own or shared by the tasks of a node. Not with `user`.
    pub user_scope: Option<Field<Word<AutoUserScope>>>,
    /// What the user that Batch makes may do. Not with `user`.
    #[schemars(extend("default" = "non_admin"))]
    pub elevation: Option<Field<Word<ElevationLevel>>>,
}

/// The task that every node runs before its first task of a job.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-rest" = ["BatchJobPreparationTask", "BatchTaskConstraints", "UserIdentity", "AutoUserSpecification"]))]
pub struct PreparationTask {
    /// Id of the task in its job.
    #[schemars(
        regex(pattern = r"^[A-Za-z0-9_-]{1,64}$"),
        extend("patternErrorMessage" = "an id has 1 to 64 letters, digits, hyphens and underscores", "default" = "jobpreparation")
    )]
    pub id: Option<Field<String>>,
    /// The container to run in; without it the task runs on the node itself.
    pub container: Option<Field<TaskContainer>>,
    /// The command; no shell reads it.
    pub command: Field<Command>,
    /// Environment variables.
    #[schemars(extend("propertyNames" = super::environment::names()))]
    pub environment: Option<Field<Environment>>,
    /// Files to download before the command is run.
    pub resource_files: Option<Field<Vec<Field<ResourceFile>>>>,
    /// How often the task is run again after a failure; -1 means without limit. The job's `retries` if absent.
    #[schemars(range(min = -1))]
    pub retries: Option<Field<i32>>,
    /// How long each run of the task may take before it is ended.
    pub max_wall_time: Option<Field<DurationText>>,
    /// How long the task's folder is kept on its node after the task has ended; 7 days if absent.
    pub retention: Option<Field<DurationText>>,
    /// Whether tasks of the job wait on a node until this one has succeeded there.
    #[schemars(extend("default" = true))]
    pub wait: Option<Field<bool>>,
    /// Whether the task runs again after its node has rebooted.
    #[schemars(extend("default" = true))]
    pub rerun_on_node_reboot_after_success: Option<Field<bool>>,
    /// The user account of the pool that the task runs as; a user that Batch makes if absent.
    #[schemars(length(min = 1))]
    pub user: Option<Field<String>>,
    /// Whether the user that Batch makes is the task's own or shared by the tasks of a node. Not with `user`.
    pub user_scope: Option<Field<Word<AutoUserScope>>>,
    /// What the user that Batch makes may do. Not with `user`.
    #[schemars(extend("default" = "non_admin"))]
    pub elevation: Option<Field<Word<ElevationLevel>>>,
}

/// The task that every node that ran the preparation task runs once the job has ended.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-rest" = ["BatchJobReleaseTask", "UserIdentity", "AutoUserSpecification"]))]
pub struct ReleaseTask {
    /// Id of the task in its job.
    #[schemars(
        regex(pattern = r"^[A-Za-z0-9_-]{1,64}$"),
        extend("patternErrorMessage" = "an id has 1 to 64 letters, digits, hyphens and underscores", "default" = "jobrelease")
    )]
    pub id: Option<Field<String>>,
    /// The container to run in; without it the task runs on the node itself.
    pub container: Option<Field<TaskContainer>>,
    /// The command; no shell reads it.
    pub command: Field<Command>,
    /// Environment variables.
    #[schemars(extend("propertyNames" = super::environment::names()))]
    pub environment: Option<Field<Environment>>,
    /// Files to download before the command is run.
    pub resource_files: Option<Field<Vec<Field<ResourceFile>>>>,
    /// How long the task may take before it is ended; 15 minutes if absent, and at most.
    pub max_wall_time: Option<Field<DurationText>>,
    /// How long the task's folder is kept on its node after the task has ended; 7 days if absent.
    pub retention: Option<Field<DurationText>>,
    /// The user account of the pool that the task runs as; a user that Batch makes if absent.
    #[schemars(length(min = 1))]
    pub user: Option<Field<String>>,
    /// Whether the user that Batch makes is the task's own or shared by the tasks of a node. Not with `user`.
    pub user_scope: Option<Field<Word<AutoUserScope>>>,
    /// What the user that Batch makes may do. Not with `user`.
    #[schemars(extend("default" = "non_admin"))]
    pub elevation: Option<Field<Word<ElevationLevel>>>,
}
