//! Jobs.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::batch::model::{
    BatchAllTasksCompleteMode, BatchAutoPoolSpecification, BatchJob, BatchJobConstraints,
    BatchJobCreateOptions, BatchJobManagerTask, BatchJobNetworkConfiguration, BatchJobPreparationTask,
    BatchJobReleaseTask, BatchJobSpecification, BatchPoolInfo, BatchTaskFailureMode,
};
use crate::batch::{JobId, PoolId, TaskId, WireDuration};
use crate::secret::SecretRef;

use super::environment::{self, EnvironmentSpec};
use super::pool::metadata_to_wire;
use super::secret_values::references;
use super::{Digest, MetadataSpec, Ownership, SecretValues, UnresolvedSecret, normal};

/// What happens to a job once all of its tasks have completed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnComplete {
    /// It stays active and takes more tasks.
    #[default]
    Keep,
    /// It ends.
    Terminate,
}

/// The pool that a job runs on.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum JobPool {
    /// A pool by its id.
    Existing(PoolId),
    /// A pool that the service makes for the job. Its secrets are references.
    Auto {
        /// The pool.
        auto: Box<BatchAutoPoolSpecification>,
    },
}

impl JobPool {
    /// The id, if the recipe knows it.
    pub fn id(&self) -> Option<&PoolId> {
        match self {
            Self::Existing(id) => Some(id),
            Self::Auto { .. } => None,
        }
    }

    /// The wire form; secrets are still references.
    pub fn to_wire(&self) -> BatchPoolInfo {
        match self {
            Self::Existing(id) => BatchPoolInfo { pool_id: Some(id.clone()), ..BatchPoolInfo::default() },
            Self::Auto { auto } => {
                BatchPoolInfo { auto_pool_specification: Some((**auto).clone()), ..BatchPoolInfo::default() }
            }
        }
    }

    fn from_wire(info: &BatchPoolInfo) -> Option<Self> {
        match (&info.pool_id, &info.auto_pool_specification) {
            (_, Some(auto)) => normal(Some(auto.clone())).map(|auto| Self::Auto { auto: Box::new(auto) }),
            (Some(id), None) => Some(Self::Existing(id.clone())),
            (None, None) => None,
        }
    }
}

/// A job, in normal form: the numbers and words that every job has are spelled out, everything else that is at its default is left
/// out. Its tasks are a stream of their own. Parts in the words of the REST API hold their secrets as references.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JobSpec {
    /// The job's id.
    pub id: JobId,
    /// A name for people.
    pub display_name: Option<String>,
    /// The pool it runs on.
    pub pool: JobPool,
    /// -1000 (lowest) to 1000.
    pub priority: i32,
    /// How often each task may be run again; -1 means without limit.
    pub retries: i32,
    /// How long it may run; `None` means without limit.
    pub max_wall_time: Option<Duration>,
    /// Environment variables of all tasks.
    pub environment: EnvironmentSpec,
    /// What happens once all tasks have completed.
    pub on_complete: OnComplete,
    /// What happens when a task fails.
    pub on_task_failure: BatchTaskFailureMode,
    /// How many tasks run at once at the most; -1 means without limit.
    pub max_parallel_tasks: i32,
    /// Whether jobs of higher priority may put running tasks back in the queue.
    pub allow_task_preemption: bool,
    /// Whether tasks depend on each other.
    pub uses_task_dependencies: bool,
    /// The network that nodes join while they run tasks of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<BatchJobNetworkConfiguration>,
    /// The task that the job starts with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manager_task: Option<BatchJobManagerTask>,
    /// The task that every node runs before its first task of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preparation_task: Option<BatchJobPreparationTask>,
    /// The task that every node that ran the preparation task runs once the job has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release_task: Option<BatchJobReleaseTask>,
    /// Names and values of the user.
    #[serde(skip_serializing_if = "MetadataSpec::is_empty")]
    pub metadata: MetadataSpec,
}

impl JobSpec {
    /// A job on that pool, with nothing else set.
    pub fn new(id: JobId, pool: JobPool) -> Self {
        Self {
            id,
            display_name: None,
            pool,
            priority: 0,
            retries: 0,
            max_wall_time: None,
            environment: EnvironmentSpec::new(),
            on_complete: OnComplete::Keep,
            on_task_failure: BatchTaskFailureMode::NoAction,
            max_parallel_tasks: -1,
            allow_task_preemption: false,
            uses_task_dependencies: false,
            network: None,
            manager_task: None,
            preparation_task: None,
            release_task: None,
            metadata: MetadataSpec::new(),
        }
    }

    /// The id of its job manager task, which the service makes.
    pub fn manager(&self) -> Option<TaskId> {
        TaskId::new(self.manager_task.as_ref()?.id.clone()).ok()
    }

    /// The digest of the normal form.
    pub fn digest(&self) -> Digest {
        Digest::of(self)
    }

    /// The job without its id, as schedules describe it; secrets are still references.
    pub fn to_specification(&self) -> BatchJobSpecification {
        BatchJobSpecification {
            priority: Some(self.priority),
            // Accounts without the feature refuse the property whatever it says.
            allow_task_preemption: self.allow_task_preemption.then_some(true),
            max_parallel_tasks: (self.max_parallel_tasks != -1).then_some(self.max_parallel_tasks),
            display_name: self.display_name.clone(),
            uses_task_dependencies: Some(self.uses_task_dependencies),
            on_all_tasks_complete: Some(match self.on_complete {
                OnComplete::Keep => BatchAllTasksCompleteMode::NoAction,
                OnComplete::Terminate => BatchAllTasksCompleteMode::TerminateJob,
            }),
            on_task_failure: Some(self.on_task_failure.clone()),
            network_configuration: self.network.clone(),
            constraints: Some(self.constraints()),
            job_manager_task: self.manager_task.clone(),
            job_preparation_task: self.preparation_task.clone(),
            job_release_task: self.release_task.clone(),
            common_environment_settings: environment::to_wire(&self.environment),
            pool_info: self.pool.to_wire(),
            metadata: metadata_to_wire(&self.metadata),
        }
    }

    /// The request that makes the job, marked as owned. The job is made so that it stays when it has no tasks yet; see
    /// [`JobSpec::on_complete`] for what is set once all tasks are there.
    ///
    /// # Errors
    /// When a secret is not known.
    pub fn to_create(
        &self,
        ownership: &Ownership,
        secrets: &SecretValues,
    ) -> Result<BatchJobCreateOptions, UnresolvedSecret> {
        let job = self.to_specification();
        secrets.fill(BatchJobCreateOptions {
            id: self.id.clone(),
            display_name: job.display_name,
            uses_task_dependencies: job.uses_task_dependencies,
            priority: job.priority,
            max_parallel_tasks: job.max_parallel_tasks,
            allow_task_preemption: job.allow_task_preemption,
            constraints: job.constraints,
            common_environment_settings: job.common_environment_settings,
            pool_info: job.pool_info,
            on_all_tasks_complete: Some(BatchAllTasksCompleteMode::NoAction),
            on_task_failure: job.on_task_failure,
            job_manager_task: job.job_manager_task,
            job_preparation_task: job.job_preparation_task,
            job_release_task: job.job_release_task,
            network_configuration: job.network_configuration,
            metadata: Some(ownership.to_metadata(&[])),
            other: serde_json::Map::new(),
        })
    }

    /// The constraints in their wire form, both spelled out so that an update sets both.
    pub fn constraints(&self) -> BatchJobConstraints {
        BatchJobConstraints {
            max_wall_clock_time: Some(
                self.max_wall_time.map_or(WireDuration::Unlimited, WireDuration::Limited),
            ),
            max_task_retry_count: Some(self.retries),
        }
    }

    /// The spec of a job that was read, with the service's defaults spelled out or left out as the normal form has it.
    pub fn from_wire(job: &BatchJob) -> Option<Self> {
        let constraints = job.constraints.clone().unwrap_or_default();
        Some(Self {
            id: job.id.clone(),
            display_name: job.display_name.clone(),
            pool: JobPool::from_wire(job.pool_info.as_ref()?)?,
            priority: job.priority.unwrap_or(0),
            retries: constraints.max_task_retry_count.unwrap_or(0),
            max_wall_time: constraints.max_wall_clock_time.and_then(WireDuration::limit),
            environment: environment::from_wire(job.common_environment_settings.as_ref()),
            on_complete: match job.on_all_tasks_complete {
                Some(BatchAllTasksCompleteMode::TerminateJob) => OnComplete::Terminate,
                _ => OnComplete::Keep,
            },
            on_task_failure: job.on_task_failure.clone().unwrap_or(BatchTaskFailureMode::NoAction),
            max_parallel_tasks: job.max_parallel_tasks.unwrap_or(-1),
            allow_task_preemption: job.allow_task_preemption.unwrap_or(false),
            uses_task_dependencies: job.uses_task_dependencies.unwrap_or(false),
            network: normal(job.network_configuration.clone()),
            manager_task: normal(job.job_manager_task.clone()),
            preparation_task: normal(job.job_preparation_task.clone()),
            release_task: normal(job.job_release_task.clone()),
            metadata: Ownership::from_metadata(job.metadata.as_ref())
                .map(|own| own.metadata)
                .unwrap_or_default(),
        })
    }

    /// Every secret that the job refers to, other than those of its tasks.
    pub fn secrets(&self) -> Vec<SecretRef> {
        references(&self.to_specification())
    }
}
