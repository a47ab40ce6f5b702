//! Having a job run on another pool: `PATCH /jobs` takes a pool only while the job is disabled (REST reference).

use crate::batch::model::{
    BatchJobDisableOptions, BatchJobState, BatchJobUpdateOptions, BatchPoolInfo, DisableBatchJobOption,
};
use crate::batch::operations::{DisableJob, EnableJob, UpdateJob};
use crate::batch::{Conditions, ErrorCode, JobId, PoolId};
use crate::resource::{LiveJob, Ownership, Pending};

use super::super::context::StepContext;
use super::super::error::StepError;
use super::super::event::Outcome;
use super::guard::{HAS_ENDED, if_gone};
use super::job;

/// Moves the job. Whenever this is killed, the job's own metadata says whether it has to be enabled again: the mark comes before it
/// is disabled, and goes last of all.
pub(super) async fn to(
    context: &StepContext<'_>,
    job: &JobId,
    pool: &PoolId,
    ownership: &Ownership,
) -> Result<Outcome, StepError> {
    match bring(context, job, pool, ownership).await {
        // What ended meanwhile needs no other pool.
        Err(StepError::Client(error)) if HAS_ENDED.iter().any(|code| error.code_is(*code)) => {
            Ok(Outcome::AlreadyDone)
        }
        outcome => outcome.map_err(|error| if_gone(context, error)),
    }
}

async fn bring(
    context: &StepContext<'_>,
    job: &JobId,
    pool: &PoolId,
    ownership: &Ownership,
) -> Result<Outcome, StepError> {
    let Some(there) = job::read(context, job).await? else { return Ok(Outcome::AlreadyDone) };
    let has_to_be_enabled =
        |live: &LiveJob| live.ownership.as_ref().is_some_and(|owner| owner.pending == Some(Pending::Enable));
    let is_there = is_on(&there.value, pool);
    let mut enable = has_to_be_enabled(&there.value);
    if is_there && !enable {
        return Ok(Outcome::AlreadyDone);
    }
    if !is_there {
        let is_disabled = there.value.state == BatchJobState::Disabled;
        if !is_disabled && !enable {
            let pending = Ownership { pending: Some(Pending::Enable), ..ownership.clone() };
            job::mark(context, job, &pending).await?;
            enable = true;
        }
        if !is_disabled && !disable(context, job).await? {
            let there = job::read(context, job).await?;
            return overtaken(context, there.map(|there| there.value), (job, pool), ownership).await;
        }
        let info = BatchPoolInfo { pool_id: Some(pool.clone()), ..BatchPoolInfo::default() };
        let update = BatchJobUpdateOptions { pool_info: Some(info), ..BatchJobUpdateOptions::default() };
        let conditions = Conditions::default();
        let update = UpdateJob { job_id: job.clone(), update, conditions };
        if let Err(error) = context.client.send(&update).await {
            let there = job::read(context, job).await?.map(|there| there.value);
            return match there.filter(|there| is_enabled(&there.state)) {
                Some(there) => overtaken(context, Some(there), (job, pool), ownership).await,
                None => Err(error.into()),
            };
        }
    }
    // One that was enabled by an apply that was killed right after lacks nothing but the end of its mark.
    if enable && !(is_there && there.value.state == BatchJobState::Active) {
        let request = EnableJob { job_id: job.clone(), conditions: Conditions::default() };
        match context.client.send(&request).await {
            Ok(_) => {}
            // An earlier try enabled it, and only its answer was lost.
            Err(error) if error.code_is(ErrorCode::OPERATION_INVALID_FOR_CURRENT_STATE) => {}
            Err(error) => return Err(error.into()),
        }
    }
    job::mark(context, job, ownership).await
}

/// Somebody else moved the job at the same time, and has enabled it again: that is well if it is where it should be.
async fn overtaken(
    context: &StepContext<'_>,
    there: Option<LiveJob>,
    (job, pool): (&JobId, &PoolId),
    ownership: &Ownership,
) -> Result<Outcome, StepError> {
    match there {
        Some(there) if is_on(&there, pool) => job::mark(context, job, ownership).await,
        Some(_) => Err(context.moved(vec!["somebody else enabled it while it moved".to_owned()])),
        None => Ok(Outcome::AlreadyDone),
    }
}

fn is_on(live: &LiveJob, pool: &PoolId) -> bool {
    live.spec.pool.id().is_some_and(|id| id.key() == pool.key())
}

fn is_enabled(state: &BatchJobState) -> bool {
    matches!(state, BatchJobState::Active | BatchJobState::Enabling)
}

/// Disables the job, and waits until none of its tasks runs. Whether it is disabled then: who moves it at the same time may have
/// enabled it again.
async fn disable(context: &StepContext<'_>, job: &JobId) -> Result<bool, StepError> {
    let disable = BatchJobDisableOptions { disable_tasks: DisableBatchJobOption::Requeue };
    let request = DisableJob { job_id: job.clone(), disable, conditions: Conditions::default() };
    match context.client.send(&request).await {
        Ok(_) => {}
        Err(error) if error.code_is(ErrorCode::JOB_DISABLED) => {}
        // It is being disabled already.
        Err(error) if error.code_is(ErrorCode::OPERATION_INVALID_FOR_CURRENT_STATE) => {}
        Err(error) => return Err(error.into()),
    }
    let mut looks_enabled = 0;
    context
        .wait_until(&format!("the tasks of job {job} to stop"), async || {
            let there = job::read(context, job).await?;
            context.progress("waiting for its running tasks to go back to the queue", None);
            let state = there.as_ref().map(|there| &there.value.state);
            Ok(match state {
                Some(state) if is_enabled(state) => {
                    // One look may be older than the request.
                    looks_enabled += 1;
                    (looks_enabled > 1).then_some(false)
                }
                Some(BatchJobState::Disabling) => None,
                // Also if it is over, or gone: what comes next says so.
                _ => Some(true),
            })
        })
        .await
}
