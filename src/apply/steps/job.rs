//! Steps about jobs.

use crate::batch::model::{
    BatchAllTasksCompleteMode, BatchJobState, BatchJobTerminateOptions, BatchJobUpdateOptions,
};
use crate::batch::odata::Select;
use crate::batch::operations::{CreateJob, DeleteJob, GetJob, TerminateJob, UpdateJob};
use crate::batch::{Conditions, ETag, ErrorCode, JobId};
use crate::plan::{JobSeal, job_differences};
use crate::resource::{JobSpec, LiveJob, Observed, OnComplete, Ownership};

use super::super::context::StepContext;
use super::super::error::StepError;
use super::super::event::Outcome;
use super::guard::{self, HAS_ENDED, Standing, change, if_gone, is_known, is_marked, owner_moved};

/// Why a job was ended, as the service keeps it.
const FOLLOWED: &str = "FollowedByAnotherGeneration";

type StepResult = Result<Outcome, StepError>;

pub(super) async fn create(context: &StepContext<'_>, spec: &JobSpec, ownership: &Ownership) -> StepResult {
    let secrets = context.options.secrets.resolve(spec.secrets())?;
    let job = spec.to_create(&context.signed(ownership), &secrets)?;
    match context.client.send(&CreateJob { job }).await {
        Ok(answer) => {
            context.left_at(answer.etag);
            Ok(Outcome::Done)
        }
        Err(error) if error.code_is(ErrorCode::JOB_EXISTS) => {
            let there = read(context, &spec.id).await.map_err(|error| if_gone(context, error))?;
            let own = there.as_ref().and_then(|job| job.value.ownership.as_ref());
            context.is_ours(own, ownership)?;
            context.left_at(there.and_then(|job| job.etag));
            Ok(Outcome::AlreadyDone)
        }
        Err(error) => Err(if_gone(context, error.into())),
    }
}

/// How a job stands that is to be changed; `spec` says how it should be, where it is known.
fn standing(
    context: &StepContext<'_>,
    there: Option<Observed<LiveJob>>,
    spec: Option<&JobSpec>,
) -> Standing<LiveJob> {
    let Some(there) = there else { return Standing::Moved(vec!["it runs on no pool now".to_owned()]) };
    if is_known(context, there.etag.as_ref()) {
        return Standing::Unmoved(there);
    }
    let mut what = owner_moved(context, there.value.ownership.as_ref());
    if let Some(spec) = spec.filter(|_| what.is_empty()) {
        what = context.fields_moved(&job_differences(spec, &there.value));
    }
    if what.is_empty() { Standing::Unmoved(there) } else { Standing::Moved(what) }
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
) -> StepResult {
    let changes = |path: &str| fields.iter().any(|field| field == path);
    let look = async |_| {
        let there = read(context, &spec.id).await?;
        let reached = |job: &Observed<LiveJob>| {
            let differences = job_differences(spec, &job.value);
            is_marked(job.value.ownership.as_ref(), ownership)
                && !differences.iter().any(|it| changes(&it.path))
        };
        Ok(match there {
            Some(job) if reached(&job) => Standing::Reached(job.etag),
            there => standing(context, there, Some(spec)),
        })
    };
    let send = async |there: &LiveJob, conditions| {
        let update = BatchJobUpdateOptions {
            priority: changes("priority").then_some(spec.priority),
            constraints: (changes("retries") || changes("max_wall_time")).then(|| spec.constraints()),
            max_parallel_tasks: changes("max_parallel_tasks").then_some(spec.max_parallel_tasks),
            allow_task_preemption: changes("allow_task_preemption").then_some(spec.allow_task_preemption),
            network_configuration: spec.network.clone().filter(|_| changes("network")),
            metadata: Some(context.signed(ownership).to_metadata(&there.metadata)),
            ..BatchJobUpdateOptions::default()
        };
        context.client.send(&UpdateJob { job_id: spec.id.clone(), update, conditions }).await
    };
    change(context, look, send).await
}

/// Writes the mark of a job. What ended meanwhile takes none, and needs none.
pub(super) async fn mark(context: &StepContext<'_>, job: &JobId, ownership: &Ownership) -> StepResult {
    let look = async |_| {
        let there = read(context, job).await?;
        let marked =
            |job: &Observed<LiveJob>| job.value.ownership.as_ref() == Some(ownership) || job.value.is_over();
        Ok(match there {
            Some(job) if marked(&job) => Standing::Reached(job.etag),
            there => standing(context, there, None),
        })
    };
    let send = async |there: &LiveJob, conditions| {
        let metadata = Some(context.signed(ownership).to_metadata(&there.metadata));
        let update = BatchJobUpdateOptions { metadata, ..BatchJobUpdateOptions::default() };
        context.client.send(&UpdateJob { job_id: job.clone(), update, conditions }).await
    };
    match change(context, look, send).await {
        Err(StepError::Client(error)) if HAS_ENDED.iter().any(|code| error.code_is(*code)) => {
            Ok(Outcome::AlreadyDone)
        }
        outcome => outcome,
    }
}

/// Records that all tasks are there, and only then lets the job end by itself: a job with `terminatejob` and no tasks yet would end
/// at once.
pub(super) async fn seal(context: &StepContext<'_>, job: &JobId, seal: &JobSeal) -> StepResult {
    let look = async |_| {
        let there = read(context, job).await?;
        let sealed = |job: &Observed<LiveJob>| {
            let ends = job.value.spec.on_complete == OnComplete::Terminate;
            job.value.ownership.as_ref() == Some(&seal.ownership) && (ends || !seal.terminate_when_done)
        };
        // How one of its tasks ended has ended the job meanwhile, and a job that is over is what it is.
        let over = |job: &Observed<LiveJob>| job.value.is_over();
        Ok(match there {
            Some(job) if sealed(&job) || over(&job) => Standing::Reached(job.etag),
            there => standing(context, there, Some(&seal.spec)),
        })
    };
    let send = async |there: &LiveJob, conditions| {
        let update = BatchJobUpdateOptions {
            on_all_tasks_complete: seal
                .terminate_when_done
                .then_some(BatchAllTasksCompleteMode::TerminateJob),
            metadata: Some(context.signed(&seal.ownership).to_metadata(&there.metadata)),
            ..BatchJobUpdateOptions::default()
        };
        context.client.send(&UpdateJob { job_id: job.clone(), update, conditions }).await
    };
    match change(context, look, send).await {
        Err(StepError::Client(error)) if HAS_ENDED.iter().any(|code| error.code_is(*code)) => {
            Ok(Outcome::AlreadyDone)
        }
        outcome => outcome,
    }
}

/// Ends a job, and waits until it has ended: then none of its tasks runs any more.
pub(super) async fn end(context: &StepContext<'_>, job: &JobId, etag: Option<&ETag>) -> StepResult {
    let terminate = BatchJobTerminateOptions { terminate_reason: Some(FOLLOWED.to_owned()) };
    let conditions = etag.cloned().map(Conditions::if_match).unwrap_or_default();
    let request = TerminateJob { job_id: job.clone(), force: false, terminate, conditions };
    let outcome = match context.client.send(&request).await {
        Ok(_) => Outcome::Done,
        Err(error) if HAS_ENDED.iter().any(|code| error.code_is(*code)) => Outcome::AlreadyDone,
        // To be ended changes the job's version too: an answer of our own may have been lost.
        Err(error)
            if error.was_retried() && read(context, job).await?.is_none_or(|it| it.value.is_over()) =>
        {
            Outcome::Done
        }
        Err(error) => return Err(if_gone(context, context.stale(error))),
    };
    let look = GetJob { job_id: job.clone(), select: Select::of(&["id", "state"]) };
    context
        .wait_until(&format!("the end of job {job}"), async || {
            let there = context.client.find(&look).await?;
            let is_over = there.is_none_or(|job| job.value.state == Some(BatchJobState::Completed));
            Ok(is_over.then_some(()))
        })
        .await?;
    Ok(outcome)
}

pub(super) async fn delete(context: &StepContext<'_>, job: &JobId, etag: Option<&ETag>) -> StepResult {
    let conditions = etag.cloned().map(Conditions::if_match).unwrap_or_default();
    match context.client.send(&DeleteJob { job_id: job.clone(), force: false, conditions }).await {
        Ok(_) => {}
        Err(error) if error.is_not_found() => return Ok(Outcome::AlreadyDone),
        Err(error) if error.code_is(ErrorCode::JOB_BEING_DELETED) => {}
        // A deletion whose answer was lost changes the job's version too.
        Err(error) if error.was_retried() && is_going(context, job).await? => {}
        Err(error) => return Err(context.stale(error)),
    }
    await_gone(context, job).await
}

/// Whether a job is being deleted, or gone.
async fn is_going(context: &StepContext<'_>, job: &JobId) -> Result<bool, StepError> {
    let look = GetJob { job_id: job.clone(), select: Select::of(&["id", "state"]) };
    let there = context.client.find(&look).await?;
    Ok(there.is_none_or(|job| job.value.state == Some(BatchJobState::Deleting)))
}

pub(super) async fn await_gone(context: &StepContext<'_>, job: &JobId) -> StepResult {
    let request = GetJob { job_id: job.clone(), select: Select::of(&["id", "state"]) };
    let look = async || {
        let there = context.client.find(&request).await?;
        Ok(there.map(|there| there.value.state == Some(BatchJobState::Deleting)))
    };
    guard::await_gone(context, &format!("job {job}"), "tasks", look).await
}
