//! Pools that are made for jobs: with a job or the first of a schedule, and deleted when that is over.

use super::{Failure, Unit};
use crate::batch::model::{
    BatchAutoPoolSpecification, BatchErrorSourceCategory, BatchJobSchedulingError, BatchPoolCreateOptions,
    BatchPoolInfo, BatchPoolLifetimeOption, NameValuePair,
};
use crate::batch::{ErrorCode, InvalidId, PoolId};
use crate::emulator::lifecycle::PoolEvent;
use crate::emulator::refusal::Refusal;
use crate::emulator::store::{JobRecord, JobScheduleRecord, StoreError};
use crate::emulator::{admission, defaults};

/// What came of making a pool for a job.
#[derive(Debug, Clone)]
pub(super) enum AutoPool {
    /// The job names a pool.
    NotWanted,
    /// It is there.
    Made(PoolId),
    /// It can't be.
    Impossible(BatchJobSchedulingError),
}

impl JobRecord {
    /// Notes the pool that was made for the job; the answer is why it could not be.
    pub(super) fn assign_auto_pool(&mut self, pool: AutoPool) -> Option<BatchJobSchedulingError> {
        match pool {
            AutoPool::NotWanted => None,
            AutoPool::Made(id) => {
                if let Some(execution) = &mut self.job.execution_info {
                    execution.pool_id = Some(id);
                }
                None
            }
            AutoPool::Impossible(error) => Some(error),
        }
    }
}

impl Unit<'_> {
    /// Makes the pool that a job is to have for itself.
    pub(super) fn pool_of_job(&mut self, info: &BatchPoolInfo) -> Result<AutoPool, Failure> {
        match &info.auto_pool_specification {
            Some(specification) => self.make_auto_pool(specification),
            None => Ok(AutoPool::NotWanted),
        }
    }

    /// The pool of a schedule's next job: one for itself, or that of all the schedule's jobs, which the first of them has made. One
    /// that was deleted meanwhile is made again.
    pub(super) fn pool_of_schedule(
        &mut self,
        schedule: &mut JobScheduleRecord,
        info: &BatchPoolInfo,
    ) -> Result<AutoPool, Failure> {
        if !info.auto_pool_specification.as_ref().is_some_and(is_shared) {
            return self.pool_of_job(info);
        }
        if let Some(id) = &schedule.auto_pool
            && self.pools().find(id)?.is_some_and(|pool| !pool.is_deleting())
        {
            return Ok(AutoPool::Made(id.clone()));
        }
        let pool = self.pool_of_job(info)?;
        if let AutoPool::Made(id) = &pool {
            schedule.auto_pool = Some(id.clone());
        }
        Ok(pool)
    }

    /// A job is over, and with it the time of the pool that it has for itself.
    pub(super) fn end_pool_of_job(&mut self, job: &JobRecord) -> Result<(), Failure> {
        let Some(specification) = job.auto_pool().filter(|specification| !is_shared(specification)) else {
            return Ok(());
        };
        let made = job.job.execution_info.as_ref().and_then(|info| info.pool_id.as_ref());
        self.end_auto_pool(specification, made)
    }

    /// A schedule is over, and with it the time of the pool that its jobs share.
    pub(super) fn end_pool_of_schedule(&mut self, schedule: &JobScheduleRecord) -> Result<(), Failure> {
        let job = schedule.schedule.job_specification.as_ref();
        match job.and_then(|job| job.pool_info.auto_pool_specification.as_ref()) {
            Some(specification) => self.end_auto_pool(specification, schedule.auto_pool.as_ref()),
            None => Ok(()),
        }
    }

    fn end_auto_pool(
        &mut self,
        specification: &BatchAutoPoolSpecification,
        made: Option<&PoolId>,
    ) -> Result<(), Failure> {
        let (Some(id), Some(false) | None) = (made, specification.keep_alive) else { return Ok(()) };
        let Some(mut pool) = self.pools().find(id)?.filter(|pool| !pool.is_deleting()) else {
            return Ok(());
        };
        let nodes = self.pools().census(pool.row)?;
        self.stamp(&mut pool);
        self.pool_event(&mut pool, PoolEvent::Delete { nodes })
    }

    fn make_auto_pool(&mut self, specification: &BatchAutoPoolSpecification) -> Result<AutoPool, Failure> {
        let Some(pool) = specification.pool.clone() else { return Ok(AutoPool::NotWanted) };
        let id = auto_pool_id(specification.auto_pool_id_prefix.as_deref()).map_err(StoreError::from)?;
        match self.create_readable_pool(pool.into_pool(id.clone())) {
            Ok(_) => Ok(AutoPool::Made(id)),
            Err(Failure::Refused(refusal)) => Ok(AutoPool::Impossible(scheduling_error(&refusal))),
            Err(failure) => Err(failure),
        }
    }

    /// Makes a pool whose formula, if it has one, nobody has read yet.
    fn create_readable_pool(&mut self, pool: BatchPoolCreateOptions) -> Result<(), Failure> {
        if let Some(formula) = pool.auto_scale_formula.as_deref() {
            admission::formula_to_keep(formula)?;
        }
        self.create_pool(pool).map(drop)
    }
}

/// Whether all jobs of a schedule have the pool together.
fn is_shared(specification: &BatchAutoPoolSpecification) -> bool {
    specification.pool_lifetime_option == BatchPoolLifetimeOption::JobSchedule
}

/// The id of a new pool: a GUID in upper case, as the service has it.
fn auto_pool_id(prefix: Option<&str>) -> Result<PoolId, InvalidId> {
    let guid = uuid::Uuid::new_v4().to_string().to_uppercase();
    PoolId::new(format!("{}{guid}", prefix.unwrap_or_default()))
}

/// What a job says whose pool was refused (the codes of `JobSchedulingErrorCodes` in the SDKs).
fn scheduling_error(refusal: &Refusal) -> BatchJobSchedulingError {
    let code = if refusal.is(ErrorCode::POOL_QUOTA_REACHED) {
        "AutoPoolCreationFailedWithQuotaReached"
    } else if refusal.is(ErrorCode::INVALID_CERTIFICATE_REFERENCES) {
        "InvalidCertificatesInAutoPool"
    } else if refusal.is(ErrorCode::AUTO_SCALING_FORMULA_SYNTAX_ERROR) {
        "InvalidAutoScaleFormulaInAutoPool"
    } else {
        "InvalidAutoPoolSettings"
    };
    let details = refusal
        .body
        .values
        .iter()
        .map(|detail| NameValuePair { name: Some(detail.key.clone()), value: Some(detail.value.clone()) });
    BatchJobSchedulingError {
        category: BatchErrorSourceCategory::UserError,
        code: Some(code.to_owned()),
        message: Some(refusal.body.message.value.clone()),
        details: Some(details.collect()).filter(|details: &Vec<_>| !details.is_empty()),
    }
}

/// Whether what a change says of a job's pool leaves its auto pool what it is: of that, a job may change only `keepAlive`, and only
/// if it has the pool for itself.
pub(super) fn may_change_auto_pool(job: &JobRecord, info: &BatchPoolInfo) -> Result<(), Refusal> {
    let refused = |reason: &str| {
        Err(Refusal::new(ErrorCode::INVALID_PROPERTY_VALUE)
            .with("PropertyName", "poolInfo.autoPoolSpecification")
            .with("Reason", reason))
    };
    let (own, wanted) = match (job.auto_pool(), &info.auto_pool_specification) {
        (None, None) => return Ok(()),
        (None, Some(_)) => return refused("a job that was made for a pool gets no auto pool"),
        (Some(_), None) => return refused("a job with an auto pool stays on it"),
        (Some(own), Some(wanted)) => (own, defaults::auto_pool(wanted.clone())),
    };
    let is_same = wanted == *own;
    let differs_in_keeping = BatchAutoPoolSpecification { keep_alive: own.keep_alive, ..wanted } == *own;
    match () {
        () if is_same || (differs_in_keeping && !is_shared(own)) => Ok(()),
        () => refused("only `keepAlive` can change, and only of a pool that lives as long as its job"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::emulator::store::JobRow;

    fn specification(lifetime: &str, more: Value) -> Value {
        let mut value = json!({"poolLifetimeOption": lifetime, "pool": {"vmSize": "small"}});
        value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        value
    }

    fn job(info: Value) -> JobRecord {
        let mut job: crate::batch::model::BatchJob =
            serde_json::from_value(json!({"id": "j", "poolInfo": info})).unwrap();
        if let Some(info) = &mut job.pool_info {
            info.auto_pool_specification = info.auto_pool_specification.take().map(defaults::auto_pool);
        }
        JobRecord { row: JobRow(1), job }
    }

    #[test]
    fn of_an_auto_pool_only_its_keeping_can_change() {
        let auto = |lifetime, more| json!({"autoPoolSpecification": specification(lifetime, more)});
        for (before, after, fits) in [
            (auto("job", json!({})), auto("job", json!({})), true),
            (auto("job", json!({})), auto("job", json!({"keepAlive": true})), true),
            (auto("job", json!({"keepAlive": true})), auto("job", json!({})), true),
            (auto("jobschedule", json!({})), auto("jobschedule", json!({"keepAlive": false})), true),
            (auto("jobschedule", json!({})), auto("jobschedule", json!({"keepAlive": true})), false),
            (auto("job", json!({})), auto("job", json!({"autoPoolIdPrefix": "x"})), false),
            (auto("job", json!({})), auto("job", json!({"pool": {"vmSize": "large"}})), false),
            (auto("job", json!({})), json!({"poolId": "p"}), false),
            (json!({"poolId": "p"}), auto("job", json!({})), false),
            (json!({"poolId": "p"}), json!({"poolId": "q"}), true),
        ] {
            let wanted = serde_json::from_value(after.clone()).unwrap();
            assert_eq!(may_change_auto_pool(&job(before.clone()), &wanted).is_ok(), fits, "{before} {after}");
        }
    }

    #[test]
    fn the_id_of_an_auto_pool_is_new_and_begins_as_wanted() {
        let id = auto_pool_id(Some("train-")).unwrap();
        assert!(id.as_str().starts_with("train-") && id.as_str().len() == 6 + 36, "{id}");
        assert_ne!(auto_pool_id(None).unwrap(), auto_pool_id(None).unwrap());
    }
}
