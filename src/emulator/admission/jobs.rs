//! Jobs.

use serde_json::{Map, Value};

use super::pools::pool;
use super::preparation::preparation_and_release;
use super::properties::{metadata, retries};
use super::refusals::{invalid, missing, refuse};
use super::refused::JOB_CHANGE;
use super::tasks::task;
use crate::batch::model::{
    BatchAutoPoolSpecification, BatchJobConstraints, BatchJobCreateOptions, BatchJobManagerTask,
    BatchJobUpdateOptions, BatchPoolInfo, BatchPoolLifetimeOption,
};
use crate::batch::{ErrorCode, JobId, PoolId};
use crate::emulator::refusal::Refusal;

/// The most characters of what the id of an auto pool begins with.
const MAX_PREFIX: usize = 20;

/// Checks a job that is to be made.
pub(crate) fn job(job: &BatchJobCreateOptions) -> Result<(), Refusal> {
    id(&job.id)?;
    if let Some(auto) = &job.pool_info.auto_pool_specification
        && auto.pool_lifetime_option == BatchPoolLifetimeOption::JobSchedule
    {
        let reason = "only jobs of a schedule have a pool that lives as long as that";
        return Err(invalid("autoPoolSpecification.poolLifetimeOption", &auto.pool_lifetime_option, reason));
    }
    job_definition(job)
}

/// Checks all of a job but its id.
pub(super) fn job_definition(job: &BatchJobCreateOptions) -> Result<(), Refusal> {
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
    match (&info.pool_id, &info.auto_pool_specification) {
        (None, None) => Err(missing("poolInfo.poolId")),
        (Some(_), None) => Ok(()),
        (Some(id), Some(_)) => {
            Err(invalid("poolInfo.poolId", id, "a job has either `poolId` or `autoPoolSpecification`"))
        }
        (None, Some(auto)) => auto_pool(auto),
    }
}

/// Checks a pool that is to be made for jobs.
fn auto_pool(auto: &BatchAutoPoolSpecification) -> Result<(), Refusal> {
    if let BatchPoolLifetimeOption::Other(other) = &auto.pool_lifetime_option {
        let reason = "expected job or jobschedule";
        return Err(invalid("autoPoolSpecification.poolLifetimeOption", other, reason));
    }
    let prefix = auto.auto_pool_id_prefix.as_deref().unwrap_or_default();
    let is_plain = prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if !is_plain || prefix.len() > MAX_PREFIX {
        let reason = "at most 20 letters, digits, hyphens and underscores";
        return Err(invalid("autoPoolSpecification.autoPoolIdPrefix", prefix, reason));
    }
    let specification = auto.pool.clone().ok_or_else(|| missing("autoPoolSpecification.pool"))?;
    let named =
        PoolId::new("auto").map_err(|error| invalid("poolInfo.poolId", "auto", &error.to_string()))?;
    match pool(&specification.into_pool(named)) {
        // The job tells, once it is to start.
        Err(refusal) if refusal.is(ErrorCode::AUTO_SCALING_FORMULA_SYNTAX_ERROR) => Ok(()),
        checked => checked,
    }
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
                json!({"autoPoolSpecification": {"poolLifetimeOption": "job", "pool": {"vmSize": "s",
                    "virtualMachineConfiguration": {"nodeAgentSKUId": "batch.node.windows amd64", "imageReference": {}}}}}),
                "nodeAgentSKUId: Windows",
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
    fn auto_pools_are_checked_like_others_and_a_job_has_one_pool() {
        let virtual_machine = json!({"nodeAgentSKUId": "batch.node.ubuntu 22.04", "imageReference": {}});
        let pool = json!({"vmSize": "s", "virtualMachineConfiguration": virtual_machine});
        let auto = |more: Value| {
            let mut auto = json!({"poolLifetimeOption": "job", "pool": pool});
            auto.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({"autoPoolSpecification": auto})
        };
        let mut both = auto(json!({}));
        both["poolId"] = json!("p");
        let formula = json!({"vmSize": "s", "virtualMachineConfiguration": virtual_machine,
            "enableAutoScale": true, "autoScaleFormula": "$TargetDedicatedNodes = ("});
        assert_eq!(check("poolInfo", auto(json!({"autoPoolIdPrefix": "train_1-"}))), Ok(()));
        assert_eq!(check("poolInfo", auto(json!({"pool": formula}))), Ok(()), "the job tells");
        for (info, property) in [
            (both, "poolInfo.poolId"),
            (auto(json!({"poolLifetimeOption": "jobschedule"})), "autoPoolSpecification.poolLifetimeOption"),
            (auto(json!({"poolLifetimeOption": "day"})), "autoPoolSpecification.poolLifetimeOption"),
            (auto(json!({"autoPoolIdPrefix": "a".repeat(21)})), "autoPoolSpecification.autoPoolIdPrefix"),
            (auto(json!({"autoPoolIdPrefix": "a/b"})), "autoPoolSpecification.autoPoolIdPrefix"),
            (auto(json!({"pool": null})), "autoPoolSpecification.pool"),
            (auto(json!({"pool": {"vmSize": "s"}})), "virtualMachineConfiguration"),
        ] {
            let error = check("poolInfo", info.clone()).unwrap_err();
            assert_eq!((error.status, error.detail("PropertyName")), (400, Some(property)), "{info}");
        }
    }

    #[test]
    fn a_change_that_would_be_lost_is_refused() {
        let body = json!({"priority": 1, "networkConfiguration": {"subnetId": "s"}});
        let update = serde_json::from_value(body.clone()).unwrap();
        assert_eq!(job_update(&update, body.as_object().unwrap()).unwrap_err().status, 501);
    }
}
