//! The values that the service fills in: what clients leave out, and read back.

use std::time::Duration;

use crate::batch::model::{
    AutoUserScope, AutoUserSpecification, BatchAllTasksCompleteMode, BatchAutoPoolSpecification, BatchJob,
    BatchJobConstraints, BatchJobCreateOptions, BatchJobExecutionInfo, BatchJobManagerTask,
    BatchJobPreparationTask, BatchJobReleaseTask, BatchJobSchedule, BatchJobScheduleCreateOptions,
    BatchJobScheduleState, BatchJobScheduleUpdateOptions, BatchJobSpecification, BatchJobState,
    BatchJobUpdateOptions, BatchMetadataItem, BatchNodeFillType, BatchPool, BatchPoolCreateOptions,
    BatchPoolInfo, BatchPoolReplaceOptions, BatchPoolState, BatchPoolUpdateOptions, BatchStartTask,
    BatchTaskConstraints, BatchTaskCreateOptions, BatchTaskFailureMode, BatchTaskSchedulingPolicy,
    CERTIFICATE_REFERENCES, ElevationLevel, UserIdentity, VirtualMachineConfiguration,
};
use crate::batch::{DateTime, WireDuration};

const RESIZE_TIMEOUT: Duration = Duration::from_secs(15 * 60);
/// How often the service evaluates a formula unless it is told otherwise.
pub(crate) const EVALUATION_INTERVAL: Duration = Duration::from_secs(15 * 60);
const RETENTION_TIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How tasks are placed where nobody says.
const SPREAD: BatchTaskSchedulingPolicy =
    BatchTaskSchedulingPolicy { node_fill_type: BatchNodeFillType::Spread, job_default_order: None };

/// A pool that was just asked for.
pub(crate) fn pool(options: BatchPoolCreateOptions, now: DateTime) -> BatchPool {
    let interval = options.auto_scale_evaluation_interval;
    BatchPool {
        id: options.id,
        display_name: options.display_name,
        url: None,
        e_tag: None,
        last_modified: Some(now),
        creation_time: Some(now),
        state: Some(BatchPoolState::Active),
        state_transition_time: Some(now),
        allocation_state: None,
        allocation_state_transition_time: None,
        vm_size: Some(options.vm_size),
        virtual_machine_configuration: options.virtual_machine_configuration.map(virtual_machine),
        resize_timeout: Some(options.resize_timeout.unwrap_or(RESIZE_TIMEOUT.into())),
        resize_errors: None,
        current_dedicated_nodes: None,
        current_low_priority_nodes: None,
        target_dedicated_nodes: Some(options.target_dedicated_nodes.unwrap_or(0)),
        target_low_priority_nodes: Some(options.target_low_priority_nodes.unwrap_or(0)),
        enable_auto_scale: Some(options.enable_auto_scale.unwrap_or(false)),
        auto_scale_formula: options.auto_scale_formula,
        auto_scale_evaluation_interval: match options.enable_auto_scale {
            Some(true) => Some(interval.unwrap_or(EVALUATION_INTERVAL.into())),
            _ => interval,
        },
        enable_inter_node_communication: Some(options.enable_inter_node_communication.unwrap_or(false)),
        start_task: options.start_task.map(start_task),
        task_slots_per_node: Some(options.task_slots_per_node.unwrap_or(1)),
        task_scheduling_policy: Some(options.task_scheduling_policy.unwrap_or(SPREAD)),
        network_configuration: options.network_configuration,
        application_package_references: options.application_package_references,
        user_accounts: options.user_accounts,
        mount_configuration: options.mount_configuration,
        upgrade_policy: options.upgrade_policy,
        metadata: metadata(options.metadata),
        other: options.other,
    }
}

/// Changes a pool; what `update` leaves out stays as it is.
pub(crate) fn update_pool(pool: &mut BatchPool, update: BatchPoolUpdateOptions) {
    replace(&mut pool.display_name, update.display_name);
    replace(&mut pool.vm_size, update.vm_size);
    replace(
        &mut pool.virtual_machine_configuration,
        update.virtual_machine_configuration.map(virtual_machine),
    );
    replace(&mut pool.task_slots_per_node, update.task_slots_per_node);
    replace(&mut pool.task_scheduling_policy, update.task_scheduling_policy);
    replace(&mut pool.enable_inter_node_communication, update.enable_inter_node_communication);
    replace(&mut pool.start_task, update.start_task.map(start_task));
    replace(&mut pool.network_configuration, update.network_configuration);
    replace(&mut pool.application_package_references, update.application_package_references);
    replace(&mut pool.user_accounts, update.user_accounts);
    replace(&mut pool.mount_configuration, update.mount_configuration);
    replace(&mut pool.upgrade_policy, update.upgrade_policy);
    if update.metadata.is_some() {
        pool.metadata = metadata(update.metadata);
    }
    pool.other.extend(update.other.into_iter().filter(|(_, value)| !value.is_null()));
}

/// Replaces start task, metadata and certificates of a pool.
pub(crate) fn replace_pool_properties(pool: &mut BatchPool, options: BatchPoolReplaceOptions) {
    pool.start_task = options.start_task.map(start_task);
    pool.metadata = metadata(Some(options.metadata));
    pool.application_package_references =
        Some(options.application_package_references).filter(|references| !references.is_empty());
    pool.other.remove(CERTIFICATE_REFERENCES);
    pool.other.extend(options.other.into_iter().filter(|(_, value)| !value.is_null()));
}

fn virtual_machine(mut configuration: VirtualMachineConfiguration) -> VirtualMachineConfiguration {
    let image = &mut configuration.image_reference;
    if image.virtual_machine_image_id.is_none() && image.version.is_none() {
        image.version = Some("latest".to_owned());
    }
    configuration
}

fn start_task(mut task: BatchStartTask) -> BatchStartTask {
    task.user_identity.get_or_insert_with(automatic_user);
    task.max_task_retry_count.get_or_insert(0);
    task.wait_for_success.get_or_insert(true);
    task
}

/// A job that was just asked for.
pub(crate) fn job(options: BatchJobCreateOptions, now: DateTime) -> BatchJob {
    BatchJob {
        id: options.id,
        display_name: options.display_name,
        uses_task_dependencies: Some(options.uses_task_dependencies.unwrap_or(false)),
        url: None,
        e_tag: None,
        last_modified: Some(now),
        creation_time: Some(now),
        state: Some(BatchJobState::Active),
        state_transition_time: Some(now),
        previous_state: None,
        previous_state_transition_time: None,
        priority: Some(options.priority.unwrap_or(0)),
        max_parallel_tasks: Some(options.max_parallel_tasks.unwrap_or(-1)),
        constraints: Some(job_constraints(options.constraints.unwrap_or_default())),
        common_environment_settings: options.common_environment_settings,
        execution_info: Some(BatchJobExecutionInfo {
            start_time: now,
            end_time: None,
            pool_id: options.pool_info.pool_id.clone(),
            scheduling_error: None,
            terminate_reason: None,
        }),
        pool_info: Some(pool_info(options.pool_info)),
        on_all_tasks_complete: Some(
            options.on_all_tasks_complete.unwrap_or(BatchAllTasksCompleteMode::NoAction),
        ),
        on_task_failure: Some(options.on_task_failure.unwrap_or(BatchTaskFailureMode::NoAction)),
        allow_task_preemption: options.allow_task_preemption,
        job_manager_task: options.job_manager_task.map(manager_task),
        job_preparation_task: options.job_preparation_task.map(preparation_task),
        job_release_task: options.job_release_task.map(release_task),
        network_configuration: options.network_configuration,
        metadata: metadata(options.metadata),
        other: options.other,
    }
}

fn pool_info(info: BatchPoolInfo) -> BatchPoolInfo {
    BatchPoolInfo { auto_pool_specification: info.auto_pool_specification.map(auto_pool), ..info }
}

/// The pool of a job that is to get one of its own.
pub(crate) fn auto_pool(mut specification: BatchAutoPoolSpecification) -> BatchAutoPoolSpecification {
    specification.keep_alive.get_or_insert(false);
    if let Some(pool) = &mut specification.pool {
        pool.virtual_machine_configuration = pool.virtual_machine_configuration.take().map(virtual_machine);
        pool.task_slots_per_node.get_or_insert(1);
        pool.task_scheduling_policy.get_or_insert(SPREAD);
        pool.resize_timeout.get_or_insert(RESIZE_TIMEOUT.into());
        pool.target_dedicated_nodes.get_or_insert(0);
        pool.target_low_priority_nodes.get_or_insert(0);
        if *pool.enable_auto_scale.get_or_insert(false) {
            pool.auto_scale_evaluation_interval.get_or_insert(EVALUATION_INTERVAL.into());
        }
        pool.enable_inter_node_communication.get_or_insert(false);
        pool.start_task = pool.start_task.take().map(start_task);
    }
    specification
}

/// Changes a job; what `update` leaves out stays as it is.
pub(crate) fn update_job(job: &mut BatchJob, update: BatchJobUpdateOptions) {
    replace(&mut job.priority, update.priority);
    replace(&mut job.max_parallel_tasks, update.max_parallel_tasks);
    replace(&mut job.constraints, update.constraints.map(job_constraints));
    replace(&mut job.on_all_tasks_complete, update.on_all_tasks_complete);
    replace(&mut job.allow_task_preemption, update.allow_task_preemption);
    replace(&mut job.network_configuration, update.network_configuration);
    if let Some(pool_info) = update.pool_info {
        // A job with an auto pool stays on it, whatever else is said of the pool.
        if let (Some(execution), Some(id)) = (&mut job.execution_info, &pool_info.pool_id) {
            execution.pool_id = Some(id.clone());
        }
        job.pool_info = Some(self::pool_info(pool_info));
    }
    if update.metadata.is_some() {
        job.metadata = metadata(update.metadata);
    }
}

/// Replaces what can be changed of a job; what `options` leaves out becomes the default.
pub(crate) fn replace_job(job: &mut BatchJob, options: BatchJobUpdateOptions) {
    let complete = BatchJobUpdateOptions {
        priority: options.priority.or(Some(0)),
        max_parallel_tasks: options.max_parallel_tasks.or(Some(-1)),
        constraints: options.constraints.or_else(|| Some(BatchJobConstraints::default())),
        on_all_tasks_complete: options.on_all_tasks_complete.or(Some(BatchAllTasksCompleteMode::NoAction)),
        metadata: options.metadata.or_else(|| Some(Vec::new())),
        ..options
    };
    update_job(job, complete);
}

fn job_constraints(mut constraints: BatchJobConstraints) -> BatchJobConstraints {
    constraints.max_wall_clock_time.get_or_insert(WireDuration::Unlimited);
    constraints.max_task_retry_count.get_or_insert(0);
    constraints
}

fn manager_task(mut task: BatchJobManagerTask) -> BatchJobManagerTask {
    task.kill_job_on_completion.get_or_insert(true);
    task.run_exclusive.get_or_insert(true);
    task.allow_low_priority_node.get_or_insert(true);
    task.required_slots.get_or_insert(1);
    task
}

fn preparation_task(mut task: BatchJobPreparationTask) -> BatchJobPreparationTask {
    task.id.get_or_insert_with(|| BatchJobPreparationTask::DEFAULT_ID.to_owned());
    task.wait_for_success.get_or_insert(true);
    task.rerun_on_node_reboot_after_success.get_or_insert(true);
    task.user_identity.get_or_insert_with(automatic_user);
    task.constraints = Some(constraints_or(task.constraints, 0));
    task
}

fn release_task(mut task: BatchJobReleaseTask) -> BatchJobReleaseTask {
    task.id.get_or_insert_with(|| BatchJobReleaseTask::DEFAULT_ID.to_owned());
    task.max_wall_clock_time.get_or_insert(BatchJobReleaseTask::LONGEST.into());
    task.retention_time.get_or_insert(RETENTION_TIME.into());
    task.user_identity.get_or_insert_with(automatic_user);
    task
}

/// A job schedule that was just asked for; when it makes jobs is its own to say.
pub(crate) fn job_schedule(options: BatchJobScheduleCreateOptions, now: DateTime) -> BatchJobSchedule {
    BatchJobSchedule {
        id: options.id,
        display_name: options.display_name,
        url: None,
        e_tag: None,
        last_modified: Some(now),
        creation_time: Some(now),
        state: Some(BatchJobScheduleState::Active),
        state_transition_time: Some(now),
        previous_state: None,
        previous_state_transition_time: None,
        schedule: None,
        job_specification: Some(job_specification(options.job_specification)),
        execution_info: None,
        metadata: metadata(options.metadata),
        other: serde_json::Map::new(),
    }
}

/// Changes the jobs and the metadata of a job schedule; what `update` leaves out stays as it is.
pub(crate) fn update_job_schedule(schedule: &mut BatchJobSchedule, update: BatchJobScheduleUpdateOptions) {
    replace(&mut schedule.job_specification, update.job_specification.map(job_specification));
    if update.metadata.is_some() {
        schedule.metadata = metadata(update.metadata);
    }
}

fn job_specification(mut job: BatchJobSpecification) -> BatchJobSpecification {
    job.priority.get_or_insert(0);
    job.max_parallel_tasks.get_or_insert(-1);
    job.uses_task_dependencies.get_or_insert(false);
    job.on_all_tasks_complete.get_or_insert(BatchAllTasksCompleteMode::NoAction);
    job.on_task_failure.get_or_insert(BatchTaskFailureMode::NoAction);
    job.constraints = Some(job_constraints(job.constraints.unwrap_or_default()));
    job.pool_info = pool_info(job.pool_info);
    job.job_manager_task = job.job_manager_task.map(manager_task);
    job.job_preparation_task = job.job_preparation_task.map(preparation_task);
    job.job_release_task = job.job_release_task.map(release_task);
    job
}

/// A task of `job` that was just asked for.
pub(crate) fn task(mut task: BatchTaskCreateOptions, job: &BatchJob) -> BatchTaskCreateOptions {
    task.constraints = Some(task_constraints(task.constraints, job));
    task.required_slots.get_or_insert(1);
    task.user_identity.get_or_insert_with(automatic_user);
    task
}

/// How long and how often a task of `job` may run.
pub(crate) fn task_constraints(
    constraints: Option<BatchTaskConstraints>,
    job: &BatchJob,
) -> BatchTaskConstraints {
    let retries = job.constraints.as_ref().and_then(|constraints| constraints.max_task_retry_count);
    constraints_or(constraints, retries.unwrap_or(0))
}

fn constraints_or(constraints: Option<BatchTaskConstraints>, retries: i32) -> BatchTaskConstraints {
    let mut constraints = constraints.unwrap_or_default();
    constraints.max_wall_clock_time.get_or_insert(WireDuration::Unlimited);
    constraints.retention_time.get_or_insert(RETENTION_TIME.into());
    constraints.max_task_retry_count.get_or_insert(retries);
    constraints
}

fn automatic_user() -> UserIdentity {
    UserIdentity {
        username: None,
        auto_user: Some(AutoUserSpecification {
            scope: Some(AutoUserScope::Pool),
            elevation_level: Some(ElevationLevel::NonAdmin),
        }),
    }
}

/// An empty list is how metadata is removed.
fn metadata(items: Option<Vec<BatchMetadataItem>>) -> Option<Vec<BatchMetadataItem>> {
    items.filter(|items| !items.is_empty())
}

fn replace<T>(old: &mut Option<T>, new: Option<T>) {
    if new.is_some() {
        *old = new;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn now() -> DateTime {
        "2026-01-01T00:00:00Z".parse().unwrap()
    }

    fn new_job(more: Value) -> BatchJob {
        let mut body = json!({"id": "j", "poolInfo": {"poolId": "p"}});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        job(serde_json::from_value(body).unwrap(), now())
    }

    #[test]
    fn a_pool_reads_back_with_the_defaults_of_the_service() {
        let options = json!({"id": "p", "vmSize": "standard_d2_v3", "startTask": {"commandLine": "x"},
            "virtualMachineConfiguration": {"nodeAgentSKUId": "batch.node.ubuntu 22.04",
                "imageReference": {"publisher": "p", "offer": "o", "sku": "s"}}});
        let pool = serde_json::to_value(pool(serde_json::from_value(options).unwrap(), now())).unwrap();
        for (pointer, value) in [
            ("/resizeTimeout", json!("PT15M")),
            ("/targetDedicatedNodes", json!(0)),
            ("/enableAutoScale", json!(false)),
            ("/enableInterNodeCommunication", json!(false)),
            ("/taskSlotsPerNode", json!(1)),
            ("/taskSchedulingPolicy/nodeFillType", json!("spread")),
            ("/startTask/waitForSuccess", json!(true)),
            ("/startTask/maxTaskRetryCount", json!(0)),
            ("/startTask/userIdentity/autoUser/scope", json!("pool")),
            ("/virtualMachineConfiguration/imageReference/version", json!("latest")),
        ] {
            assert_eq!(pool.pointer(pointer), Some(&value), "{pointer}");
        }
    }

    #[test]
    fn a_task_takes_its_retries_from_its_job() {
        let job = new_job(json!({"constraints": {"maxTaskRetryCount": 3}}));
        let options = serde_json::from_value(json!({"id": "t", "commandLine": "x"})).unwrap();
        let task = serde_json::to_value(task(options, &job)).unwrap();
        assert_eq!(
            task["constraints"],
            json!({"maxWallClockTime": "P10675199DT2H48M5.4775807S", "retentionTime": "P7D", "maxTaskRetryCount": 3})
        );
        assert_eq!(task["requiredSlots"], json!(1));
        assert_eq!(
            task["userIdentity"],
            json!({"autoUser": {"scope": "pool", "elevationLevel": "nonadmin"}})
        );
    }

    #[test]
    fn a_change_leaves_alone_what_it_does_not_name() {
        let mut job = new_job(json!({"priority": 7, "metadata": [{"name": "a", "value": "b"}]}));
        let update = |body: Value| serde_json::from_value(body).unwrap();
        update_job(
            &mut job,
            update(json!({"maxParallelTasks": "4", "constraints": {"maxTaskRetryCount": 1}})),
        );
        assert_eq!((job.priority, job.max_parallel_tasks), (Some(7), Some(4)));
        assert_eq!(job.constraints.clone().unwrap().max_wall_clock_time, Some(WireDuration::Unlimited));
        assert!(job.metadata.is_some());
        update_job(&mut job, update(json!({"metadata": [], "poolInfo": {"poolId": "q"}})));
        assert_eq!(job.metadata, None);
        assert_eq!(job.execution_info.unwrap().pool_id.unwrap().as_str(), "q");
    }
}
