//! All rules, and how they are run.

use super::rule::{Check, Rule};
use super::scope::{JobScope, PoolScope};
use super::{
    container_name, container_required, container_unsupported, dependency_cycle, docker_hub_alias,
    drain_with_spot, duplicate_id, duplicate_mount, endless_retries, gpu_image_without_gpu, gpu_option,
    host_volume, idle_image, image_not_prefetched, image_without_containers, image_without_login,
    invalid_image_name, long_retention, many_tasks, missing_command, missing_node_agent, mounts_without_task,
    named_network, needs_admin, node_agent_mismatch, option_without_effect, pool_without_nodes,
    privileged_container, registry_login, registry_mismatch, registry_server, reserved_variable,
    retired_image, retired_vm_size, run_options, secret_in_command, secret_in_environment, secret_in_text,
    shell_syntax, slots_over_cores, start_task_not_awaited, terminate_empty_job, too_many_slots,
    unbalanced_quotes, unexpanded_variable, unknown_pool, unknown_registry, unknown_task, unpinned_image,
    unsuitable_run_option, wall_time_over_job, workdir_twice, wrong_platform,
};
use crate::diagnostic::Collector;
use crate::recipe::document::Task;
use crate::recipe::expand::ResolvedRecipe;
use crate::recipe::node::Node;

/// All rules, by name.
pub static ALL: &[&Rule] = &[
    &container_name::RULE,
    &container_required::RULE,
    &container_unsupported::RULE,
    &dependency_cycle::RULE,
    &docker_hub_alias::RULE,
    &drain_with_spot::RULE,
    &duplicate_id::RULE,
    &duplicate_mount::RULE,
    &endless_retries::RULE,
    &gpu_image_without_gpu::RULE,
    &gpu_option::RULE,
    &host_volume::RULE,
    &idle_image::RULE,
    &image_not_prefetched::RULE,
    &image_without_containers::RULE,
    &image_without_login::RULE,
    &invalid_image_name::RULE,
    &long_retention::RULE,
    &many_tasks::RULE,
    &missing_command::RULE,
    &missing_node_agent::RULE,
    &mounts_without_task::RULE,
    &named_network::RULE,
    &needs_admin::RULE,
    &node_agent_mismatch::RULE,
    &option_without_effect::RULE,
    &pool_without_nodes::RULE,
    &privileged_container::RULE,
    &registry_login::RULE,
    &registry_mismatch::RULE,
    &registry_server::RULE,
    &reserved_variable::RULE,
    &retired_image::RULE,
    &retired_vm_size::RULE,
    &run_options::RULE,
    &secret_in_command::RULE,
    &secret_in_environment::RULE,
    &secret_in_text::RULE,
    &shell_syntax::RULE,
    &slots_over_cores::RULE,
    &start_task_not_awaited::RULE,
    &terminate_empty_job::RULE,
    &too_many_slots::RULE,
    &unbalanced_quotes::RULE,
    &unexpanded_variable::RULE,
    &unknown_pool::RULE,
    &unknown_registry::RULE,
    &unknown_task::RULE,
    &unpinned_image::RULE,
    &unsuitable_run_option::RULE,
    &wall_time_over_job::RULE,
    &workdir_twice::RULE,
    &wrong_platform::RULE,
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
