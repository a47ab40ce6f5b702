//! Job schedules.

use serde::Serialize;

use crate::batch::model::{
    BatchJobSchedule, BatchJobScheduleConfiguration, BatchJobScheduleCreateOptions,
    BatchJobScheduleUpdateOptions, BatchJobSpecification,
};
use crate::batch::{JobScheduleId, PoolId};
use crate::secret::SecretRef;

use super::secret_values::references;
use super::{Digest, MetadataSpec, Ownership, SecretValues, UnresolvedSecret, normal};

/// A job schedule, in normal form: what is at its default is left out, secrets are references.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JobScheduleSpec {
    /// The schedule's id.
    pub id: JobScheduleId,
    /// A name for people.
    pub display_name: Option<String>,
    /// When jobs are made.
    pub recurrence: BatchJobScheduleConfiguration,
    /// The jobs.
    pub job: BatchJobSpecification,
    /// Names and values of the user.
    #[serde(skip_serializing_if = "MetadataSpec::is_empty")]
    pub metadata: MetadataSpec,
}

impl JobScheduleSpec {
    /// The digest of the normal form.
    pub fn digest(&self) -> Digest {
        Digest::of(self)
    }

    /// The pool that its jobs run on, if it is not made for them.
    pub fn pool(&self) -> Option<&PoolId> {
        self.job.pool_info.pool_id.as_ref()
    }

    /// The request that makes the schedule, marked as owned.
    ///
    /// # Errors
    /// When a secret is not known.
    pub fn to_create(
        &self,
        ownership: &Ownership,
        secrets: &SecretValues,
    ) -> Result<BatchJobScheduleCreateOptions, UnresolvedSecret> {
        secrets.fill(BatchJobScheduleCreateOptions {
            id: self.id.clone(),
            display_name: self.display_name.clone(),
            schedule: self.recurrence.clone(),
            job_specification: self.job.clone(),
            metadata: Some(ownership.to_metadata(&[])),
        })
    }

    /// The request that changes `schedule`, `job` or both; what is there already of metadata is `existing`.
    ///
    /// # Errors
    /// When a secret is not known.
    pub fn to_update(
        &self,
        (recurrence, job): (bool, bool),
        metadata: Vec<crate::batch::model::BatchMetadataItem>,
        secrets: &SecretValues,
    ) -> Result<BatchJobScheduleUpdateOptions, UnresolvedSecret> {
        secrets.fill(BatchJobScheduleUpdateOptions {
            schedule: recurrence.then(|| self.recurrence.clone()),
            job_specification: job.then(|| self.job.clone()),
            metadata: Some(metadata),
        })
    }

    /// The spec of a schedule that was read; `None` if it does not say which jobs it makes.
    pub fn from_wire(schedule: &BatchJobSchedule) -> Option<Self> {
        Some(Self {
            id: schedule.id.clone(),
            display_name: schedule.display_name.clone(),
            recurrence: normal(schedule.schedule.clone()).unwrap_or_default(),
            job: normal(schedule.job_specification.clone())?,
            metadata: Ownership::from_metadata(schedule.metadata.as_ref())
                .map(|own| own.metadata)
                .unwrap_or_default(),
        })
    }

    /// Every secret that the schedule refers to.
    pub fn secrets(&self) -> Vec<SecretRef> {
        references(&self.job)
    }
}
