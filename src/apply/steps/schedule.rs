//! Steps about job schedules.

use crate::batch::model::{BatchJobScheduleState, BatchJobScheduleUpdateOptions};
use crate::batch::odata::Select;
use crate::batch::operations::{CreateJobSchedule, DeleteJobSchedule, GetJobSchedule, UpdateJobSchedule};
use crate::batch::{Conditions, ETag, ErrorCode, JobScheduleId};
use crate::plan::schedule_differences;
use crate::resource::{JobScheduleSpec, LiveSchedule, Observed, Ownership};

use super::super::context::StepContext;
use super::super::error::StepError;
use super::super::event::Outcome;
use super::guard::{self, Standing, change, if_gone, is_known, is_marked, owner_moved};

type StepResult = Result<Outcome, StepError>;

pub(super) async fn create(
    context: &StepContext<'_>,
    spec: &JobScheduleSpec,
    ownership: &Ownership,
) -> StepResult {
    let secrets = context.options.secrets.resolve(spec.secrets())?;
    let job_schedule = spec.to_create(&context.signed(ownership), &secrets)?;
    match context.client.send(&CreateJobSchedule { job_schedule }).await {
        Ok(answer) => {
            context.left_at(answer.etag);
            Ok(Outcome::Done)
        }
        Err(error) if error.code_is(ErrorCode::JOB_SCHEDULE_EXISTS) => {
            let there = read(context, &spec.id).await.map_err(|error| if_gone(context, error))?;
            context.is_ours(there.as_ref().and_then(|it| it.value.ownership.as_ref()), ownership)?;
            Ok(Outcome::AlreadyDone)
        }
        Err(error) => Err(if_gone(context, error.into())),
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
) -> StepResult {
    let secrets = context.options.secrets.resolve(spec.secrets())?;
    let changes = |path: &str| fields.iter().any(|field| field == path);
    // Made beforehand, because a secret that is missing is no matter of the service.
    let parts = (changes("recurrence"), changes("job"));
    let update = spec.to_update(parts, Vec::new(), &secrets)?;
    let look = async |_| {
        let there = read(context, &spec.id).await?;
        let reached = |it: &Observed<LiveSchedule>| {
            is_marked(it.value.ownership.as_ref(), ownership)
                && schedule_differences(spec, &it.value).is_empty()
        };
        Ok(match there {
            Some(it) if reached(&it) => Standing::Reached(it.etag),
            there => standing(context, there, spec),
        })
    };
    let send = async |there: &LiveSchedule, conditions| {
        let metadata = Some(context.signed(ownership).to_metadata(&there.metadata));
        let update = BatchJobScheduleUpdateOptions { metadata, ..update.clone() };
        let request = UpdateJobSchedule { job_schedule_id: spec.id.clone(), update, conditions };
        context.client.send(&request).await
    };
    change(context, look, send).await
}

/// How a schedule stands that is to be changed. Making a job changes its version, and nothing that matters.
fn standing(
    context: &StepContext<'_>,
    there: Option<Observed<LiveSchedule>>,
    spec: &JobScheduleSpec,
) -> Standing<LiveSchedule> {
    let Some(there) = there else { return Standing::Moved(vec!["it makes no jobs now".to_owned()]) };
    if is_known(context, there.etag.as_ref()) {
        return Standing::Unmoved(there);
    }
    let mut what = owner_moved(context, there.value.ownership.as_ref());
    if what.is_empty() {
        what = context.fields_moved(&schedule_differences(spec, &there.value));
    }
    if what.is_empty() { Standing::Unmoved(there) } else { Standing::Moved(what) }
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
        // A deletion whose answer was lost changes the schedule's version too.
        Err(error) if error.was_retried() && is_going(context, schedule).await? => {}
        Err(error) => return Err(context.stale(error)),
    }
    await_gone(context, schedule).await
}

/// Whether a schedule is being deleted, or gone.
async fn is_going(context: &StepContext<'_>, schedule: &JobScheduleId) -> Result<bool, StepError> {
    let look = GetJobSchedule { job_schedule_id: schedule.clone(), select: Select::of(&["id", "state"]) };
    let there = context.client.find(&look).await?;
    Ok(there.is_none_or(|it| it.value.state == Some(BatchJobScheduleState::Deleting)))
}

pub(super) async fn await_gone(context: &StepContext<'_>, schedule: &JobScheduleId) -> StepResult {
    let request = GetJobSchedule { job_schedule_id: schedule.clone(), select: Select::of(&["id", "state"]) };
    let look = async || {
        let there = context.client.find(&request).await?;
        Ok(there.map(|there| there.value.state == Some(BatchJobScheduleState::Deleting)))
    };
    guard::await_gone(context, &format!("job schedule {schedule}"), "jobs", look).await
}
