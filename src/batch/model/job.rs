//! Jobs.

use serde::{Deserialize, Serialize};
use serde_with::{DisplayFromStr, PickFirst, serde_as, skip_serializing_none};

use super::{
    BatchAutoPoolSpecification, BatchErrorSourceCategory, BatchJobManagerTask, BatchJobNetworkConfiguration,
    BatchJobPreparationTask, BatchJobReleaseTask, BatchMetadataItem, EnvironmentSetting, NameValuePair,
};
use crate::batch::wire_enum::wire_enum;
use crate::batch::{DateTime, JobId, PoolId, WireDuration};

wire_enum!(
    /// The state of a job.
    BatchJobState {
        /// Its tasks can run.
        Active = "active",
        /// It is being disabled.
        Disabling = "disabling",
        /// Its tasks don't run.
        Disabled = "disabled",
        /// It is being enabled.
        Enabling = "enabling",
        /// It is ending.
        Terminating = "terminating",
        /// It has ended; it takes no more tasks.
        Completed = "completed",
        /// It is going away.
        Deleting = "deleting",
    }
);

wire_enum!(
    /// What happens to a job once all of its tasks have completed.
    BatchAllTasksCompleteMode {
        /// Nothing.
        NoAction = "noaction",
        /// The job ends.
        TerminateJob = "terminatejob",
    }
);

wire_enum!(
    /// What happens to a job when one of its tasks fails.
    BatchTaskFailureMode {
        /// Nothing.
        NoAction = "noaction",
        /// What the task's exit conditions say.
        PerformExitOptionsJobAction = "performexitoptionsjobaction",
    }
);

wire_enum!(
    /// What happens to the running tasks of a job that is disabled.
    DisableBatchJobOption {
        /// Ended and put back in the queue.
        Requeue = "requeue",
        /// Ended for good.
        Terminate = "terminate",
        /// Waited for.
        Wait = "wait",
    }
);

/// How long a job and how often its tasks may run.
#[serde_as]
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchJobConstraints {
    /// How long the job may run; absent means without limit.
    pub max_wall_clock_time: Option<WireDuration>,
    /// How often each task may be run again after a failure; -1 means without limit, default 0.
    #[serde_as(as = "Option<PickFirst<(_, DisplayFromStr)>>")]
    #[serde(default)]
    pub max_task_retry_count: Option<i32>,
}

/// The pool that a job runs on.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchPoolInfo {
    /// The id of a pool; it need not exist yet.
    pub pool_id: Option<PoolId>,
    /// A pool that the service makes for the job; excludes the id.
    pub auto_pool_specification: Option<BatchAutoPoolSpecification>,
    /// Properties without a field of their own.
    #[serde(flatten)]
    pub other: serde_json::Map<String, serde_json::Value>,
}

/// The body of `POST /jobs`.
#[serde_as]
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchJobCreateOptions {
    /// The job's id.
    pub id: JobId,
    /// A name for people.
    pub display_name: Option<String>,
    /// Whether tasks may depend on each other; default false.
    pub uses_task_dependencies: Option<bool>,
    /// -1000 (lowest) to 1000; default 0.
    #[serde_as(as = "Option<PickFirst<(_, DisplayFromStr)>>")]
    #[serde(default)]
    pub priority: Option<i32>,
    /// How many tasks run at once at the most; -1 means without limit, the default.
    #[serde_as(as = "Option<PickFirst<(_, DisplayFromStr)>>")]
    #[serde(default)]
    pub max_parallel_tasks: Option<i32>,
    /// How long the job and how often its tasks may run.
    pub constraints: Option<BatchJobConstraints>,
    /// Environment variables of all tasks.
    pub common_environment_settings: Option<Vec<EnvironmentSetting>>,
    /// The pool that it runs on.
    pub pool_info: BatchPoolInfo,
    /// What happens once all tasks have completed; default `noaction`.
    pub on_all_tasks_complete: Option<BatchAllTasksCompleteMode>,
    /// What happens when a task fails; default `noaction`.
    pub on_task_failure: Option<BatchTaskFailureMode>,
    /// Names and values of the user.
    pub metadata: Option<Vec<BatchMetadataItem>>,
    /// Whether jobs of higher priority may put running tasks back in the queue; default false.
    pub allow_task_preemption: Option<bool>,
    /// The task that the job starts with.
    pub job_manager_task: Option<BatchJobManagerTask>,
    /// The task that every node runs before its first task of the job.
    pub job_preparation_task: Option<BatchJobPreparationTask>,
    /// The task that every node that ran the preparation task runs when the job ends.
    pub job_release_task: Option<BatchJobReleaseTask>,
    /// The network that nodes join while they run tasks of the job.
    pub network_configuration: Option<BatchJobNetworkConfiguration>,
    /// Properties without a field of their own.
    #[serde(flatten)]
    pub other: serde_json::Map<String, serde_json::Value>,
}

/// A job, as the service returns it. With `$select` everything but the id may be absent.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchJob {
    /// The job's id.
    pub id: JobId,
    /// A name for people.
    pub display_name: Option<String>,
    /// Whether tasks may depend on each other.
    pub uses_task_dependencies: Option<bool>,
    /// The job's URL.
    pub url: Option<String>,
    /// The version of the object.
    pub e_tag: Option<String>,
    /// When the object last changed.
    pub last_modified: Option<DateTime>,
    /// When it was created.
    pub creation_time: Option<DateTime>,
    /// Its state.
    pub state: Option<BatchJobState>,
    /// When it came into that state.
    pub state_transition_time: Option<DateTime>,
    /// The state before; absent in the first one.
    pub previous_state: Option<BatchJobState>,
    /// When it came into the state before.
    pub previous_state_transition_time: Option<DateTime>,
    /// -1000 (lowest) to 1000.
    pub priority: Option<i32>,
    /// How many tasks run at once at the most.
    pub max_parallel_tasks: Option<i32>,
    /// How long the job and how often its tasks may run.
    pub constraints: Option<BatchJobConstraints>,
    /// Environment variables of all tasks.
    pub common_environment_settings: Option<Vec<EnvironmentSetting>>,
    /// The pool that it runs on.
    pub pool_info: Option<BatchPoolInfo>,
    /// What happens once all tasks have completed.
    pub on_all_tasks_complete: Option<BatchAllTasksCompleteMode>,
    /// What happens when a task fails.
    pub on_task_failure: Option<BatchTaskFailureMode>,
    /// Names and values of the user.
    pub metadata: Option<Vec<BatchMetadataItem>>,
    /// How the job has run so far.
    pub execution_info: Option<BatchJobExecutionInfo>,
    /// Whether jobs of higher priority may put running tasks back in the queue; default false.
    pub allow_task_preemption: Option<bool>,
    /// The task that the job starts with.
    pub job_manager_task: Option<BatchJobManagerTask>,
    /// The task that every node runs before its first task of the job.
    pub job_preparation_task: Option<BatchJobPreparationTask>,
    /// The task that every node that ran the preparation task runs when the job ends.
    pub job_release_task: Option<BatchJobReleaseTask>,
    /// The network that nodes join while they run tasks of the job.
    pub network_configuration: Option<BatchJobNetworkConfiguration>,
    /// Properties without a field of their own.
    #[serde(flatten)]
    pub other: serde_json::Map<String, serde_json::Value>,
}

/// How a job has run so far.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchJobExecutionInfo {
    /// When it was created.
    pub start_time: DateTime,
    /// When it completed.
    pub end_time: Option<DateTime>,
    /// The pool that it is assigned to.
    pub pool_id: Option<PoolId>,
    /// Why the service could not start it.
    pub scheduling_error: Option<BatchJobSchedulingError>,
    /// Why it ended, for example `AllTasksComplete`.
    pub terminate_reason: Option<String>,
}

/// Why the service could not start a job.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchJobSchedulingError {
    /// Whose fault it is.
    pub category: BatchErrorSourceCategory,
    /// A code, for example `AutoPoolCreationFailedWithQuotaReached`.
    pub code: Option<String>,
    /// A message for people.
    pub message: Option<String>,
    /// Details.
    pub details: Option<Vec<NameValuePair>>,
}

/// The body of `PATCH /jobs/{jobId}`: what is absent stays as it is.
#[serde_as]
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchJobUpdateOptions {
    /// -1000 (lowest) to 1000.
    #[serde_as(as = "Option<PickFirst<(_, DisplayFromStr)>>")]
    #[serde(default)]
    pub priority: Option<i32>,
    /// How many tasks run at once at the most.
    #[serde_as(as = "Option<PickFirst<(_, DisplayFromStr)>>")]
    #[serde(default)]
    pub max_parallel_tasks: Option<i32>,
    /// How long the job and how often its tasks may run.
    pub constraints: Option<BatchJobConstraints>,
    /// The pool that it runs on; only while the job is disabled.
    pub pool_info: Option<BatchPoolInfo>,
    /// What happens once all tasks have completed; only from `noaction` to `terminatejob`.
    pub on_all_tasks_complete: Option<BatchAllTasksCompleteMode>,
    /// Names and values of the user; replaces all of them.
    pub metadata: Option<Vec<BatchMetadataItem>>,
    /// Whether jobs of higher priority may put running tasks back in the queue.
    pub allow_task_preemption: Option<bool>,
    /// The network that nodes join while they run tasks of the job.
    pub network_configuration: Option<BatchJobNetworkConfiguration>,
}

/// The body of `PUT /jobs/{jobId}`: what is absent becomes the default. Its network can't be replaced.
#[serde_as]
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchJobReplaceOptions {
    /// -1000 (lowest) to 1000; default 0.
    #[serde_as(as = "Option<PickFirst<(_, DisplayFromStr)>>")]
    #[serde(default)]
    pub priority: Option<i32>,
    /// How many tasks run at once at the most; default -1, without limit.
    #[serde_as(as = "Option<PickFirst<(_, DisplayFromStr)>>")]
    #[serde(default)]
    pub max_parallel_tasks: Option<i32>,
    /// How long the job and how often its tasks may run.
    pub constraints: Option<BatchJobConstraints>,
    /// The pool that it runs on; another one only while the job is disabled.
    pub pool_info: BatchPoolInfo,
    /// What happens once all tasks have completed; default `noaction`.
    pub on_all_tasks_complete: Option<BatchAllTasksCompleteMode>,
    /// Names and values of the user.
    pub metadata: Option<Vec<BatchMetadataItem>>,
    /// Whether jobs of higher priority may put running tasks back in the queue.
    pub allow_task_preemption: Option<bool>,
}

/// The body of `POST /jobs/{jobId}/terminate`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchJobTerminateOptions {
    /// Why; default `UserTerminate`.
    pub terminate_reason: Option<String>,
}

/// The body of `POST /jobs/{jobId}/disable`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchJobDisableOptions {
    /// What happens to running tasks.
    pub disable_tasks: DisableBatchJobOption,
}
