//! All rules, and how they are run.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use super::scope::{JobScope, PoolScope};
use super::{
    auto_pool_lifetime, autoscale_formula, autoscale_interval, autoscale_with_counts, communication_on_spot,
    container_name, container_required, container_unsupported, dependencies_disabled, dependency_cycle,
    docker_hub_alias, drain_with_spot, duplicate_id, duplicate_lun, duplicate_mount, duplicate_package,
    endless_retries, exit_action_ignored, exit_code_overlap, exit_code_range, file_system_access,
    file_system_platform, formula_without_target, gpu_image_without_gpu, gpu_option, host_volume, idle_image,
    image_not_prefetched, image_without_containers, image_without_login, input_source, invalid_image_name,
    job_network, kept_auto_pool, large_metadata, long_retention, many_tasks, missing_command,
    missing_node_agent, mounts_without_task, multi_instance_communication, multi_instance_slots,
    named_network, nat_overlap, nat_ports, needs_admin, node_agent_mismatch, option_without_effect,
    output_without_access, outputs_elsewhere, pool_without_nodes, privileged_container, rdma_on_windows,
    rdma_without_communication, registry_login, registry_mismatch, registry_server, release_wall_time,
    release_without_preparation, reserved_task_id, reserved_variable, resize_timeout, resource_file_path,
    resource_file_source, retired_image, retired_variable, retired_vm_size, run_options, schedule_interval,
    schedule_never_runs, schedule_window, schedule_without_work, secret_in_command, secret_in_environment,
    secret_in_text, security_rule_priority, shell_syntax, slots_over_cores, start_task_not_awaited,
    storage_missing, terminate_empty_job, too_many_instances, too_many_slots, uid_without_gid,
    unbalanced_quotes, unexpanded_variable, unknown_pool, unknown_registry, unknown_task, unknown_user,
    unpinned_image, unsuitable_run_option, user_and_elevation, user_platform, wall_time_over_job,
    windows_settings, workdir_twice, wrong_platform,
};
use crate::diagnostic::{Collector, Sources};
use crate::recipe::document::Task;
use crate::recipe::expand::ResolvedRecipe;
use crate::recipe::node::Node;

/// All rules, by name.
pub static ALL: &[&Rule] = &[
    &auto_pool_lifetime::RULE,
    &autoscale_formula::RULE,
    &autoscale_interval::RULE,
    &autoscale_with_counts::RULE,
    &communication_on_spot::RULE,
    &container_name::RULE,
    &container_required::RULE,
    &container_unsupported::RULE,
    &dependencies_disabled::RULE,
    &dependency_cycle::RULE,
    &docker_hub_alias::RULE,
    &drain_with_spot::RULE,
    &duplicate_id::RULE,
    &duplicate_lun::RULE,
    &duplicate_mount::RULE,
    &duplicate_package::RULE,
    &endless_retries::RULE,
    &exit_action_ignored::RULE,
    &exit_code_overlap::RULE,
    &exit_code_range::RULE,
    &file_system_access::RULE,
    &file_system_platform::RULE,
    &formula_without_target::RULE,
    &gpu_image_without_gpu::RULE,
    &gpu_option::RULE,
    &host_volume::RULE,
    &idle_image::RULE,
    &image_not_prefetched::RULE,
    &image_without_containers::RULE,
    &image_without_login::RULE,
    &input_source::RULE,
    &invalid_image_name::RULE,
    &job_network::RULE,
    &kept_auto_pool::RULE,
    &large_metadata::RULE,
    &long_retention::RULE,
    &many_tasks::RULE,
    &missing_command::RULE,
    &missing_node_agent::RULE,
    &mounts_without_task::RULE,
    &multi_instance_communication::RULE,
    &multi_instance_slots::RULE,
    &named_network::RULE,
    &nat_overlap::RULE,
    &nat_ports::RULE,
    &needs_admin::RULE,
    &node_agent_mismatch::RULE,
    &option_without_effect::RULE,
    &output_without_access::RULE,
    &outputs_elsewhere::RULE,
    &pool_without_nodes::RULE,
    &privileged_container::RULE,
    &rdma_on_windows::RULE,
    &rdma_without_communication::RULE,
    &registry_login::RULE,
    &registry_mismatch::RULE,
    &registry_server::RULE,
    &release_wall_time::RULE,
    &release_without_preparation::RULE,
    &reserved_task_id::RULE,
    &reserved_variable::RULE,
    &resize_timeout::RULE,
    &resource_file_path::RULE,
    &resource_file_source::RULE,
    &retired_image::RULE,
    &retired_variable::RULE,
    &retired_vm_size::RULE,
    &run_options::RULE,
    &schedule_interval::RULE,
    &schedule_never_runs::RULE,
    &schedule_window::RULE,
    &schedule_without_work::RULE,
    &secret_in_command::RULE,
    &secret_in_environment::RULE,
    &secret_in_text::RULE,
    &security_rule_priority::RULE,
    &shell_syntax::RULE,
    &slots_over_cores::RULE,
    &start_task_not_awaited::RULE,
    &storage_missing::RULE,
    &terminate_empty_job::RULE,
    &too_many_instances::RULE,
    &too_many_slots::RULE,
    &uid_without_gid::RULE,
    &unbalanced_quotes::RULE,
    &unexpanded_variable::RULE,
    &unknown_pool::RULE,
    &unknown_registry::RULE,
    &unknown_task::RULE,
    &unknown_user::RULE,
    &unpinned_image::RULE,
    &unsuitable_run_option::RULE,
    &user_and_elevation::RULE,
    &user_platform::RULE,
    &wall_time_over_job::RULE,
    &windows_settings::RULE,
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
pub fn check(recipe: &ResolvedRecipe, sources: &Sources, findings: &mut Collector) {
    let Some(document) = recipe.document.get() else { return };
    let pools: Vec<PoolScope<'_>> = PoolScope::all(document, sources).collect();
    let mut jobs = JobScope::all(document, &recipe.jobs);
    jobs.extend(JobScope::scheduled(document));
    let of_pools = pools.iter().flat_map(PoolScope::tasks);
    let around: Vec<AnyTask<'_>> = of_pools.chain(jobs.iter().flat_map(JobScope::own_tasks)).collect();
    for check in checks() {
        match check {
            Check::Recipe(check) => check(document, findings),
            Check::Pool(check) => pools.iter().for_each(|pool| check(pool, findings)),
            Check::Job(check) => jobs.iter().for_each(|job| check(job, findings)),
            Check::AnyTask(check) => around.iter().for_each(|task| check(task, findings)),
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
