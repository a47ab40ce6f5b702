//! Steps about tasks.

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use futures::{StreamExt, TryStreamExt, pin_mut, stream};

use crate::batch::model::BatchTaskCreateOptions;
use crate::batch::odata::Select;
use crate::batch::operations::{DeleteTask, GetTask};
use crate::batch::{Conditions, JobId, TaskId};
use crate::client::{AddTasksOptions, TaskOutcome};
use crate::resource::{TaskSpec, TaskStream};

use super::super::context::StepContext;
use super::super::error::StepError;
use super::super::event::Outcome;

type StepResult = Result<Outcome, StepError>;

/// How many tasks are deleted at once.
const DELETIONS: usize = 16;

pub(super) async fn delete(context: &StepContext<'_>, job: &JobId, tasks: &[TaskId]) -> StepResult {
    let total = tasks.len() as u64;
    let done = RefCell::new(0);
    let deletions = tasks.iter().map(|task| async {
        let request =
            DeleteTask { job_id: job.clone(), task_id: task.clone(), conditions: Conditions::default() };
        context.client.find(&request).await?;
        *done.borrow_mut() += 1;
        context.progress("deleting tasks", Some((*done.borrow(), total)));
        Ok::<_, StepError>(())
    });
    stream::iter(deletions).buffer_unordered(DELETIONS).try_collect::<()>().await?;
    Ok(Outcome::Done)
}

/// Adds the tasks that are not there, making them one by one as they leave.
pub(super) async fn add(
    context: &StepContext<'_>,
    job: &JobId,
    tasks: &TaskStream,
    present: &Arc<HashSet<String>>,
    count: u64,
) -> StepResult {
    // The source can fail, and what is sent can't: a failure ends the source, and is told once what was sent has landed.
    let failure: Arc<Mutex<Option<StepError>>> = Arc::default();
    let source = {
        let (failure, present) = (failure.clone(), present.clone());
        let secrets = context.options.secrets.clone();
        let make = move |task: Result<TaskSpec, _>| -> Result<BatchTaskCreateOptions, StepError> {
            let task = task?;
            let values = secrets.resolve(task.secrets())?;
            Ok(task.to_create(&values)?)
        };
        let missing = tasks
            .iter()
            .filter(move |task| task.as_ref().map_or(true, |task| !present.contains(&task.id.key())));
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
    pin_mut!(additions);
    let mut landed = 0;
    let mut refused = Vec::new();
    while let Some(addition) = additions.try_next().await? {
        match addition.outcome {
            TaskOutcome::Added => landed += 1,
            TaskOutcome::Exists if is_the_same(context, job, &addition.task).await? => landed += 1,
            TaskOutcome::Exists => {
                refused.push(format!("{}: another task of that id exists", addition.task.id));
            }
            TaskOutcome::Refused(error) => refused.push(format!("{}: {}", addition.task.id, says(&error))),
            TaskOutcome::Failed(error) => {
                let reason = error.as_ref().map_or_else(|| "the service failed".to_owned(), says);
                refused.push(format!("{}: {reason}", addition.task.id));
            }
        }
        context.progress("adding tasks", Some((landed, count)));
    }
    if let Some(error) = failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(error);
    }
    match refused.first() {
        None => Ok(Outcome::Done),
        Some(first) => {
            Err(StepError::Tasks { refused: refused.len() as u64, total: count, first: first.clone() })
        }
    }
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
    let there = context.client.send(&request).await?.value;
    let digest = |name: &Option<String>| name.as_deref().and_then(TaskSpec::digest_in);
    Ok(digest(&there.display_name).is_some() && digest(&there.display_name) == digest(&task.display_name))
}
