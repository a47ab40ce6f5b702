//! Steps about tasks.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use futures::{StreamExt, TryStreamExt, pin_mut, stream};

use crate::batch::model::{BatchTask, BatchTaskCreateOptions};
use crate::batch::odata::Select;
use crate::batch::operations::{DeleteTask, GetTask};
use crate::batch::{Conditions, ETag, ErrorCode, JobId, TaskId};
use crate::client::{AddTasksOptions, ClientError, TaskAddition, TaskOutcome};
use crate::resource::{DoneBefore, FieldSources, TaskDigest, TaskSpec, TaskStream, source_of};

use super::super::context::StepContext;
use super::super::error::StepError;
use super::super::event::{ApplyEvent, Outcome};
use super::guard::{HAS_ENDED, if_gone};

type StepResult = Result<Outcome, StepError>;

/// How many tasks are deleted, or looked at, at once.
const AT_ONCE: usize = 16;

/// Deletes tasks that are what the plan found: one that somebody has replaced meanwhile is another task.
pub(super) async fn delete(
    context: &StepContext<'_>,
    job: &JobId,
    tasks: &[(TaskId, TaskDigest)],
) -> StepResult {
    let total = tasks.len() as u64;
    let done = &RefCell::new(0);
    let deletions = tasks.iter().map(|(task, digest)| async move {
        let is_gone = delete_one(context, job, task, *digest).await?;
        *done.borrow_mut() += 1;
        context.progress("deleting tasks", Some((*done.borrow(), total)));
        Ok::<_, StepError>((!is_gone).then(|| format!("task `{task}` is another one now")))
    });
    let others: Vec<Option<String>> = stream::iter(deletions).buffer_unordered(AT_ONCE).try_collect().await?;
    let others: Vec<String> = others.into_iter().flatten().collect();
    if others.is_empty() { Ok(Outcome::Done) } else { Err(context.moved(others)) }
}

/// Deletes a task with that digest; false if there is another one of the same id.
async fn delete_one(
    context: &StepContext<'_>,
    job: &JobId,
    task: &TaskId,
    digest: TaskDigest,
) -> Result<bool, StepError> {
    loop {
        let select = Select::of(&["id", "displayName", "eTag"]);
        let look = GetTask { job_id: job.clone(), task_id: task.clone(), select };
        let Some(there) = context.client.find(&look).await? else { return Ok(true) };
        if digest_of(&there.value) != Some(digest) {
            return Ok(false);
        }
        let etag = there.value.e_tag.as_deref().map(ETag::new).or(there.etag);
        let conditions = etag.map(Conditions::if_match).unwrap_or_default();
        let request = DeleteTask { job_id: job.clone(), task_id: task.clone(), conditions };
        match context.client.find(&request).await {
            Ok(_) => return Ok(true),
            // It has begun, or ended, or somebody has replaced it.
            Err(error) if error.code_is(ErrorCode::CONDITION_NOT_MET) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn digest_of(task: &BatchTask) -> Option<TaskDigest> {
    task.display_name.as_deref().and_then(TaskSpec::digest_in)
}

/// Adds the tasks that are not there, making them one by one as they leave.
pub(super) async fn add(
    context: &StepContext<'_>,
    job: &JobId,
    tasks: &TaskStream,
    (present, done_before): (&Arc<HashSet<String>>, &Arc<DoneBefore>),
    (count, sources): (u64, &FieldSources),
) -> StepResult {
    // The source can fail, and what is sent can't: a failure ends the source, and is told once what was sent has landed.
    let failure: Arc<Mutex<Option<StepError>>> = Arc::default();
    let source = {
        let (failure, present, done_before) = (failure.clone(), present.clone(), done_before.clone());
        let done = done_before.clone();
        let secrets = context.options.secrets.clone();
        let make = move |task: Result<TaskSpec, _>| -> Result<BatchTaskCreateOptions, StepError> {
            let task = task?;
            let values = secrets.resolve(task.secrets())?;
            let mut options = task.to_create(&values)?;
            done.take_from(&mut options.depends_on);
            Ok(options)
        };
        let is_missing = move |task: &TaskSpec| {
            let key = task.id.key();
            !present.contains(&key) && !done_before.contains(&key)
        };
        let missing = tasks.iter().filter(move |task| task.as_ref().map_or(true, &is_missing));
        let made = missing.map(make).map_while(move |task| match task {
            Ok(task) => Some(task),
            Err(error) => {
                *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                None
            }
        });
        stream::iter(made)
    };
    let additions = context.client.add_tasks(job.clone(), source, AddTasksOptions::default());
    let judged = additions.map(|addition| async {
        let addition = addition.map_err(|error| ended(context, error))?;
        let refusal = refusal(context, job, &addition).await?;
        Ok::<_, StepError>(refusal.map(|refusal| (addition.task.id, refusal)))
    });
    let judged = judged.buffer_unordered(AT_ONCE);
    pin_mut!(judged);
    let mut landed = 0;
    let mut refused = HashMap::new();
    while let Some(refusal) = judged.try_next().await? {
        match refusal {
            None => landed += 1,
            Some((task, refusal)) => drop(refused.insert(task.key(), refusal)),
        }
        context.progress("adding tasks", Some((landed, count)));
    }
    if let Some(error) = failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(error);
    }
    if refused.is_empty() {
        return Ok(Outcome::Done);
    }
    Err(tell_refused(context, tasks, refused, (count, sources))?)
}

/// Reads that a job takes no tasks any more as what it means: it has ended since the plan was made. Perhaps somebody else added all
/// of them meanwhile.
fn ended(context: &StepContext<'_>, error: ClientError) -> StepError {
    if HAS_ENDED.iter().any(|code| error.code_is(*code)) {
        context.moved(vec!["it has ended and takes no tasks any more".to_owned()])
    } else {
        if_gone(context, error.into())
    }
}

/// Why a task was not added.
enum Refusal {
    /// Another task of that id is there.
    Taken,
    /// The service says so.
    Said(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken => f.write_str("another task of that id exists"),
            Self::Said(reason) => f.write_str(reason),
        }
    }
}

/// Why a task was not added, if it was not.
async fn refusal(
    context: &StepContext<'_>,
    job: &JobId,
    addition: &TaskAddition,
) -> Result<Option<Refusal>, StepError> {
    Ok(match &addition.outcome {
        TaskOutcome::Added => None,
        TaskOutcome::Exists if is_the_same(context, job, &addition.task).await? => None,
        TaskOutcome::Exists => Some(Refusal::Taken),
        TaskOutcome::Refused(error) => Some(Refusal::Said(says(error))),
        TaskOutcome::Failed(error) => {
            Some(Refusal::Said(error.as_ref().map_or_else(|| "the service failed".to_owned(), says)))
        }
    })
}

/// Tells of every task that was refused, in the order of the recipe, where it asks for it and why. The tasks are made once more
/// to find their places: that costs nothing as long as nothing goes wrong.
fn tell_refused(
    context: &StepContext<'_>,
    tasks: &TaskStream,
    mut refused: HashMap<String, Refusal>,
    (count, sources): (u64, &FieldSources),
) -> Result<StepError, StepError> {
    let total = refused.len() as u64;
    let taken = refused.values().filter(|refusal| matches!(refusal, Refusal::Taken)).count() as u64;
    let mut first = None;
    for task in tasks.iter() {
        let task = task?;
        let Some(refusal) = refused.remove(&task.id.key()) else { continue };
        let source = source_of(sources, &format!("tasks.{}", task.name));
        let reason = refusal.to_string();
        context.observer.on(ApplyEvent::TaskRefused {
            step: context.step,
            task: &task.id,
            reason: &reason,
            source: source.as_ref(),
        });
        first.get_or_insert_with(|| format!("{}: {reason}", task.id));
        if refused.is_empty() {
            break;
        }
    }
    Ok(StepError::Tasks { refused: total, taken, total: count, first: first.unwrap_or_default() })
}

fn says(error: &crate::batch::error::BatchErrorBody) -> String {
    let mut text = format!("{}: {}", error.code, error.message.value.lines().next().unwrap_or_default());
    for detail in &error.values {
        text.push_str(&format!("; {}: {}", detail.key, detail.value));
    }
    text
}

/// Whether a task that exists is the one that was to be added: an answer was lost, or an apply was killed.
async fn is_the_same(
    context: &StepContext<'_>,
    job: &JobId,
    task: &BatchTaskCreateOptions,
) -> Result<bool, StepError> {
    let request =
        GetTask { job_id: job.clone(), task_id: task.id.clone(), select: Select::of(&["id", "displayName"]) };
    // Gone again means that somebody else is at work here.
    let Some(there) = context.client.find(&request).await? else { return Ok(false) };
    let wanted = task.display_name.as_deref().and_then(TaskSpec::digest_in);
    Ok(wanted.is_some() && digest_of(&there.value) == wanted)
}
