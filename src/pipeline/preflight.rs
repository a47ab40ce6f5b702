//! What only the node's own parser can tell of a recipe, asked before anything is submitted.

use std::collections::HashMap;

use crate::node::run_options::{InvalidRunOptions, RunOptions};
use crate::resource::{
    DesiredJob, DesiredState, FieldSources, SourceLocation, TaskContainerSpec, TaskStreamError,
};

/// Run options that no node will take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedRunOptions {
    /// Whose they are: `jobs.train.tasks.epoch`.
    pub owner: String,
    /// The options as they were written.
    pub run_options: String,
    /// Why not.
    pub reason: InvalidRunOptions,
    /// Where they stand.
    pub source: Option<SourceLocation>,
}

impl std::fmt::Display for RefusedRunOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: run_options `{}`: {}", self.owner, self.run_options, self.reason)?;
        let mut source = std::error::Error::source(&self.reason);
        while let Some(cause) = source {
            write!(f, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

/// Parses the run options of every task and start task with the parser that nodes use. Options that only the embedded nodes don't
/// have are left to them: Azure's nodes may well take them.
///
/// # Errors
/// When a task can't be made from its recipe.
pub fn refused_run_options(desired: &DesiredState) -> Result<Vec<RefusedRunOptions>, TaskStreamError> {
    let mut refused = Vec::new();
    for (key, pool) in &desired.pools {
        let container = pool.spec.start_task.as_ref().and_then(|task| task.container.as_ref());
        if let Some((run_options, reason)) = container.and_then(refusal) {
            let source = place(&pool.sources, "start_task");
            refused.push(RefusedRunOptions {
                owner: format!("pools.{key}.start_task"),
                run_options,
                reason,
                source,
            });
        }
    }
    for (key, job) in &desired.jobs {
        refused.extend(refused_in_job(key, job)?);
    }
    Ok(refused)
}

fn refused_in_job(key: &str, job: &DesiredJob) -> Result<Vec<RefusedRunOptions>, TaskStreamError> {
    // A million tasks share a handful of options: each is parsed once, and told once for each name in the recipe.
    let mut seen: HashMap<(String, String), Option<InvalidRunOptions>> = HashMap::new();
    for task in job.tasks.iter() {
        let task = task?;
        let Some(container) = task.container.filter(|container| !container.run_options.is_empty()) else {
            continue;
        };
        let reason = || refusal(&container).map(|(_, reason)| reason);
        seen.entry((task.name, container.run_options.clone())).or_insert_with(reason);
    }
    let mut refused: Vec<_> = seen
        .into_iter()
        .filter_map(|((name, run_options), reason)| {
            let path = format!("tasks.{name}");
            let owner = format!("jobs.{key}.{path}");
            let source = place(&job.sources, &path);
            Some(RefusedRunOptions { owner, run_options, reason: reason?, source })
        })
        .collect();
    refused.sort_by(|a, b| (&a.owner, &a.run_options).cmp(&(&b.owner, &b.run_options)));
    Ok(refused)
}

fn refusal(container: &TaskContainerSpec) -> Option<(String, InvalidRunOptions)> {
    let reason = RunOptions::parse(&container.run_options).err().filter(|reason| !reason.only_here())?;
    Some((container.run_options.clone(), reason))
}

/// The place of the options, or of the nearest thing around them that the recipe's fields name.
fn place(sources: &FieldSources, owner: &str) -> Option<SourceLocation> {
    let mut path = format!("{owner}.container.run_options");
    loop {
        if let Some(source) = sources.get(&path) {
            return Some(source.clone());
        }
        let outer = path.rfind('.').unwrap_or(0);
        if path.is_empty() {
            return None;
        }
        path.truncate(outer);
    }
}
