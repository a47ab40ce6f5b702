//! Jobs.

use crate::batch::model::{
    BatchJobCreateOptions, BatchJobDisableOptions, BatchJobTerminateOptions, BatchJobUpdateOptions,
    DisableBatchJobOption,
};
use crate::batch::{ErrorCode, JobId, JobScheduleId};
use crate::emulator::answer::Answer;
use crate::emulator::call::Call;
use crate::emulator::query::ListRequest;
use crate::emulator::refusal::Refusal;
use crate::emulator::service::Failure;
use crate::emulator::store::{Column, JobScheduleTable, JobTable, Kind, StoreError, TaskTable};
use crate::emulator::{admission, conditions, wire};

const SET: &str = "jobs";

const COLUMNS: &[Column] = &[
    Column { property: "id", sql: "key", kind: Kind::Text },
    Column { property: "state", sql: "state", kind: Kind::Text },
    Column {
        property: "stateTransitionTime",
        sql: "json_extract(body, '$.job.stateTransitionTime')",
        kind: Kind::Time,
    },
    Column { property: "creationTime", sql: "json_extract(body, '$.job.creationTime')", kind: Kind::Time },
    Column { property: "lastModified", sql: "json_extract(body, '$.job.lastModified')", kind: Kind::Time },
    Column {
        property: "executionInfo/startTime",
        sql: "json_extract(body, '$.job.executionInfo.startTime')",
        kind: Kind::Time,
    },
    Column {
        property: "executionInfo/endTime",
        sql: "json_extract(body, '$.job.executionInfo.endTime')",
        kind: Kind::Time,
    },
    Column {
        property: "executionInfo/poolId",
        sql: "json_extract(body, '$.job.executionInfo.poolId')",
        kind: Kind::Text,
    },
];

pub(crate) async fn create(call: Call) -> Result<Answer, Refusal> {
    let job: BatchJobCreateOptions = call.json()?;
    admission::job(&job)?;
    let version = call.account.service.write(move |unit| unit.create_job(job)).await?;
    // The real service says `job-1` whatever the job is called; whoever relies on better would fail there.
    Ok(Answer::created(&format!("{}/jobs/job-1", call.base), &version))
}

pub(crate) async fn list(call: Call) -> Result<Answer, Refusal> {
    let request = ListRequest::parse(&call)?;
    let page = request.page(COLUMNS)?;
    let base = call.base.clone();
    let read = call.account.service.read(move |store| {
        let jobs = JobTable(store).page(&page)?.into_iter();
        jobs.map(|record| Ok((record.job.id.key(), wire::job(&base, record)?))).collect::<Result<Vec<_>, _>>()
    });
    let jobs = read.await?;
    Ok(request.answer(&call, SET, jobs))
}

pub(crate) async fn list_from_schedule(call: Call) -> Result<Answer, Refusal> {
    let request = ListRequest::parse(&call)?;
    let page = request.page(COLUMNS)?;
    let (id, base) = (call.id::<JobScheduleId>(0)?, call.base.clone());
    let read = call.account.service.read(move |store| {
        JobScheduleTable(store).find(&id)?.ok_or(ErrorCode::JOB_SCHEDULE_NOT_FOUND)?;
        let jobs = JobTable(store).page_of_schedule(&id, &page)?.into_iter();
        jobs.map(|record| Ok((record.job.id.key(), wire::job(&base, record)?))).collect::<Result<Vec<_>, _>>()
    });
    let jobs = read.await?;
    Ok(request.answer(&call, SET, jobs))
}

pub(crate) async fn get(call: Call) -> Result<Answer, Refusal> {
    let (id, conditions, base) = (call.id::<JobId>(0)?, call.conditions()?, call.base.clone());
    let read = call.account.service.read(move |store| {
        let record = JobTable(store).find(&id)?.ok_or(ErrorCode::JOB_NOT_FOUND)?;
        let version = record.version();
        conditions::check_read(&conditions, &version)?;
        Ok((wire::job(&base, record)?, version))
    });
    let (job, version) = read.await?;
    Ok(Answer::object(&call.base, SET, job, &call.select()?).version(&version))
}

pub(crate) async fn update(call: Call) -> Result<Answer, Refusal> {
    let update: BatchJobUpdateOptions = call.json()?;
    admission::job_update(&update, &call.json()?)?;
    let (id, conditions) = (call.id::<JobId>(0)?, call.conditions()?);
    let version = call.account.service.write(move |unit| unit.update_job(&id, update, &conditions)).await?;
    Ok(Answer::changed(&call.url(), &version))
}

pub(crate) async fn replace(call: Call) -> Result<Answer, Refusal> {
    let options: BatchJobUpdateOptions = call.json()?;
    admission::job_replacement(&options, &call.json()?)?;
    let (id, conditions) = (call.id::<JobId>(0)?, call.conditions()?);
    let version = call.account.service.write(move |unit| unit.replace_job(&id, options, &conditions)).await?;
    Ok(Answer::changed(&call.url(), &version))
}

pub(crate) async fn delete(call: Call) -> Result<Answer, Refusal> {
    let (id, conditions) = (call.id::<JobId>(0)?, call.conditions()?);
    call.account.service.write(move |unit| unit.delete_job(&id, &conditions)).await?;
    Ok(Answer::done())
}

pub(crate) async fn disable(call: Call) -> Result<Answer, Refusal> {
    let options: BatchJobDisableOptions = call.json()?;
    if let DisableBatchJobOption::Other(other) = &options.disable_tasks {
        return Err(Refusal::new(ErrorCode::INVALID_PROPERTY_VALUE)
            .with("PropertyName", "disableTasks")
            .with("PropertyValue", other.as_str())
            .with("Reason", "expected requeue, terminate or wait"));
    }
    let (id, conditions) = (call.id::<JobId>(0)?, call.conditions()?);
    let tasks = options.disable_tasks;
    let version = call.account.service.write(move |unit| unit.disable_job(&id, tasks, &conditions)).await?;
    Ok(Answer::changed(&call.url(), &version))
}

pub(crate) async fn enable(call: Call) -> Result<Answer, Refusal> {
    let (id, conditions) = (call.id::<JobId>(0)?, call.conditions()?);
    let version = call.account.service.write(move |unit| unit.enable_job(&id, &conditions)).await?;
    Ok(Answer::changed(&call.url(), &version))
}

pub(crate) async fn terminate(call: Call) -> Result<Answer, Refusal> {
    let options: BatchJobTerminateOptions = call.json_or_default()?;
    let (id, conditions) = (call.id::<JobId>(0)?, call.conditions()?);
    let reason = options.terminate_reason;
    let version =
        call.account.service.write(move |unit| unit.terminate_job(&id, reason, &conditions)).await?;
    Ok(Answer::changed(&call.url(), &version))
}

pub(crate) async fn task_counts(call: Call) -> Result<Answer, Refusal> {
    let id = call.id::<JobId>(0)?;
    let read = call.account.service.read(move |store| {
        let job = JobTable(store).find(&id)?.ok_or(ErrorCode::JOB_NOT_FOUND)?;
        let counts = TaskTable(store).counts(job.row)?;
        serde_json::to_value(counts).map_err(|error| Failure::from(StoreError::from(error)))
    });
    Ok(Answer::object(&call.base, "taskcountsresult", read.await?, &call.select()?))
}
