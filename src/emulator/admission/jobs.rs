//! Jobs.

use serde_json::{Map, Value};

use super::preparation::preparation_and_release;
use super::properties::{metadata, retries};
use super::refusals::{invalid, missing, refuse};
use super::refused::{JOB, JOB_CHANGE, POOL_INFO};
use super::tasks::task;
use crate::batch::model::{
    BatchJobConstraints, BatchJobCreateOptions, BatchJobManagerTask, BatchJobUpdateOptions, BatchPoolInfo,
};
use crate::batch::{ErrorCode, JobId};
use crate::emulator::refusal::Refusal;

/// Checks a job that is to be made.
pub(crate) fn job(job: &BatchJobCreateOptions) -> Result<(), Refusal> {
    id(&job.id)?;
    job_definition(job)
}

/// Checks all of a job but its id.
pub(super) fn job_definition(job: &BatchJobCreateOptions) -> Result<(), Refusal> {
    refuse(job, &JOB)?;
    pool_info(&job.pool_info)?;
    priority(job.priority)?;
    max_parallel(job.max_parallel_tasks)?;
    constraints(job.constraints.as_ref())?;
    job.job_manager_task.as_ref().map_or(Ok(()), manager_task)?;
    preparation_and_release(job)?;
    metadata(job.metadata.as_deref())
}

fn manager_task(manager: &BatchJobManagerTask) -> Result<(), Refusal> {
    let definition =
        manager.to_task().map_err(|error| invalid("jobManagerTask.id", &manager.id, &error.to_string()))?;
    task(&definition)
}

/// Checks a change of a job; `body` is the whole of it, with what `update` has no field for.
pub(crate) fn job_update(update: &BatchJobUpdateOptions, body: &Map<String, Value>) -> Result<(), Refusal> {
    refuse(body, &JOB_CHANGE)?;
    update.pool_info.as_ref().map_or(Ok(()), pool_info)?;
    priority(update.priority)?;
    max_parallel(update.max_parallel_tasks)?;
    constraints(update.constraints.as_ref())?;
    metadata(update.metadata.as_deref())
}

/// Checks a job's replacement; the pool must be named.
pub(crate) fn job_replacement(
    update: &BatchJobUpdateOptions,
    body: &Map<String, Value>,
) -> Result<(), Refusal> {
    if update.pool_info.is_none() {
        return Err(missing("poolInfo"));
    }
    job_update(update, body)
}

/// Only the service itself makes jobs with a colon in their id: those of a schedule. In a node's folders they lie below the
/// schedule's name, where another job's tasks could be.
fn id(id: &JobId) -> Result<(), Refusal> {
    if id.as_str().contains(':') {
        let reason = "a job that is not a schedule's has letters, digits, hyphens and underscores only";
        return Err(invalid("id", id, reason));
    }
    Ok(())
}

fn pool_info(info: &BatchPoolInfo) -> Result<(), Refusal> {
    refuse(info, &POOL_INFO)?;
    if info.pool_id.is_none() {
        return Err(missing("poolInfo.poolId"));
    }
    Ok(())
}

fn priority(priority: Option<i32>) -> Result<(), Refusal> {
    match priority {
        Some(priority) if !(-1_000..=1_000).contains(&priority) => {
            Err(Refusal::new(ErrorCode::OUT_OF_RANGE_PRIORITY).with("PropertyValue", priority.to_string()))
        }
        _ => Ok(()),
    }
}

fn max_parallel(count: Option<i32>) -> Result<(), Refusal> {
    match count {
        Some(count) if count != -1 && count <= 0 => {
            Err(invalid("maxParallelTasks", count, "-1 means without limit; else at least 1"))
        }
        _ => Ok(()),
    }
}

fn constraints(constraints: Option<&BatchJobConstraints>) -> Result<(), Refusal> {
    retries(
        "constraints.maxTaskRetryCount",
        constraints.and_then(|constraints| constraints.max_task_retry_count),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(name: &str, value: Value) -> Result<(), Refusal> {
        let mut body = json!({"id": "j", "poolInfo": {"poolId": "p"}});
        body[name] = value;
        job(&serde_json::from_value(body).unwrap())
    }

    #[test]
    fn jobs_that_need_more_than_tasks_are_refused_by_name() {
        assert_eq!(check("networkConfiguration", json!({"subnetId": "s"})), Ok(()));
        for (name, value, property) in [
            (
                "jobPreparationTask",
                json!({"commandLine": "x", "resourceFiles": [{"autoStorageContainerName": "in"}]}),
                "autoStorageContainerName",
            ),
            (
                "jobManagerTask",
                json!({"id": "m", "commandLine": "x", "resourceFiles": [{"autoStorageContainerName": "in"}]}),
                "autoStorageContainerName",
            ),
            (
                "poolInfo",
                json!({"autoPoolSpecification": {"poolLifetimeOption": "job"}}),
                "autoPoolSpecification",
            ),
        ] {
            let error = check(name, value).unwrap_err();
            assert_eq!((error.status, error.detail("PropertyName")), (501, Some(property)));
        }
    }

    #[test]
    fn values_out_of_range_are_refused() {
        assert_eq!(check("jobManagerTask", json!({"id": "m", "commandLine": "x"})), Ok(()));
        let manager = |access| json!({"id": "m", "commandLine": "x", "authenticationTokenSettings": {"access": [access]}});
        assert_eq!(check("jobManagerTask", manager("job")), Ok(()));
        assert_eq!(check("jobManagerTask", manager("account")).unwrap_err().status, 400);
        for manager in [json!({"id": "a b", "commandLine": "x"}), json!({"id": "m", "commandLine": ""})] {
            assert_eq!(check("jobManagerTask", manager).unwrap_err().status, 400);
        }
        assert!(check("priority", json!(1_001)).unwrap_err().is(ErrorCode::OUT_OF_RANGE_PRIORITY));
        assert!(check("maxParallelTasks", json!(0)).unwrap_err().is(ErrorCode::INVALID_PROPERTY_VALUE));
        assert!(check("poolInfo", json!({})).unwrap_err().is(ErrorCode::MISSING_REQUIRED_PROPERTY));
        assert_eq!(check("maxParallelTasks", json!(-1)), Ok(()));
        assert!(check("id", json!("other:job-1")).unwrap_err().is(ErrorCode::INVALID_PROPERTY_VALUE));
    }

    #[test]
    fn a_change_that_would_be_lost_is_refused() {
        let body = json!({"priority": 1, "allowTaskPreemption": true});
        let update = serde_json::from_value(body.clone()).unwrap();
        assert_eq!(job_update(&update, body.as_object().unwrap()).unwrap_err().status, 501);
    }
}
