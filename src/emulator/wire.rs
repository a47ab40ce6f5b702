//! Objects as clients see them: with URLs and counts, without secrets.

use serde::Serialize;
use serde_json::Value;

use super::service::Failure;
use super::store::{
    Census, CertificateRecord, JobRecord, JobScheduleRecord, NodeRecord, NodeUse, PoolRecord,
    PreparationRecord, StoreError, SubtaskRecord, TaskPlace, TaskRecord, affinity_id,
};
use crate::batch::model::{BatchJobPreparationAndReleaseTaskStatus, BatchNodeInfo, BatchSubtask, BatchTask};
use crate::batch::operations::GetCertificate;
use crate::batch::{InvalidId, JobId, Operation as _, THUMBPRINT_ALGORITHM, TaskId, Thumbprint};
use crate::node::layout::NodeLayout;

/// Properties that are written and never read: passwords, keys, and what opens a mount.
const WRITE_ONLY: &[&str] = &["password", "accountKey", "sasKey", "sshPrivateKey"];

/// A pool.
pub(crate) fn pool(base: &str, record: PoolRecord, nodes: Census) -> Result<Value, Failure> {
    let mut pool = record.pool;
    pool.url = Some(format!("{base}/pools/{}", pool.id));
    pool.current_dedicated_nodes = Some(nodes.dedicated + nodes.dedicated_leaving);
    pool.current_low_priority_nodes = Some(nodes.spot + nodes.spot_leaving);
    render(&pool)
}

/// A certificate.
pub(crate) fn certificate(base: &str, record: CertificateRecord) -> Result<Value, Failure> {
    let mut certificate = record.certificate;
    certificate.url = Some(certificate_url(base, &record.thumbprint));
    render(&certificate)
}

/// The URL of a certificate.
pub(crate) fn certificate_url(base: &str, thumbprint: &Thumbprint) -> String {
    let path = GetCertificate::SPEC.render_path(&[THUMBPRINT_ALGORITHM, thumbprint.as_str()]);
    format!("{base}{path}")
}

/// A node.
pub(crate) fn node(base: &str, record: NodeRecord, usage: NodeUse) -> Result<Value, Failure> {
    let mut node = record.node;
    node.url = Some(format!("{base}/pools/{}/nodes/{}", record.pool_id, node.id));
    node.running_tasks_count = Some(usage.running);
    node.running_task_slots_count = Some(usage.slots);
    node.total_tasks_run = Some(usage.tasks_run);
    node.total_tasks_succeeded = Some(usage.tasks_succeeded);
    render(&node)
}

/// A job.
pub(crate) fn job(base: &str, record: JobRecord) -> Result<Value, Failure> {
    let mut job = record.job;
    job.url = Some(format!("{base}/jobs/{}", job.id));
    render(&job)
}

/// A job schedule.
pub(crate) fn job_schedule(base: &str, record: JobScheduleRecord) -> Result<Value, Failure> {
    let mut schedule = record.schedule;
    schedule.url = Some(format!("{base}/jobschedules/{}", schedule.id));
    if let Some(job) = schedule.execution_info.as_mut().and_then(|info| info.recent_job.as_mut()) {
        job.url = job.id.as_ref().map(|id| format!("{base}/jobs/{id}"));
    }
    render(&schedule)
}

/// Where the directory of a task is, below the root of its node.
fn directory_of(job: &JobId, task: &TaskId) -> String {
    let directory = NodeLayout::new("/".into()).task(job, task);
    directory.path().to_string_lossy().trim_start_matches('/').to_owned()
}

/// What a node has done for `job` beside the job's tasks.
pub(crate) fn preparation(base: &str, job: &JobRecord, record: PreparationRecord) -> Result<Value, Failure> {
    let node_url = format!("{base}/pools/{}/nodes/{}", record.pool_id, record.node_id);
    let place = |id: Option<Result<TaskId, InvalidId>>| -> Result<_, StoreError> {
        let directory = id.transpose()?.map(|id| directory_of(&job.job.id, &id));
        let url = directory.as_ref().map(|directory| format!("{node_url}/files/{directory}"));
        Ok((directory, url))
    };
    let (mut preparation, mut release) = (record.preparation, record.release);
    if let Some(info) = &mut preparation {
        let task = job.job.job_preparation_task.as_ref();
        (info.task_root_directory, info.task_root_directory_url) = place(task.map(|task| task.task_id()))?;
    }
    if let Some(info) = &mut release {
        let task = job.job.job_release_task.as_ref();
        (info.task_root_directory, info.task_root_directory_url) = place(task.map(|task| task.task_id()))?;
    }
    render(&BatchJobPreparationAndReleaseTaskStatus {
        pool_id: Some(record.pool_id),
        node_id: Some(record.node_id),
        node_url: Some(node_url),
        job_preparation_task_execution_info: preparation,
        job_release_task_execution_info: release,
    })
}

/// A task of `job`.
pub(crate) fn task(base: &str, job: &JobRecord, record: TaskRecord) -> Result<Value, Failure> {
    let TaskRecord { definition, life, .. } = record;
    let job_id = &job.job.id;
    let node_info = life.place.map(|place| node_info(base, place, (job_id, &definition.id), 0));
    let (previous_state, previous_state_transition_time) = life.previous.unzip();
    render(&BatchTask {
        url: Some(format!("{base}/jobs/{job_id}/tasks/{}", definition.id)),
        id: definition.id,
        display_name: definition.display_name,
        e_tag: Some(life.e_tag),
        last_modified: Some(life.replaced.unwrap_or(life.created)),
        creation_time: Some(life.created),
        state: Some(life.state),
        state_transition_time: Some(life.since),
        previous_state,
        previous_state_transition_time,
        command_line: Some(definition.command_line),
        container_settings: definition.container_settings,
        environment_settings: definition.environment_settings,
        constraints: definition.constraints,
        required_slots: definition.required_slots,
        user_identity: definition.user_identity,
        execution_info: Some(life.execution),
        node_info,
        depends_on: definition.depends_on,
        resource_files: definition.resource_files,
        output_files: definition.output_files,
        application_package_references: definition.application_package_references,
        exit_conditions: definition.exit_conditions,
        multi_instance_settings: definition.multi_instance_settings,
        affinity_info: definition.affinity_info,
        other: definition.other,
    })
}

/// A subtask of a task of `job`.
pub(crate) fn subtask(
    base: &str,
    job: &JobRecord,
    task: &TaskRecord,
    record: SubtaskRecord,
) -> Result<Value, Failure> {
    let number = usize::try_from(record.number).unwrap_or_default();
    let (previous_state, previous_state_transition_time) = record.previous.unzip();
    render(&BatchSubtask {
        id: Some(record.number),
        node_info: Some(node_info(base, record.place, (&job.job.id, &task.definition.id), number)),
        start_time: record.started,
        end_time: record.ended,
        exit_code: record.exit_code,
        container_info: record.container_info,
        failure_info: record.failure_info,
        state: Some(record.state),
        state_transition_time: Some(record.since),
        previous_state,
        previous_state_transition_time,
        result: record.result,
    })
}

/// Where an instance of a task runs: number 0 is the task itself.
fn node_info(base: &str, place: TaskPlace, (job, task): (&JobId, &TaskId), number: usize) -> BatchNodeInfo {
    let node_url = format!("{base}/pools/{}/nodes/{}", place.pool_id, place.node_id);
    let directory = NodeLayout::new("/".into()).instance(job, task, number);
    let directory = directory.path().to_string_lossy().trim_start_matches('/').to_owned();
    BatchNodeInfo {
        affinity_id: Some(affinity_id(&place.node_id)),
        task_root_directory_url: Some(format!("{node_url}/files/{directory}")),
        node_url: Some(node_url),
        pool_id: Some(place.pool_id),
        node_id: Some(place.node_id),
        task_root_directory: Some(directory),
    }
}

fn render(object: &impl Serialize) -> Result<Value, Failure> {
    let mut value = serde_json::to_value(object).map_err(StoreError::from)?;
    remove_secrets(&mut value);
    Ok(value)
}

fn remove_secrets(value: &mut Value) {
    match value {
        Value::Object(properties) => {
            properties.retain(|name, _| !WRITE_ONLY.contains(&name.as_str()));
            properties.values_mut().for_each(remove_secrets);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_secrets),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_secret_is_ever_returned_however_deep() {
        let mut value = json!({"id": "p", "mountConfiguration": [{"azureFileShareConfiguration": {"accountKey": "k", "a": 1}}],
            "containerRegistries": [{"username": "u", "password": "p"}], "environmentSettings": [{"name": "password", "value": "v"}]});
        remove_secrets(&mut value);
        assert_eq!(
            value,
            json!({"id": "p", "mountConfiguration": [{"azureFileShareConfiguration": {"a": 1}}],
                "containerRegistries": [{"username": "u"}], "environmentSettings": [{"name": "password", "value": "v"}]})
        );
    }
}
