//! The one place that strings it together: observe → plan → check.

mod preflight;

use std::collections::BTreeMap;

use crate::batch::{JobId, PoolId};
use crate::client::{BatchClient, ClientError};
use crate::observe::{self, Scope};
use crate::plan::{self, BrokenInvariant, Plan, Policy, TaskComparison, TaskPlan};
use crate::resource::{DesiredJob, DesiredState, LiveState, Ownership, RecipeName, TaskStreamError};

pub use preflight::{RefusedRunOptions, refused_run_options};

/// Why no plan could be made.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The account can't be read.
    #[error("the account could not be read")]
    Observe(#[source] ClientError),
    /// A task can't be made from its recipe.
    #[error("a task could not be made from its recipe")]
    Tasks(#[from] TaskStreamError),
    /// The planner made a mistake; applying the plan might do harm.
    #[error("the plan is not sound ({}); nothing was changed. Please report this as a bug", list(.0))]
    Unsound(Vec<BrokenInvariant>),
}

fn list(broken: &[BrokenInvariant]) -> String {
    broken.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// What of an account matters to a recipe.
pub fn scope(desired: &DesiredState) -> Scope {
    let pools: Vec<PoolId> = desired.pools.values().map(|pool| pool.spec.id.clone()).collect();
    let jobs: Vec<JobId> = desired.jobs.values().map(|job| job.spec.id.clone()).collect();
    Scope {
        recipe: desired.recipe.clone(),
        pools: pools.into_iter().collect(),
        jobs: jobs.into_iter().collect(),
    }
}

/// Plans what it takes to bring an account to what a recipe wants.
///
/// # Errors
/// When the account can't be read, or no sound plan can be made.
pub async fn plan(
    client: &BatchClient,
    desired: &DesiredState,
    policy: &Policy,
) -> Result<Plan, PipelineError> {
    let live = observe::read(client, &scope(desired)).await.map_err(PipelineError::Observe)?;
    let mut tasks = BTreeMap::new();
    for (key, job) in &desired.jobs {
        if let Some(compared) = compare_tasks(client, job, &live).await? {
            tasks.insert(key.clone(), compared);
        }
    }
    checked(plan::plan(desired, &live, &tasks, policy)?)
}

/// Plans the removal of everything that a recipe owns.
///
/// # Errors
/// When the account can't be read, or no sound plan can be made.
pub async fn plan_destroy(client: &BatchClient, recipe: &RecipeName) -> Result<Plan, PipelineError> {
    let scope = Scope { recipe: recipe.clone(), pools: [].into(), jobs: [].into() };
    let live = observe::read(client, &scope).await.map_err(PipelineError::Observe)?;
    checked(plan::destroy(recipe, &live))
}

fn checked(plan: Plan) -> Result<Plan, PipelineError> {
    let broken = plan::check(&plan);
    if broken.is_empty() { Ok(plan) } else { Err(PipelineError::Unsound(broken)) }
}

/// How the tasks of a job differ; `None` if the job is not there, or is about to go. A job whose metadata records the very tasks
/// that the recipe wants is not listed at all.
async fn compare_tasks(
    client: &BatchClient,
    job: &DesiredJob,
    live: &LiveState,
) -> Result<Option<TaskPlan>, PipelineError> {
    let Some(found) = live.jobs.get(&job.spec.id) else { return Ok(None) };
    if found.value.state == crate::batch::model::BatchJobState::Deleting {
        return Ok(None);
    }
    let recorded =
        found.value.ownership.as_ref().and_then(|ownership: &Ownership| ownership.tasks.as_deref());
    if let Some(recorded) = recorded
        && let Some(plan) = TaskPlan::from_recorded_tally(&job.tasks, recorded)?
    {
        return Ok(Some(plan));
    }
    let mut comparison = TaskComparison::default();
    observe::for_each_task(client, &job.spec.id, |task| comparison.observe(task))
        .await
        .map_err(PipelineError::Observe)?;
    Ok(Some(comparison.finish(&job.tasks)?))
}
