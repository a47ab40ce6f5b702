//! Job schedules.

use crate::batch::model::{BatchJobScheduleCreateOptions, BatchJobScheduleUpdateOptions};
use crate::batch::{ErrorCode, JobScheduleId};
use crate::emulator::answer::Answer;
use crate::emulator::call::Call;
use crate::emulator::query::ListRequest;
use crate::emulator::refusal::Refusal;
use crate::emulator::store::{Column, JobScheduleTable, Kind};
use crate::emulator::{admission, conditions, wire};

const SET: &str = "jobschedules";

const COLUMNS: &[Column] = &[
    Column { property: "id", sql: "key", kind: Kind::Text },
    Column { property: "state", sql: "state", kind: Kind::Text },
    Column {
        property: "stateTransitionTime",
        sql: "json_extract(body, '$.schedule.stateTransitionTime')",
        kind: Kind::Time,
    },
    Column {
        property: "creationTime",
        sql: "json_extract(body, '$.schedule.creationTime')",
        kind: Kind::Time,
    },
    Column {
        property: "lastModified",
        sql: "json_extract(body, '$.schedule.lastModified')",
        kind: Kind::Time,
    },
    Column {
        property: "executionInfo/endTime",
        sql: "json_extract(body, '$.schedule.executionInfo.endTime')",
        kind: Kind::Time,
    },
    Column {
        property: "schedule/doNotRunUntil",
        sql: "json_extract(body, '$.schedule.schedule.doNotRunUntil')",
        kind: Kind::Time,
    },
    Column {
        property: "schedule/doNotRunAfter",
        sql: "json_extract(body, '$.schedule.schedule.doNotRunAfter')",
        kind: Kind::Time,
    },
];

pub(crate) async fn create(call: Call) -> Result<Answer, Refusal> {
    let schedule: BatchJobScheduleCreateOptions = call.json()?;
    admission::job_schedule(&schedule)?;
    let location = format!("{}/jobschedules/{}", call.base, schedule.id);
    let version = call.account.service.write(move |unit| unit.create_job_schedule(schedule)).await?;
    Ok(Answer::created(&location, &version))
}

pub(crate) async fn list(call: Call) -> Result<Answer, Refusal> {
    let request = ListRequest::parse(&call)?;
    let page = request.page(COLUMNS)?;
    let base = call.base.clone();
    let read = call.account.service.read(move |store| {
        let schedules = JobScheduleTable(store).page(&page)?.into_iter();
        schedules
            .map(|record| Ok((record.schedule.id.key(), wire::job_schedule(&base, record)?)))
            .collect::<Result<Vec<_>, _>>()
    });
    let schedules = read.await?;
    Ok(request.answer(&call, SET, schedules))
}

pub(crate) async fn get(call: Call) -> Result<Answer, Refusal> {
    let (id, conditions, base) = (call.id::<JobScheduleId>(0)?, call.conditions()?, call.base.clone());
    let read = call.account.service.read(move |store| {
        let record = JobScheduleTable(store).find(&id)?.ok_or(ErrorCode::JOB_SCHEDULE_NOT_FOUND)?;
        let version = record.version();
        conditions::check_read(&conditions, &version)?;
        Ok((wire::job_schedule(&base, record)?, version))
    });
    let (schedule, version) = read.await?;
    Ok(Answer::object(&call.base, SET, schedule, &call.select()?).version(&version))
}

pub(crate) async fn exists(call: Call) -> Result<Answer, Refusal> {
    let (id, conditions) = (call.id::<JobScheduleId>(0)?, call.conditions()?);
    let read = call.account.service.read(move |store| {
        let record = JobScheduleTable(store).find(&id)?.ok_or(ErrorCode::JOB_SCHEDULE_NOT_FOUND)?;
        let version = record.version();
        conditions::check_read(&conditions, &version)?;
        Ok(version)
    });
    Ok(Answer::exists(&read.await?))
}

pub(crate) async fn update(call: Call) -> Result<Answer, Refusal> {
    let update = call.json()?;
    change(call, update).await
}

/// What a replacement leaves out becomes the default: one job at once, no metadata. The jobs must be given.
pub(crate) async fn replace(call: Call) -> Result<Answer, Refusal> {
    let options: BatchJobScheduleUpdateOptions = call.json()?;
    if options.job_specification.is_none() {
        return Err(
            Refusal::new(ErrorCode::MISSING_REQUIRED_PROPERTY).with("PropertyName", "jobSpecification")
        );
    }
    let complete = BatchJobScheduleUpdateOptions {
        schedule: Some(options.schedule.unwrap_or_default()),
        job_specification: options.job_specification,
        metadata: Some(options.metadata.unwrap_or_default()),
    };
    change(call, complete).await
}

async fn change(call: Call, update: BatchJobScheduleUpdateOptions) -> Result<Answer, Refusal> {
    admission::job_schedule_update(&update)?;
    let (id, conditions) = (call.id::<JobScheduleId>(0)?, call.conditions()?);
    let write = call.account.service.write(move |unit| unit.update_job_schedule(&id, update, &conditions));
    Ok(Answer::changed(&call.url(), &write.await?))
}

pub(crate) async fn delete(call: Call) -> Result<Answer, Refusal> {
    let (id, conditions) = (call.id::<JobScheduleId>(0)?, call.conditions()?);
    call.account.service.write(move |unit| unit.delete_job_schedule(&id, &conditions)).await?;
    Ok(Answer::done())
}

pub(crate) async fn disable(call: Call) -> Result<Answer, Refusal> {
    let (id, conditions) = (call.id::<JobScheduleId>(0)?, call.conditions()?);
    let write = call.account.service.write(move |unit| unit.disable_job_schedule(&id, &conditions));
    Ok(Answer::changed(&call.url(), &write.await?))
}

pub(crate) async fn enable(call: Call) -> Result<Answer, Refusal> {
    let (id, conditions) = (call.id::<JobScheduleId>(0)?, call.conditions()?);
    let write = call.account.service.write(move |unit| unit.enable_job_schedule(&id, &conditions));
    Ok(Answer::changed(&call.url(), &write.await?))
}

pub(crate) async fn terminate(call: Call) -> Result<Answer, Refusal> {
    let (id, conditions) = (call.id::<JobScheduleId>(0)?, call.conditions()?);
    let write = call.account.service.write(move |unit| unit.terminate_job_schedule(&id, &conditions));
    Ok(Answer::changed(&call.url(), &write.await?))
}
