//! Tasks.

use crate::batch::error::BatchErrorBody;
use crate::batch::model::{
    BatchTaskAddStatus, BatchTaskCreateOptions, BatchTaskCreateResult, BatchTaskGroup,
    BatchTaskReplaceOptions,
};
use crate::batch::{ErrorCode, JobId, TaskId};
use crate::emulator::answer::Answer;
use crate::emulator::call::Call;
use crate::emulator::query::ListRequest;
use crate::emulator::refusal::Refusal;
use crate::emulator::service::{Failure, TaskAdded};
use crate::emulator::store::{Column, JobTable, Kind, StoreError, SubtaskTable, TaskTable};
use crate::emulator::{admission, conditions, wire};

const SET: &str = "tasks";

/// The most tasks of a collection.
const MAX_COLLECTION: usize = 100;

/// When the definition last changed, as SQL.
const LAST_MODIFIED: &str = "coalesce(json_extract(life, '$.replaced'), created)";

const COLUMNS: &[Column] = &[
    Column { property: "id", sql: "key", kind: Kind::Text },
    Column { property: "state", sql: "state", kind: Kind::Text },
    Column { property: "stateTransitionTime", sql: "state_time", kind: Kind::Time },
    Column { property: "creationTime", sql: "created", kind: Kind::Time },
    Column { property: "lastModified", sql: LAST_MODIFIED, kind: Kind::Time },
    Column { property: "lastModifiedTime", sql: LAST_MODIFIED, kind: Kind::Time },
    Column { property: "executionInfo/startTime", sql: "start_time", kind: Kind::Time },
    Column { property: "executionInfo/endTime", sql: "end_time", kind: Kind::Time },
    Column { property: "executionInfo/exitCode", sql: "exit_code", kind: Kind::Number },
    Column { property: "executionInfo/result", sql: "result", kind: Kind::Text },
];

pub(crate) async fn create(call: Call) -> Result<Answer, Refusal> {
    let task: BatchTaskCreateOptions = call.json()?;
    admission::task(&task)?;
    let job = call.id::<JobId>(0)?;
    let location = task_url(&call, &task.id);
    let version = call.account.service.write(move |unit| unit.create_task(&job, task)).await?;
    Ok(Answer::created(&location, &version))
}

pub(crate) async fn create_collection(call: Call) -> Result<Answer, Refusal> {
    let BatchTaskGroup { value: tasks } = call.json()?;
    if tasks.len() > MAX_COLLECTION {
        return Err(Refusal::new(ErrorCode::REQUEST_BODY_TOO_LARGE)
            .with("MaxLimit", MAX_COLLECTION.to_string())
            .with("Reason", format!("{} tasks; a collection holds at most {MAX_COLLECTION}", tasks.len())));
    }
    let job = call.id::<JobId>(0)?;
    let results = call.account.service.write(move |unit| unit.create_tasks(&job, tasks)).await?;
    let values = results
        .into_iter()
        .map(|added| serde_json::to_value(collection_result(&call, added)))
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::from(StoreError::from(error)))?;
    Ok(Answer::list(&call.base, "taskaddresult", values, None))
}

fn collection_result(call: &Call, (id, result): TaskAdded) -> BatchTaskCreateResult {
    let location = task_url(call, &id);
    let (version, error) = match result {
        Ok(version) => (Some(version), None),
        Err(error) => (None, Some(BatchErrorBody { metadata: None, ..error.into_error().body })),
    };
    BatchTaskCreateResult {
        status: match error {
            None => BatchTaskAddStatus::Success,
            Some(_) => BatchTaskAddStatus::ClientError,
        },
        task_id: id,
        location: version.as_ref().map(|_| location),
        e_tag: version.as_ref().map(|version| version.e_tag.to_string()),
        last_modified: version.map(|version| version.last_modified),
        error,
    }
}

pub(crate) async fn list(call: Call) -> Result<Answer, Refusal> {
    let request = ListRequest::parse(&call)?;
    let page = request.page(COLUMNS)?;
    let (job, base) = (call.id::<JobId>(0)?, call.base.clone());
    let read = call.account.service.read(move |store| {
        let job = JobTable(store).find(&job)?.ok_or(ErrorCode::JOB_NOT_FOUND)?;
        let tasks = TaskTable(store).page(job.row, &page)?.into_iter();
        tasks
            .map(|task| Ok((task.definition.id.key(), wire::task(&base, &job, task)?)))
            .collect::<Result<Vec<_>, _>>()
    });
    let tasks = read.await?;
    Ok(request.answer(&call, SET, tasks))
}

pub(crate) async fn get(call: Call) -> Result<Answer, Refusal> {
    let (job, id) = (call.id::<JobId>(0)?, call.id::<TaskId>(1)?);
    let (conditions, base) = (call.conditions()?, call.base.clone());
    let read = call.account.service.read(move |store| {
        let job = JobTable(store).find(&job)?.ok_or(ErrorCode::JOB_NOT_FOUND)?;
        let task = TaskTable(store).find(job.row, &id)?.ok_or(ErrorCode::TASK_NOT_FOUND)?;
        let version = task.life.version();
        conditions::check_read(&conditions, &version)?;
        Ok((wire::task(&base, &job, task)?, version))
    });
    let (task, version) = read.await?;
    Ok(Answer::object(&call.base, SET, task, &call.select()?).version(&version))
}

/// The subtasks of a task with several instances: all but the primary, which is the task itself.
pub(crate) async fn list_subtasks(call: Call) -> Result<Answer, Refusal> {
    let (job, id, base) = (call.id::<JobId>(0)?, call.id::<TaskId>(1)?, call.base.clone());
    let read = call.account.service.read(move |store| {
        let job = JobTable(store).find(&job)?.ok_or(ErrorCode::JOB_NOT_FOUND)?;
        let task = TaskTable(store).find(job.row, &id)?.ok_or(ErrorCode::TASK_NOT_FOUND)?;
        let instances = SubtaskTable(store).of_task(task.row)?.into_iter();
        let subtasks = instances.filter(|instance| instance.number > 0);
        subtasks.map(|subtask| wire::subtask(&base, &job, &task, subtask)).collect::<Result<Vec<_>, _>>()
    });
    let mut subtasks = read.await?;
    let select = call.select()?;
    subtasks.iter_mut().for_each(|subtask| select.apply(subtask));
    Ok(Answer::list(&call.base, "subtasks", subtasks, None))
}

pub(crate) async fn replace(call: Call) -> Result<Answer, Refusal> {
    let options: BatchTaskReplaceOptions = call.json()?;
    admission::task_constraints(options.constraints.as_ref())?;
    let (job, id, conditions) = (call.id::<JobId>(0)?, call.id::<TaskId>(1)?, call.conditions()?);
    let write = call.account.service.write(move |unit| unit.replace_task(&job, &id, options, &conditions));
    Ok(Answer::changed(&call.url(), &write.await?))
}

pub(crate) async fn delete(call: Call) -> Result<Answer, Refusal> {
    let (job, id, conditions) = (call.id::<JobId>(0)?, call.id::<TaskId>(1)?, call.conditions()?);
    call.account.service.write(move |unit| unit.delete_task(&job, &id, &conditions)).await?;
    Ok(Answer::done())
}

pub(crate) async fn terminate(call: Call) -> Result<Answer, Refusal> {
    let (job, id, conditions) = (call.id::<JobId>(0)?, call.id::<TaskId>(1)?, call.conditions()?);
    let version = call.account.service.write(move |unit| unit.terminate_task(&job, &id, &conditions)).await?;
    Ok(Answer::changed(&call.url(), &version))
}

pub(crate) async fn reactivate(call: Call) -> Result<Answer, Refusal> {
    let (job, id, conditions) = (call.id::<JobId>(0)?, call.id::<TaskId>(1)?, call.conditions()?);
    let version =
        call.account.service.write(move |unit| unit.reactivate_task(&job, &id, &conditions)).await?;
    Ok(Answer::changed(&call.url(), &version))
}

fn task_url(call: &Call, id: &TaskId) -> String {
    format!("{}/jobs/{}/tasks/{id}", call.base, call.parameter(0))
}
