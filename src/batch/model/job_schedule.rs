//! Job schedules.

use serde::{Deserialize, Serialize};
use serde_with::{DisplayFromStr, PickFirst, serde_as, skip_serializing_none};

use super::{
    BatchAllTasksCompleteMode, BatchJobConstraints, BatchJobCreateOptions, BatchJobManagerTask,
    BatchJobNetworkConfiguration, BatchJobPreparationTask, BatchJobReleaseTask, BatchMetadataItem,
    BatchPoolInfo, BatchTaskFailureMode, EnvironmentSetting,
};
use crate::batch::wire_enum::wire_enum;
use crate::batch::{DateTime, JobId, JobScheduleId, WireDuration};

wire_enum!(
    /// The state of a job schedule.
    BatchJobScheduleState {
        /// It makes jobs.
        Active = "active",
        /// It makes no more jobs.
        Completed = "completed",
        /// It makes no jobs until it is enabled.
        Disabled = "disabled",
        /// It is ending.
        Terminating = "terminating",
        /// It is going away.
        Deleting = "deleting",
    }
);

/// When the jobs of a schedule are made.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchJobScheduleConfiguration {
    /// No job is made earlier.
    pub do_not_run_until: Option<DateTime>,
    /// No job is made later.
    pub do_not_run_after: Option<DateTime>,
    /// How late a job may start; without limit if absent.
    pub start_window: Option<WireDuration>,
    /// The time between the starts of two jobs; only one is made if absent.
    pub recurrence_interval: Option<WireDuration>,
}

/// The jobs that a schedule makes.
#[serde_as]
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchJobSpecification {
    /// -1000 (lowest) to 1000; default 0.
    #[serde_as(as = "Option<PickFirst<(_, DisplayFromStr)>>")]
    #[serde(default)]
    pub priority: Option<i32>,
    /// Whether jobs of higher priority may put running tasks back in the queue; default false.
    pub allow_task_preemption: Option<bool>,
    /// How many tasks run at once at the most; -1 means without limit, the default.
    #[serde_as(as = "Option<PickFirst<(_, DisplayFromStr)>>")]
    #[serde(default)]
    pub max_parallel_tasks: Option<i32>,
    /// A name for people.
    pub display_name: Option<String>,
    /// Whether tasks may depend on each other; default false.
    pub uses_task_dependencies: Option<bool>,
    /// What happens once all tasks have completed; default `noaction`.
    pub on_all_tasks_complete: Option<BatchAllTasksCompleteMode>,
    /// What happens when a task fails; default `noaction`.
    pub on_task_failure: Option<BatchTaskFailureMode>,
    /// The network that nodes join while they run tasks of a job.
    pub network_configuration: Option<BatchJobNetworkConfiguration>,
    /// How long a job and how often its tasks may run.
    pub constraints: Option<BatchJobConstraints>,
    /// The task that a job starts with.
    pub job_manager_task: Option<BatchJobManagerTask>,
    /// The task that every node runs before its first task of a job.
    pub job_preparation_task: Option<BatchJobPreparationTask>,
    /// The task that every node that ran the preparation task runs when a job ends.
    pub job_release_task: Option<BatchJobReleaseTask>,
    /// Environment variables of all tasks.
    pub common_environment_settings: Option<Vec<EnvironmentSetting>>,
    /// The pool that jobs run on.
    pub pool_info: BatchPoolInfo,
    /// Names and values that every job gets.
    pub metadata: Option<Vec<BatchMetadataItem>>,
}

impl BatchJobSpecification {
    /// The request that makes such a job.
    pub fn into_job(self, id: JobId) -> BatchJobCreateOptions {
        BatchJobCreateOptions {
            id,
            display_name: self.display_name,
            uses_task_dependencies: self.uses_task_dependencies,
            priority: self.priority,
            max_parallel_tasks: self.max_parallel_tasks,
            constraints: self.constraints,
            common_environment_settings: self.common_environment_settings,
            pool_info: self.pool_info,
            on_all_tasks_complete: self.on_all_tasks_complete,
            on_task_failure: self.on_task_failure,
            metadata: self.metadata,
            allow_task_preemption: self.allow_task_preemption,
            job_manager_task: self.job_manager_task,
            job_preparation_task: self.job_preparation_task,
            job_release_task: self.job_release_task,
            network_configuration: self.network_configuration,
            other: serde_json::Map::new(),
        }
    }
}

/// The body of `POST /jobschedules`.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchJobScheduleCreateOptions {
    /// The schedule's id.
    pub id: JobScheduleId,
    /// A name for people.
    pub display_name: Option<String>,
    /// When jobs are made.
    pub schedule: BatchJobScheduleConfiguration,
    /// The jobs.
    pub job_specification: BatchJobSpecification,
    /// Names and values of the user.
    pub metadata: Option<Vec<BatchMetadataItem>>,
}

/// A job schedule, as the service returns it. With `$select` everything but the id may be absent.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchJobSchedule {
    /// The schedule's id.
    pub id: JobScheduleId,
    /// A name for people.
    pub display_name: Option<String>,
    /// The schedule's URL.
    pub url: Option<String>,
    /// The version of the object.
    pub e_tag: Option<String>,
    /// When the object last changed.
    pub last_modified: Option<DateTime>,
    /// When it was created.
    pub creation_time: Option<DateTime>,
    /// Its state.
    pub state: Option<BatchJobScheduleState>,
    /// When it came into that state.
    pub state_transition_time: Option<DateTime>,
    /// The state before; absent in the first one.
    pub previous_state: Option<BatchJobScheduleState>,
    /// When it came into the state before.
    pub previous_state_transition_time: Option<DateTime>,
    /// When jobs are made.
    pub schedule: Option<BatchJobScheduleConfiguration>,
    /// The jobs.
    pub job_specification: Option<BatchJobSpecification>,
    /// How it has run so far.
    pub execution_info: Option<BatchJobScheduleExecutionInfo>,
    /// Names and values of the user.
    pub metadata: Option<Vec<BatchMetadataItem>>,
    /// Properties without a field of their own.
    #[serde(flatten)]
    pub other: serde_json::Map<String, serde_json::Value>,
}

/// How a job schedule has run so far.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchJobScheduleExecutionInfo {
    /// When the next job is made.
    pub next_run_time: Option<DateTime>,
    /// The job that was made last.
    pub recent_job: Option<RecentBatchJob>,
    /// When it completed.
    pub end_time: Option<DateTime>,
}

/// The job that a schedule made last.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecentBatchJob {
    /// Its id: `<schedule>:job-<n>`.
    pub id: Option<String>,
    /// Its URL.
    pub url: Option<String>,
}

/// The body of `PATCH /jobschedules/{jobScheduleId}`: what is absent stays as it is.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchJobScheduleUpdateOptions {
    /// When jobs are made.
    pub schedule: Option<BatchJobScheduleConfiguration>,
    /// The jobs; those that are there keep what they have.
    pub job_specification: Option<BatchJobSpecification>,
    /// Names and values of the user; replaces all of them.
    pub metadata: Option<Vec<BatchMetadataItem>>,
}
