//! Steps about jobs.

use crate::batch::model::{BatchAllTasksCompleteMode, BatchJobState, BatchJobUpdateOptions};
use crate::batch::odata::Select;
use crate::batch::operations::{CreateJob, DeleteJob, GetJob, UpdateJob};
use crate::batch::{Conditions, ETag, ErrorCode, JobId};
use crate::plan::JobSeal;
use crate::resource::{JobSpec, LiveJob, Observed, Ownership};

use super::super::context::StepContext;
use super::super::error::StepError;
use super::super::event::Outcome;

type StepResult = Result<Outcome, StepError>;

/// The refusals of a job that is over, or about to be.
const HAS_ENDED: [ErrorCode; 2] = [ErrorCode::JOB_COMPLETED, ErrorCode::JOB_BEING_TERMINATED];

pub(super) async fn create(context: &StepContext<'_>, spec: &JobSpec, ownership: &Ownership) -> StepResult {
    let secrets = context.options.secrets.resolve(spec.secrets())?;
    let job = spec.to_create(ownership, &secrets)?;
    match context.client.send(&CreateJob { job }).await {
        Ok(_) => Ok(Outcome::Done),
        Err(error) if error.code_is(ErrorCode::JOB_EXISTS) => {
            let there = read(context, &spec.id).await?;
            let ours = |job: &Observed<LiveJob>| {
                job.value.ownership.as_ref().is_some_and(|own| own.digest == ownership.digest)
            };
            if there.as_ref().is_some_and(ours) { Ok(Outcome::AlreadyDone) } else { Err(context.appeared()) }
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn read(
    context: &StepContext<'_>,
    job: &JobId,
) -> Result<Option<Observed<LiveJob>>, StepError> {
    let answer = context.client.send(&GetJob { job_id: job.clone(), select: Select::default() }).await?;
    Ok(Observed::<LiveJob>::from_wire(&answer.value))
}

pub(super) async fn update(
    context: &StepContext<'_>,
    spec: &JobSpec,
    fields: &[String],
    ownership: &Ownership,
    etag: Option<&ETag>,
) -> StepResult {
    let there = read(context, &spec.id).await?;
    let changes = |path: &str| fields.iter().any(|field| field == path);
    let metadata = there.map(|job| job.value.metadata).unwrap_or_default();
    let update = BatchJobUpdateOptions {
        priority: changes("priority").then_some(spec.priority),
        constraints: (changes("retries") || changes("max_wall_time")).then(|| spec.constraints()),
        max_parallel_tasks: changes("max_parallel_tasks").then_some(spec.max_parallel_tasks),
        allow_task_preemption: changes("allow_task_preemption").then_some(spec.allow_task_preemption),
        network_configuration: spec.network.clone().filter(|_| changes("network")),
        metadata: Some(ownership.to_metadata(&metadata)),
        ..BatchJobUpdateOptions::default()
    };
    let conditions = etag.cloned().map(Conditions::if_match).unwrap_or_default();
    let request = UpdateJob { job_id: spec.id.clone(), update, conditions };
    context.client.send(&request).await.map_err(|error| context.stale(error))?;
    Ok(Outcome::Done)
}

/// Writes the mark of a job. What ended meanwhile takes none, and needs none.
pub(super) async fn mark(context: &StepContext<'_>, job: &JobId, ownership: &Ownership) -> StepResult {
    let there = read(context, job).await?;
    let metadata = there.map(|job| job.value.metadata).unwrap_or_default();
    let metadata = Some(ownership.to_metadata(&metadata));
    let update = BatchJobUpdateOptions { metadata, ..BatchJobUpdateOptions::default() };
    let request = UpdateJob { job_id: job.clone(), update, conditions: Conditions::default() };
    match context.client.send(&request).await {
        Ok(_) => Ok(Outcome::Done),
        Err(error) if HAS_ENDED.iter().any(|code| error.code_is(*code)) => Ok(Outcome::AlreadyDone),
        Err(error) => Err(error.into()),
    }
}

/// Records that all tasks are there, and only then lets the job end by itself: a job with `terminatejob` and no tasks yet would end
/// at once.
pub(super) async fn seal(context: &StepContext<'_>, job: &JobId, seal: &JobSeal) -> StepResult {
    let there = read(context, job).await?;
    let metadata = there.map(|job| job.value.metadata).unwrap_or_default();
    let update = BatchJobUpdateOptions {
        on_all_tasks_complete: seal.terminate_when_done.then_some(BatchAllTasksCompleteMode::TerminateJob),
        metadata: Some(seal.ownership.to_metadata(&metadata)),
        ..BatchJobUpdateOptions::default()
    };
    let request = UpdateJob { job_id: job.clone(), update, conditions: Conditions::default() };
    match context.client.send(&request).await {
        Ok(_) => Ok(Outcome::Done),
        // How one of its tasks ended has ended the job meanwhile, and a job that is over is what it is.
        Err(error) if HAS_ENDED.iter().any(|code| error.code_is(*code)) => Ok(Outcome::AlreadyDone),
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn delete(context: &StepContext<'_>, job: &JobId, etag: Option<&ETag>) -> StepResult {
    let conditions = etag.cloned().map(Conditions::if_match).unwrap_or_default();
    match context.client.send(&DeleteJob { job_id: job.clone(), force: false, conditions }).await {
        Ok(_) => {}
        Err(error) if error.is_not_found() => return Ok(Outcome::AlreadyDone),
        Err(error) if error.code_is(ErrorCode::JOB_BEING_DELETED) => {}
        Err(error) => return Err(context.stale(error)),
    }
    await_gone(context, job).await
}

pub(super) async fn await_gone(context: &StepContext<'_>, job: &JobId) -> StepResult {
    let look = GetJob { job_id: job.clone(), select: Select::of(&["id", "state"]) };
    context
        .wait_until(&format!("the deletion of job {job}"), async || {
            let there = context.client.find(&look).await?;
            if let Some(state) = there.as_ref().and_then(|job| job.value.state.as_ref()) {
                let what =
                    if *state == BatchJobState::Deleting { "waiting for its tasks to go" } else { "waiting" };
                context.progress(what, None);
            }
            Ok(there.is_none().then_some(()))
        })
        .await?;
    Ok(Outcome::Done)
}
