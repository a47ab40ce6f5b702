//! How the preparation and release tasks of jobs have run on nodes.

use crate::batch::{ErrorCode, JobId};
use crate::emulator::answer::Answer;
use crate::emulator::call::Call;
use crate::emulator::query::ListRequest;
use crate::emulator::refusal::Refusal;
use crate::emulator::store::{Column, JobTable, Kind, PreparationTable};
use crate::emulator::wire;

const SET: &str = "jobpreparationandreleasetaskstatuslist";

const COLUMNS: &[Column] = &[
    Column { property: "poolId", sql: "json_extract(body, '$.poolId')", kind: Kind::Text },
    Column { property: "nodeId", sql: "json_extract(body, '$.nodeId')", kind: Kind::Text },
    Column {
        property: "jobPreparationTaskExecutionInfo/state",
        sql: "json_extract(body, '$.jobPreparationTaskExecutionInfo.state')",
        kind: Kind::Text,
    },
    Column {
        property: "jobPreparationTaskExecutionInfo/startTime",
        sql: "json_extract(body, '$.jobPreparationTaskExecutionInfo.startTime')",
        kind: Kind::Time,
    },
    Column {
        property: "jobPreparationTaskExecutionInfo/endTime",
        sql: "json_extract(body, '$.jobPreparationTaskExecutionInfo.endTime')",
        kind: Kind::Time,
    },
    Column {
        property: "jobPreparationTaskExecutionInfo/exitCode",
        sql: "json_extract(body, '$.jobPreparationTaskExecutionInfo.exitCode')",
        kind: Kind::Number,
    },
    Column {
        property: "jobPreparationTaskExecutionInfo/result",
        sql: "json_extract(body, '$.jobPreparationTaskExecutionInfo.result')",
        kind: Kind::Text,
    },
    Column {
        property: "jobReleaseTaskExecutionInfo/state",
        sql: "json_extract(body, '$.jobReleaseTaskExecutionInfo.state')",
        kind: Kind::Text,
    },
    Column {
        property: "jobReleaseTaskExecutionInfo/startTime",
        sql: "json_extract(body, '$.jobReleaseTaskExecutionInfo.startTime')",
        kind: Kind::Time,
    },
    Column {
        property: "jobReleaseTaskExecutionInfo/endTime",
        sql: "json_extract(body, '$.jobReleaseTaskExecutionInfo.endTime')",
        kind: Kind::Time,
    },
    Column {
        property: "jobReleaseTaskExecutionInfo/exitCode",
        sql: "json_extract(body, '$.jobReleaseTaskExecutionInfo.exitCode')",
        kind: Kind::Number,
    },
    Column {
        property: "jobReleaseTaskExecutionInfo/result",
        sql: "json_extract(body, '$.jobReleaseTaskExecutionInfo.result')",
        kind: Kind::Text,
    },
];

pub(crate) async fn list(call: Call) -> Result<Answer, Refusal> {
    let request = ListRequest::parse(&call)?;
    let page = request.page(COLUMNS)?;
    let (id, base) = (call.id::<JobId>(0)?, call.base.clone());
    let read = call.account.service.read(move |store| {
        let job = JobTable(store).find(&id)?.ok_or(ErrorCode::JOB_NOT_FOUND)?;
        if job.job.job_preparation_task.is_none() {
            return Err(ErrorCode::JOB_PREPARATION_TASK_NOT_SPECIFIED.into());
        }
        let records = PreparationTable(store).page(job.row, &page)?.into_iter();
        records
            .map(|record| Ok((record.key(), wire::preparation(&base, &job, record)?)))
            .collect::<Result<Vec<_>, _>>()
    });
    Ok(request.answer(&call, SET, read.await?))
}
