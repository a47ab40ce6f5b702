//! Jobs.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::batch::model::{
    BatchAllTasksCompleteMode, BatchJob, BatchJobConstraints, BatchJobCreateOptions, BatchPoolInfo,
};
use crate::batch::{JobId, PoolId, WireDuration};
use crate::secret::SecretRef;

use super::environment::{self, EnvironmentSpec};
use super::{Digest, Ownership, SecretValues, UnresolvedSecret};

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

/// A job, in normal form: defaults are spelled out. Its tasks are a stream of their own.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JobSpec {
    /// The job's id.
    pub id: JobId,
    /// A name for people.
    pub display_name: Option<String>,
    /// The pool it runs on.
    pub pool: PoolId,
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
    /// Whether tasks depend on each other.
    pub uses_task_dependencies: bool,
}

impl JobSpec {
    /// The digest of the normal form.
    pub fn digest(&self) -> Digest {
        Digest::of(self)
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
        Ok(BatchJobCreateOptions {
            id: self.id.clone(),
            display_name: self.display_name.clone(),
            uses_task_dependencies: Some(self.uses_task_dependencies),
            priority: Some(self.priority),
            max_parallel_tasks: None,
            constraints: Some(self.constraints()),
            common_environment_settings: environment::to_wire(&self.environment, secrets)?,
            pool_info: BatchPoolInfo { pool_id: Some(self.pool.clone()), other: serde_json::Map::new() },
            on_all_tasks_complete: Some(BatchAllTasksCompleteMode::NoAction),
            on_task_failure: None,
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

    /// The spec of a job that was read, with the service's defaults spelled out.
    pub fn from_wire(job: &BatchJob) -> Option<Self> {
        let constraints = job.constraints.clone().unwrap_or_default();
        Some(Self {
            id: job.id.clone(),
            display_name: job.display_name.clone(),
            pool: job.pool_info.as_ref()?.pool_id.clone()?,
            priority: job.priority.unwrap_or(0),
            retries: constraints.max_task_retry_count.unwrap_or(0),
            max_wall_time: constraints.max_wall_clock_time.and_then(WireDuration::limit),
            environment: environment::from_wire(job.common_environment_settings.as_ref()),
            on_complete: match job.on_all_tasks_complete {
                Some(BatchAllTasksCompleteMode::TerminateJob) => OnComplete::Terminate,
                _ => OnComplete::Keep,
            },
            uses_task_dependencies: job.uses_task_dependencies.unwrap_or(false),
        })
    }

    /// Every secret that the job refers to, other than those of its tasks.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretRef> {
        environment::secrets(&self.environment)
    }
}
