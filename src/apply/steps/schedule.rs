//! Steps about job schedules.

use crate::batch::model::BatchJobScheduleState;
use crate::batch::odata::Select;
use crate::batch::operations::{CreateJobSchedule, DeleteJobSchedule, GetJobSchedule, UpdateJobSchedule};
use crate::batch::{Conditions, ETag, ErrorCode, JobScheduleId};
use crate::resource::{JobScheduleSpec, LiveSchedule, Observed, Ownership};

use super::super::context::StepContext;
use super::super::error::StepError;
use super::super::event::Outcome;

type StepResult = Result<Outcome, StepError>;

pub(super) async fn create(
    context: &StepContext<'_>,
    spec: &JobScheduleSpec,
    ownership: &Ownership,
) -> StepResult {
    let secrets = context.options.secrets.resolve(spec.secrets())?;
    let job_schedule = spec.to_create(ownership, &secrets)?;
    match context.client.send(&CreateJobSchedule { job_schedule }).await {
        Ok(_) => Ok(Outcome::Done),
        Err(error) if error.code_is(ErrorCode::JOB_SCHEDULE_EXISTS) => {
            let there = read(context, &spec.id).await?;
            let ours = |schedule: &Observed<LiveSchedule>| {
                schedule.value.ownership.as_ref().is_some_and(|own| own.digest == ownership.digest)
            };
            if there.as_ref().is_some_and(ours) { Ok(Outcome::AlreadyDone) } else { Err(context.appeared()) }
        }
        Err(error) => Err(error.into()),
    }
}

async fn read(
    context: &StepContext<'_>,
    schedule: &JobScheduleId,
) -> Result<Option<Observed<LiveSchedule>>, StepError> {
    let request = GetJobSchedule { job_schedule_id: schedule.clone(), select: Select::default() };
    let answer = context.client.send(&request).await?;
    Ok(Observed::<LiveSchedule>::from_wire(&answer.value))
}

pub(super) async fn update(
    context: &StepContext<'_>,
    spec: &JobScheduleSpec,
    fields: &[String],
    ownership: &Ownership,
    etag: Option<&ETag>,
) -> StepResult {
    let secrets = context.options.secrets.resolve(spec.secrets())?;
    let there = read(context, &spec.id).await?.map(|schedule| schedule.value.metadata).unwrap_or_default();
    let changes = |path: &str| fields.iter().any(|field| field == path);
    let parts = (changes("recurrence"), changes("job"));
    let update = spec.to_update(parts, ownership.to_metadata(&there), &secrets)?;
    let conditions = etag.cloned().map(Conditions::if_match).unwrap_or_default();
    let request = UpdateJobSchedule { job_schedule_id: spec.id.clone(), update, conditions };
    context.client.send(&request).await.map_err(|error| context.stale(error))?;
    Ok(Outcome::Done)
}

pub(super) async fn delete(
    context: &StepContext<'_>,
    schedule: &JobScheduleId,
    etag: Option<&ETag>,
) -> StepResult {
    let conditions = etag.cloned().map(Conditions::if_match).unwrap_or_default();
    let request = DeleteJobSchedule { job_schedule_id: schedule.clone(), force: false, conditions };
    match context.client.send(&request).await {
        Ok(_) => {}
        Err(error) if error.is_not_found() => return Ok(Outcome::AlreadyDone),
        Err(error) if error.code_is(ErrorCode::JOB_SCHEDULE_BEING_DELETED) => {}
        Err(error) => return Err(context.stale(error)),
    }
    await_gone(context, schedule).await
}

pub(super) async fn await_gone(context: &StepContext<'_>, schedule: &JobScheduleId) -> StepResult {
    let look = GetJobSchedule { job_schedule_id: schedule.clone(), select: Select::of(&["id", "state"]) };
    context
        .wait_until(&format!("the deletion of job schedule {schedule}"), async || {
            let there = context.client.find(&look).await?;
            let state = there.as_ref().and_then(|schedule| schedule.value.state.as_ref());
            if state == Some(&BatchJobScheduleState::Deleting) {
                context.progress("waiting for its jobs to go", None);
            }
            Ok(there.is_none().then_some(()))
        })
        .await?;
    Ok(Outcome::Done)
}
