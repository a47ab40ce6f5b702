//! The tasks that nodes run for a job beside the job's tasks.

use super::files::resource_files;
use super::properties::{container_settings, retries, user_identity};
use super::refusals::{invalid, missing};
use crate::batch::model::{
    BatchJob, BatchJobCreateOptions, BatchJobPreparationTask, BatchJobReleaseTask,
    BatchTaskContainerSettings, UserIdentity,
};
use crate::batch::{ErrorCode, TaskId};
use crate::emulator::refusal::Refusal;

/// Checks a job's preparation and release tasks.
pub(super) fn preparation_and_release(job: &BatchJobCreateOptions) -> Result<(), Refusal> {
    let preparation = job.job_preparation_task.as_ref();
    let release = job.job_release_task.as_ref();
    preparation.map_or(Ok(()), preparation_task)?;
    release.map_or(Ok(()), release_task)?;
    match (preparation, release) {
        (None, Some(_)) => Err(missing("jobPreparationTask")
            .with("Reason", "a job has a release task only if it has a preparation task")),
        (Some(preparation), Some(release)) => distinct(preparation, release),
        _ => Ok(()),
    }
}

fn preparation_task(task: &BatchJobPreparationTask) -> Result<(), Refusal> {
    resource_files(task.resource_files.as_deref())?;
    task.task_id().map_err(|error| {
        invalid("jobPreparationTask.id", task.id.as_deref().unwrap_or_default(), &error.to_string())
    })?;
    let count = task.constraints.as_ref().and_then(|constraints| constraints.max_task_retry_count);
    retries("jobPreparationTask.constraints.maxTaskRetryCount", count)?;
    program(
        "jobPreparationTask.commandLine",
        &task.command_line,
        task.container_settings.as_ref(),
        task.user_identity.as_ref(),
    )
}

fn release_task(task: &BatchJobReleaseTask) -> Result<(), Refusal> {
    resource_files(task.resource_files.as_deref())?;
    task.task_id().map_err(|error| {
        invalid("jobReleaseTask.id", task.id.as_deref().unwrap_or_default(), &error.to_string())
    })?;
    if let Some(time) = task.max_wall_clock_time
        && time.limit().is_none_or(|limit| limit > BatchJobReleaseTask::LONGEST)
    {
        let reason = "a release task may take 15 minutes at the most";
        return Err(invalid("jobReleaseTask.maxWallClockTime", time, reason));
    }
    program(
        "jobReleaseTask.commandLine",
        &task.command_line,
        task.container_settings.as_ref(),
        task.user_identity.as_ref(),
    )
}

fn program(
    property: &'static str,
    command_line: &str,
    container: Option<&BatchTaskContainerSettings>,
    user: Option<&UserIdentity>,
) -> Result<(), Refusal> {
    container_settings(container)?;
    user_identity(user)?;
    if command_line.is_empty() && container.is_none() {
        return Err(missing(property)
            .with("Reason", "only a task in a container may leave it empty, to run the image's ENTRYPOINT"));
    }
    Ok(())
}

fn distinct(preparation: &BatchJobPreparationTask, release: &BatchJobReleaseTask) -> Result<(), Refusal> {
    match (preparation.task_id(), release.task_id()) {
        (Ok(preparation), Ok(release)) if preparation.key() == release.key() => {
            Err(invalid("jobReleaseTask.id", release, "the preparation task has that id"))
        }
        _ => Ok(()),
    }
}

/// Checks that a task is not called as its job's preparation or release task is.
pub(crate) fn task_id(id: &TaskId, job: &BatchJob) -> Result<(), Refusal> {
    let is = |other: Option<&String>| other.is_some_and(|other| other.eq_ignore_ascii_case(id.as_str()));
    if is(job.job_preparation_task.as_ref().and_then(|task| task.id.as_ref())) {
        return Err(ErrorCode::TASK_ID_SAME_AS_JOB_PREPARATION_TASK.into());
    }
    if is(job.job_release_task.as_ref().and_then(|task| task.id.as_ref())) {
        return Err(ErrorCode::TASK_ID_SAME_AS_JOB_RELEASE_TASK.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(preparation: Value, release: Value) -> Result<(), Refusal> {
        let body = json!({"id": "j", "poolInfo": {"poolId": "p"}, "jobPreparationTask": preparation,
            "jobReleaseTask": release});
        preparation_and_release(&serde_json::from_value(body).unwrap())
    }

    #[test]
    fn what_can_not_be_run_is_refused() {
        let good = json!({"commandLine": "x"});
        assert_eq!(check(good.clone(), good.clone()), Ok(()));
        assert_eq!(check(good.clone(), Value::Null), Ok(()));
        for (preparation, release, property) in [
            (Value::Null, good.clone(), "jobPreparationTask"),
            (json!({"id": "a b", "commandLine": "x"}), Value::Null, "jobPreparationTask.id"),
            (json!({"commandLine": ""}), Value::Null, "jobPreparationTask.commandLine"),
            (good.clone(), json!({"commandLine": ""}), "jobReleaseTask.commandLine"),
            (good.clone(), json!({"commandLine": "x", "id": "JobPreparation"}), "jobReleaseTask.id"),
            (
                good,
                json!({"commandLine": "x", "maxWallClockTime": "PT16M"}),
                "jobReleaseTask.maxWallClockTime",
            ),
            (
                json!({"commandLine": "x", "constraints": {"maxTaskRetryCount": -2}}),
                Value::Null,
                "jobPreparationTask.constraints.maxTaskRetryCount",
            ),
        ] {
            let error = check(preparation, release).unwrap_err();
            assert_eq!((error.status, error.detail("PropertyName")), (400, Some(property)));
        }
        let files = json!({"commandLine": "x", "resourceFiles": [{"autoStorageContainerName": "in"}]});
        assert_eq!(check(files, Value::Null).unwrap_err().status, 501);
    }
}
