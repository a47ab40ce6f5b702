//! All rules, and how they are run.

use super::rule::{Check, Rule};
use super::scope::{JobScope, PoolScope};
use super::{
    container_required, container_unsupported, dependency_cycle, duplicate_id, image_not_prefetched,
    image_without_containers, missing_command, missing_node_agent, mounts_without_task, registry_login,
    too_many_slots, unbalanced_quotes, unknown_pool, unknown_registry, unknown_task,
};
use crate::diagnostic::Collector;
use crate::recipe::document::Task;
use crate::recipe::expand::ResolvedRecipe;
use crate::recipe::node::Node;

/// All rules, by name.
pub static ALL: &[&Rule] = &[
    &container_required::RULE,
    &container_unsupported::RULE,
    &dependency_cycle::RULE,
    &duplicate_id::RULE,
    &image_not_prefetched::RULE,
    &image_without_containers::RULE,
    &missing_command::RULE,
    &missing_node_agent::RULE,
    &mounts_without_task::RULE,
    &registry_login::RULE,
    &too_many_slots::RULE,
    &unbalanced_quotes::RULE,
    &unknown_pool::RULE,
    &unknown_registry::RULE,
    &unknown_task::RULE,
];

fn checks() -> impl Iterator<Item = Check> {
    ALL.iter().flat_map(|rule| rule.checks.iter().copied())
}

/// Checks a recipe as it was written.
pub fn check_written(tree: &Node, findings: &mut Collector) {
    for check in checks() {
        if let Check::Written(check) = check {
            check(tree, findings);
        }
    }
}

/// Checks everything but the tasks of jobs.
pub fn check(recipe: &ResolvedRecipe, findings: &mut Collector) {
    let Some(document) = recipe.document.get() else { return };
    let jobs: Vec<JobScope<'_>> = recipe
        .jobs
        .iter()
        .map(|tasks| JobScope { recipe: document, job: recipe.job(&tasks.key), tasks })
        .collect();
    for check in checks() {
        match check {
            Check::Recipe(check) => check(document, findings),
            Check::Pool(check) => PoolScope::all(document).for_each(|pool| check(&pool, findings)),
            Check::Job(check) => jobs.iter().for_each(|job| check(job, findings)),
            Check::AnyTask(check) => {
                PoolScope::all(document).flat_map(PoolScope::tasks).for_each(|task| check(&task, findings));
            }
            Check::Written(_) | Check::Task(_) => {}
        }
    }
}

/// Checks one task of a job.
pub fn check_task(job: &JobScope<'_>, task: &Task, findings: &mut Collector) {
    let any_task = job.any_task(task);
    for check in checks() {
        match check {
            Check::Task(check) => check(job, task, findings),
            Check::AnyTask(check) => check(&any_task, findings),
            Check::Written(_) | Check::Recipe(_) | Check::Pool(_) | Check::Job(_) => {}
        }
    }
}
