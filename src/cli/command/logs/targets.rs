//! From what the user names to tasks that exist.

use std::path::{Path, PathBuf};

use futures::{TryStreamExt, pin_mut};

use super::address::{Address, Name};
use crate::batch::model::BatchTask;
use crate::batch::odata::{ListQuery, Select};
use crate::batch::operations::{GetTask, ListJobs, ListTasks};
use crate::batch::{ErrorCode, JobId, JobScheduleId, TaskId};
use crate::cli::args::{LogsArgs, RecipeArgs};
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::recipe::load_recipe;
use crate::client::BatchClient;
use crate::exit_code::ExitCode;
use crate::observe;
use crate::resource::{DesiredState, RecipeName};

/// The properties of a task that are looked at.
pub(super) const PROPERTIES: [&str; 4] = ["id", "state", "executionInfo", "nodeInfo"];
/// How many ids are looked through for one that may have been meant.
const LOOKED_THROUGH: usize = 5_000;
/// How many of them are suggested.
const SUGGESTED: usize = 3;
/// The least likeness of an id that is suggested.
const LIKELY: f64 = 0.5;

/// What the user names.
#[derive(Debug)]
pub(super) enum Wanted {
    /// Tasks of the account, by their address.
    Address(Address),
    /// The jobs of a recipe, and those that its schedules make.
    Recipe { recipe: RecipeName, jobs: Vec<JobId>, schedules: Vec<JobScheduleId> },
}

impl Wanted {
    /// Whether it can only be one task.
    pub(super) fn is_one_task(&self) -> bool {
        matches!(self, Self::Address(Address { job: Name::Exact(_), task: Name::Exact(_) }))
    }
}

/// A task that exists.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) job: JobId,
    pub(super) task: BatchTask,
}

impl Target {
    /// `JOB/TASK`.
    pub(super) fn address(&self) -> String {
        format!("{}/{}", self.job, self.task.id)
    }
}

/// Reads what the user names: a recipe, if there is one at that path, else an address.
pub(super) fn wanted(context: &Context, args: &LogsArgs) -> Result<Wanted, CommandError> {
    let named = args.named.as_deref().unwrap_or(".");
    let path = PathBuf::from(named);
    if args.named.is_some() && named != "." && !holds_recipe(&path) {
        return Address::parse(named).map(Wanted::Address);
    }
    let loaded = load_recipe(context, &RecipeArgs { path, parameters: args.parameters.clone() })?;
    let DesiredState { recipe, jobs, schedules, .. } = &loaded.desired;
    Ok(Wanted::Recipe {
        recipe: recipe.clone(),
        jobs: jobs.values().map(|job| job.spec.id.clone()).collect(),
        schedules: schedules.values().map(|schedule| schedule.spec.id.clone()).collect(),
    })
}

fn holds_recipe(path: &Path) -> bool {
    let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    let inside = ["recipe.yaml", "recipe.yml"];
    if path.is_dir() { inside.iter().any(|name| path.join(name).is_file()) } else { is_yaml }
}

/// Finds the tasks. Calls `take` with each, so that a million of them need no memory.
pub(super) async fn for_each_target(
    client: &BatchClient,
    wanted: &Wanted,
    only_failed: bool,
    mut take: impl AsyncFnMut(Target) -> Result<(), CommandError>,
) -> Result<(), CommandError> {
    let any = Address::parse("*/*")?;
    let (jobs, task) = match wanted {
        Wanted::Recipe { recipe, jobs, schedules } => {
            (existing(client, recipe, jobs, schedules).await?, &any.task)
        }
        Wanted::Address(address) => (matching_jobs(client, address).await?, &address.task),
    };
    for job in jobs {
        match task {
            Name::Exact(id) if !only_failed => {
                let task = find_task(client, &job, id).await?;
                take(Target { job, task }).await?;
            }
            name => {
                let filter = only_failed.then(|| "executionInfo/result eq 'failure'".to_owned());
                let query = ListQuery { filter, ..ListQuery::select(&PROPERTIES) };
                let tasks = client.list(ListTasks { job_id: job.clone(), query });
                pin_mut!(tasks);
                while let Some(task) = tasks.try_next().await? {
                    if name.fits(task.id.as_str()) {
                        take(Target { job: job.clone(), task }).await?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// Those jobs of a recipe that the account has, in all of their generations.
async fn existing(
    client: &BatchClient,
    recipe: &RecipeName,
    jobs: &[JobId],
    schedules: &[JobScheduleId],
) -> Result<Vec<JobId>, CommandError> {
    let is_of_schedule = |id: &JobId| id.schedule().is_some_and(|schedule| schedules.contains(&schedule));
    let mut found = job_ids(client).await?;
    let generations = observe::generations(client, recipe).await?.jobs;
    let earlier: Vec<JobId> = jobs.iter().flat_map(|job| generations.earlier(job)).collect();
    let current: Vec<_> = jobs.iter().filter_map(|job| generations.current(job).id()).collect();
    found.retain(|id| current.contains(id) || earlier.contains(id) || is_of_schedule(id));
    found.sort();
    Ok(found)
}

async fn matching_jobs(client: &BatchClient, address: &Address) -> Result<Vec<JobId>, CommandError> {
    let all = match &address.job {
        // Whether it exists shows as soon as its tasks are asked for.
        Name::Exact(job) if matches!(address.task, Name::Exact(_)) => return Ok(vec![job.clone()]),
        _ => job_ids(client).await?,
    };
    let mut fitting: Vec<JobId> = all.iter().filter(|id| address.job.fits(id.as_str())).cloned().collect();
    if fitting.is_empty() {
        return Err(match &address.job {
            Name::Exact(job) => no_job(job, &all),
            Name::Pattern(pattern) => CommandError::new(ExitCode::Error, format!("no job fits `{pattern}`"))
                .hint(suggestion(pattern.as_str(), all.iter().map(JobId::as_str))),
        });
    }
    fitting.sort();
    Ok(fitting)
}

async fn job_ids(client: &BatchClient) -> Result<Vec<JobId>, CommandError> {
    let jobs = client.list(ListJobs { query: ListQuery::select(&["id"]) });
    Ok(jobs.map_ok(|job| job.id).try_collect().await?)
}

/// Reads a task; if there is none of that id, says which ids there are.
pub(super) async fn find_task(
    client: &BatchClient,
    job: &JobId,
    task: &TaskId,
) -> Result<BatchTask, CommandError> {
    let request = GetTask { job_id: job.clone(), task_id: task.clone(), select: Select::of(&PROPERTIES) };
    match client.send(&request).await {
        Ok(answer) => Ok(answer.value),
        Err(error) if error.code_is(ErrorCode::JOB_NOT_FOUND) => Err(no_job(job, &job_ids(client).await?)),
        Err(error) if error.is_not_found() => {
            let tasks = client.list(ListTasks { job_id: job.clone(), query: ListQuery::select(&["id"]) });
            pin_mut!(tasks);
            let mut ids = Vec::new();
            while let Some(other) = tasks.try_next().await? {
                ids.push(other.id);
                if ids.len() == LOOKED_THROUGH {
                    break;
                }
            }
            Err(CommandError::new(ExitCode::Error, format!("job `{job}` has no task `{task}`"))
                .hint(suggestion(task.as_str(), ids.iter().map(TaskId::as_str))))
        }
        Err(error) => Err(error.into()),
    }
}

fn no_job(job: &JobId, all: &[JobId]) -> CommandError {
    CommandError::new(ExitCode::Error, format!("there is no job `{job}` in the account"))
        .hint(suggestion(job.as_str(), all.iter().map(JobId::as_str)))
}

/// The ids most like a wrong one; or, if none is, some that there are.
fn suggestion<'a>(wrong: &str, ids: impl Iterator<Item = &'a str>) -> Option<String> {
    let wrong = wrong.to_ascii_lowercase();
    let mut ranked: Vec<(f64, &str)> = ids
        .map(|id| (strsim::normalized_damerau_levenshtein(&wrong, &id.to_ascii_lowercase()), id))
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    let quoted = |ids: &[(f64, &str)]| {
        ids.iter().take(SUGGESTED).map(|(_, id)| format!("`{id}`")).collect::<Vec<_>>().join(", ")
    };
    let near = ranked.partition_point(|(likeness, _)| *likeness >= LIKELY);
    match ranked.len() {
        0 => Some("there are none at all; `apply` makes them".to_owned()),
        _ if near > 0 => Some(format!("did you mean {}?", quoted(ranked.get(..near).unwrap_or_default()))),
        count if count > SUGGESTED => {
            Some(format!("there are {} and {} more", quoted(&ranked), count - SUGGESTED))
        }
        _ => Some(format!("there are {}", quoted(&ranked))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_ids_are_suggested_first() {
        let ids = ["estimate-1", "estimate-2", "merge", "estimate-10", "estimate-3"];
        let suggested = |wrong| suggestion(wrong, ids.into_iter()).unwrap();
        assert_eq!(suggested("Estmate-1"), "did you mean `estimate-1`, `estimate-10`, `estimate-2`?");
        assert_eq!(suggested("mrge"), "did you mean `merge`?");
        assert_eq!(suggested("zzz").split_once(" and ").unwrap().1, "2 more");
        assert_eq!(suggestion("a", [].into_iter()).unwrap(), "there are none at all; `apply` makes them");
    }
}
