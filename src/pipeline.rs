//! The one place that strings it together: observe → plan → check.

use std::collections::BTreeMap;

use futures::{TryStreamExt, pin_mut};

use crate::batch::model::BatchJobState;
use crate::batch::odata::Select;
use crate::batch::operations::{GetJobTaskCounts, GetTask};
use crate::batch::{JobId, PoolId};
use crate::client::{BatchClient, ClientError};
use crate::observe::{self, Scope};
use crate::plan::{
    self, BrokenInvariant, MayDelete, NothingMeant, Plan, Policy, Rerun, Selection, TaskComparison, TaskPlan,
};
use crate::resource::{DesiredJob, DesiredState, LiveState, OnComplete, Ownership, TaskStreamError};

/// Why no plan could be made.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The account can't be read.
    #[error("the account could not be read")]
    Observe(#[source] ClientError),
    /// A task can't be made from its recipe.
    #[error("a task could not be made from its recipe")]
    Tasks(#[from] TaskStreamError),
    /// A pattern means nothing in the recipe.
    #[error(transparent)]
    Selection(#[from] NothingMeant),
    /// The planner made a mistake; applying the plan might do harm.
    #[error("the plan is not sound ({}); nothing was changed. Please report this as a bug", list(.0))]
    Unsound(Vec<BrokenInvariant>),
}

fn list(broken: &[BrokenInvariant]) -> String {
    broken.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// What of an account matters to a recipe.
pub fn scope(desired: &DesiredState) -> Scope {
    let own = desired.pools.values().map(|pool| pool.spec.id.clone());
    let used = desired.jobs.values().filter_map(|job| job.spec.pool.id().cloned());
    let scheduled = desired.schedules.values().filter_map(|schedule| schedule.spec.pool().cloned());
    let pools: Vec<PoolId> = own.chain(used).chain(scheduled).collect();
    let jobs: Vec<JobId> = desired.jobs.values().map(|job| job.spec.id.clone()).collect();
    Scope {
        recipe: desired.recipe.clone(),
        pools: pools.into_iter().collect(),
        jobs: jobs.into_iter().collect(),
        schedules: desired.schedules.values().map(|schedule| schedule.spec.id.clone()).collect(),
    }
}

/// What a recipe wants, with each job and pool in the generation that the account has it in.
///
/// # Errors
/// When the account can't be read.
pub async fn at_generations(
    client: &BatchClient,
    desired: &DesiredState,
) -> Result<DesiredState, ClientError> {
    let generations = observe::generations(client, &desired.recipe).await?;
    Ok(desired.clone().at_generations(&generations))
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
    Ok(survey(client, desired, policy).await?.plan)
}

/// A plan, and what it was made from.
#[derive(Debug)]
pub struct Survey {
    /// The plan.
    pub plan: Plan,
    /// What the account has.
    pub live: LiveState,
}

/// Plans what it takes to bring an account to what a recipe wants, and keeps what the account has.
///
/// # Errors
/// When the account can't be read, or no sound plan can be made.
pub async fn survey(
    client: &BatchClient,
    desired: &DesiredState,
    policy: &Policy,
) -> Result<Survey, PipelineError> {
    let picked = policy.selection.of(desired)?;
    policy.selection.check(&policy.replace, &picked)?;
    if let Some(nothing) = policy.selection.without_tasks(&policy.rerun.tasks, &picked)? {
        return Err(nothing.into());
    }
    let mut live = observe::read(client, &scope(&picked)).await.map_err(PipelineError::Observe)?;
    let generations = live.generations(&picked.recipe);
    // Also jobs of the part that is planned run on the current generations of pools outside of it.
    let picked = policy.selection.of(&desired.clone().at_generations(&generations))?;
    let desired = &plan::with_pools_taken_back(picked, &live);
    let mut tasks = BTreeMap::new();
    for (key, job) in &desired.jobs {
        let earlier = generations.jobs.earlier(&job.generation.first);
        if let Some(compared) = compare_tasks(client, (key, job), (&live, &earlier), &policy.rerun).await? {
            tasks.insert(key.clone(), compared);
        }
    }
    let mut made = plan::plan(desired, &live, &tasks, policy)?;
    if read_disturbed(client, &made, &mut live).await? {
        made = plan::plan(desired, &live, &tasks, policy)?;
    }
    let plan = checked(made, &live, &MayDelete::Planned(desired, policy))?;
    Ok(Survey { plan, live })
}

/// Plans the removal of everything that a recipe owns, as far as it is selected.
///
/// # Errors
/// When the account can't be read, a pattern means nothing of what the recipe has or owns, or no sound plan can be made.
pub async fn plan_destroy(
    client: &BatchClient,
    desired: &DesiredState,
    selection: &Selection,
) -> Result<Plan, PipelineError> {
    let recipe = desired.recipe.clone();
    let scope = Scope { recipe, pools: [].into(), jobs: [].into(), schedules: [].into() };
    let mut live = observe::read(client, &scope).await.map_err(PipelineError::Observe)?;
    let mut made = plan::destroy(desired, &live, selection)?;
    if read_disturbed(client, &made, &mut live).await? {
        made = plan::destroy(desired, &live, selection)?;
    }
    checked(made, &live, &MayDelete::Destroyed(desired, selection))
}

/// Reads what the jobs hold that a plan would disturb, so that it can say what is lost. Most plans disturb none: then nothing is
/// read, and the answer is no.
async fn read_disturbed(
    client: &BatchClient,
    plan: &Plan,
    live: &mut LiveState,
) -> Result<bool, PipelineError> {
    let disturbed = plan::disturbed(plan, live);
    for job in &disturbed {
        let held = match live.jobs.get(job).map(|job| &job.value) {
            Some(own) => {
                let recorded = own.ownership.as_ref().and_then(Ownership::recorded_tasks);
                observe::contents(client, job, recorded, own.spec.manager().as_ref()).await
            }
            None => observe::counts(client, job).await,
        };
        live.contents.extend(held.map_err(PipelineError::Observe)?.map(|held| (job.clone(), held)));
    }
    Ok(!disturbed.is_empty())
}

fn checked(plan: Plan, live: &LiveState, may: &MayDelete<'_>) -> Result<Plan, PipelineError> {
    let mut broken = plan::check(&plan);
    broken.extend(plan::check_deletions(&plan, live, may));
    if broken.is_empty() { Ok(plan) } else { Err(PipelineError::Unsound(broken)) }
}

/// How the tasks of a job differ; `None` if the job is not there, or is about to go. A job whose metadata records the very tasks
/// that the recipe wants, and which has as many, is not listed at all.
async fn compare_tasks(
    client: &BatchClient,
    (key, job): (&str, &DesiredJob),
    (live, earlier): (&LiveState, &[JobId]),
    rerun: &Rerun,
) -> Result<Option<TaskPlan>, PipelineError> {
    let Some(found) = live.jobs.get(&job.spec.id) else { return Ok(None) };
    if found.value.state == BatchJobState::Deleting {
        return Ok(None);
    }
    let mut compared = match &found.value.ownership {
        Some(recorded) if recorded.tasks.is_some() && !rerun.concerns(key) => {
            compare_with_record(client, job, recorded).await?
        }
        _ => None,
    };
    if compared.is_none() {
        let mut comparison = TaskComparison::default().rerunning(key, rerun);
        for earlier in earlier {
            observe::for_each_task(client, earlier, |task| comparison.observe_earlier(&task))
                .await
                .map_err(PipelineError::Observe)?;
        }
        observe::for_each_task(client, &job.spec.id, |task| comparison.observe(task))
            .await
            .map_err(PipelineError::Observe)?;
        // One that ends with its tasks may have to be followed, too.
        let may_be_followed = found.value.is_over() || found.value.spec.on_complete == OnComplete::Terminate;
        compared =
            Some(if may_be_followed { comparison.finish_over(job)? } else { comparison.finish(job)? });
    }
    if let Some(compared) = &mut compared {
        complete_samples(client, job, compared).await.map_err(PipelineError::Observe)?;
    }
    Ok(compared)
}

async fn compare_with_record(
    client: &BatchClient,
    job: &DesiredJob,
    recorded: &Ownership,
) -> Result<Option<TaskPlan>, PipelineError> {
    let request = GetJobTaskCounts { job_id: job.spec.id.clone() };
    let counts = client.find(&request).await.map_err(PipelineError::Observe)?;
    let Some(counts) = counts.map(|answer| answer.value.task_counts) else { return Ok(None) };
    Ok(TaskPlan::from_recorded_tally(job, recorded, &counts)?)
}

/// Reads the few tasks that a plan shows as examples: what changes in them, which of them failed.
async fn complete_samples(
    client: &BatchClient,
    job: &DesiredJob,
    compared: &mut TaskPlan,
) -> Result<(), ClientError> {
    for task_id in compared.replaced.iter().map(|task| task.id.clone()).collect::<Vec<_>>() {
        let request = GetTask { job_id: job.spec.id.clone(), task_id, select: Select::default() };
        if let Some(there) = client.find(&request).await? {
            compared.explain(job, &there.value);
        }
    }
    if compared.wants_names_of_failed() {
        let failed = observe::failed_tasks(client, &job.spec.id);
        pin_mut!(failed);
        while let Some(id) = failed.try_next().await? {
            if !compared.name_failed(&id) {
                break;
            }
        }
    }
    Ok(())
}
