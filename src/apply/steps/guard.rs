//! Changing an object that others may change too.
//!
//! A change is sent on the condition that the object is the one that the plan found, or that an earlier step left. If it is not,
//! the object is looked at again: somebody may have changed it, an answer of our own may have been lost, or nothing that matters
//! has changed. Only the first of these is a conflict.

use crate::batch::operation::Nothing;
use crate::batch::{Conditions, ETag, ErrorCode};
use crate::client::{ClientError, Response};
use crate::resource::{Observed, Ownership};

use super::super::context::StepContext;
use super::super::error::StepError;
use super::super::event::Outcome;

/// How often a change is tried of an object that others keep changing.
const TRIES: usize = 5;

/// The refusals of a job that is over, or about to be.
pub(super) const HAS_ENDED: [ErrorCode; 2] = [ErrorCode::JOB_COMPLETED, ErrorCode::JOB_BEING_TERMINATED];

/// How an object stands that is to be changed.
pub(super) enum Standing<T> {
    /// It is as the step wants it, in this version.
    Reached(Option<ETag>),
    /// It is there, and nothing that matters has changed since the plan was made.
    Unmoved(Observed<T>),
    /// This has changed since the plan was made.
    Moved(Vec<String>),
}

/// Changes an object: looks at it, and sends the change on the condition that it is still what was seen. `look` is told whether an
/// earlier try may have been carried out although its answer was lost.
pub(super) async fn change<T>(
    context: &StepContext<'_>,
    mut look: impl AsyncFnMut(bool) -> Result<Standing<T>, StepError>,
    mut send: impl AsyncFnMut(&T, Conditions) -> Result<Response<Nothing>, ClientError>,
) -> Result<Outcome, StepError> {
    let mut may_be_done = false;
    let mut tries = 0;
    loop {
        let there = match look(may_be_done).await.map_err(|error| if_gone(context, error))? {
            Standing::Reached(etag) => {
                context.left_at(etag);
                return Ok(if may_be_done { Outcome::Done } else { Outcome::AlreadyDone });
            }
            Standing::Moved(what) => return Err(context.moved(what)),
            Standing::Unmoved(there) => there,
        };
        let conditions = there.etag.clone().map(Conditions::if_match).unwrap_or_default();
        tries += 1;
        match send(&there.value, conditions).await {
            Ok(answer) => {
                context.left_at(answer.etag);
                return Ok(Outcome::Done);
            }
            Err(error) if tries < TRIES && is_worth_a_look(&error) => may_be_done |= error.was_retried(),
            Err(error) => return Err(if_gone(context, context.stale(error))),
        }
    }
}

/// The refusals of what somebody is deleting.
const BEING_DELETED: [ErrorCode; 3] =
    [ErrorCode::POOL_BEING_DELETED, ErrorCode::JOB_BEING_DELETED, ErrorCode::JOB_SCHEDULE_BEING_DELETED];

/// Reads that an object does not exist, or is being deleted, as what it means: that came about since the plan was made.
pub(super) fn if_gone(context: &StepContext<'_>, error: StepError) -> StepError {
    match error {
        StepError::Client(error) if error.is_not_found() => context.moved(vec!["it is gone".to_owned()]),
        StepError::Client(error) if BEING_DELETED.iter().any(|code| error.code_is(*code)) => {
            context.moved(vec!["it is being deleted".to_owned()])
        }
        error => error,
    }
}

/// Whether a refusal may come from what somebody else does at the same time, or from an earlier try of the same request.
fn is_worth_a_look(error: &ClientError) -> bool {
    error.code_is(ErrorCode::CONDITION_NOT_MET)
        || error.code_is(ErrorCode::POOL_BEING_RESIZED)
        || error.code_is(ErrorCode::OPERATION_INVALID_FOR_CURRENT_STATE)
        || (error.was_retried() && error.status() == Some(409))
}

/// Waits until an object is gone that is being deleted. `look` says whether it is still being deleted; nothing if it is gone. Somebody
/// else may make another of its id at once, which is then seen in its place; one look may be older than the request.
pub(super) async fn await_gone(
    context: &StepContext<'_>,
    object: &str,
    what_goes: &str,
    mut look: impl AsyncFnMut() -> Result<Option<bool>, ClientError>,
) -> Result<Outcome, StepError> {
    let mut looks_there = 0;
    context
        .wait_until(&format!("the deletion of {object}"), async || match look().await? {
            None => Ok(Some(())),
            Some(true) => {
                context.progress(format!("waiting for its {what_goes} to go"), None);
                Ok(None)
            }
            Some(false) => {
                looks_there += 1;
                Ok((looks_there > 1).then_some(()))
            }
        })
        .await?;
    Ok(Outcome::Done)
}

/// Whether an object carries the mark that a step is to leave; the tally of a job's tasks is written by a step of its own.
pub(super) fn is_marked(there: Option<&Ownership>, ownership: &Ownership) -> bool {
    there.is_some_and(|there| {
        (&there.recipe, &there.digest, &there.metadata)
            == (&ownership.recipe, &ownership.digest, &ownership.metadata)
    })
}

/// What of an object's mark says that it is no longer this recipe's; `adopts` if it need not have been.
pub(super) fn owner_moved(context: &StepContext<'_>, there: Option<&Ownership>) -> Vec<String> {
    match there {
        Some(owner) if owner.recipe == context.plan.recipe => Vec::new(),
        Some(owner) => vec![format!("it belongs to the recipe `{}` now", owner.recipe)],
        None if context.adopts() => Vec::new(),
        None => vec!["it belongs to no recipe any more".to_owned()],
    }
}

/// Whether an object is still the version that an earlier step of this plan left, or that the plan was made for.
pub(super) fn is_known(context: &StepContext<'_>, etag: Option<&ETag>) -> bool {
    etag.is_some() && context.known_version().as_ref() == etag
}
