//! Runs a task in a container: fetch, create, start, wait.

use std::time::Duration;

use crate::batch::model::{BatchTaskContainerExecutionInfo, BatchTaskContainerSettings};
use crate::node::container_plan::ContainerPlan;
use crate::node::context::NodeContext;
use crate::node::failure::{self, Interruption, TaskOutcome};
use crate::node::images::Registries;
use crate::node::record::{Program, RecordFile, RunRecord};
use crate::node::run::{Run, Watch};
use crate::node::runtime::{ContainerId, ContainerSpec, ContainerState, ExitStatus, RuntimeError};

/// Runs a planned container to its end.
pub(super) async fn run(
    node: &NodeContext,
    run: &Run<'_>,
    settings: &BatchTaskContainerSettings,
    mut plan: ContainerPlan,
    watch: &Watch<'_>,
) -> TaskOutcome {
    let registries = Registries::new(settings.registry.as_ref(), run.pool);
    let image = tokio::select! {
        image = node.images.ensure(&settings.image_name, registries) => image,
        why = watch.interrupted() => return TaskOutcome::failed(failure::ended(why)),
    };
    match image {
        Ok(image) => plan.spec.image = image.to_string(),
        Err(problem) => return TaskOutcome::failed(failure::of_image(&problem)),
    }
    if let Err(reason) = make_host_folders(&plan).await {
        return TaskOutcome::failed(failure::invalid_settings(reason));
    }
    let program = plan.spec.command.first().or(plan.spec.entrypoint.iter().flatten().next()).cloned();
    let program = program.unwrap_or_else(|| settings.image_name.clone());
    let container = match create(node, &plan.spec).await {
        Ok(container) => container,
        Err(error) => return TaskOutcome::failed(failure::of_runtime(&error, &program)),
    };
    let mut record = RunRecord {
        attempt: run.attempt,
        started: run.started.into(),
        program: Program::Container {
            id: container.0.clone(),
            remove: plan.remove,
            grace: plan.grace.as_millis().try_into().unwrap_or(u64::MAX),
        },
        outcome: None,
    };
    node.note(&run.record, &record).await;
    if let Err(error) = node.runtime.start(&container).await {
        let outcome = TaskOutcome::failed(failure::of_runtime(&error, &program))
            .with_container(not_started(node, &container, &error).await);
        return node.settle(&run.record, &mut record, outcome).await;
    }
    finish(node, &run.record, &mut record, watch).await
}

/// Makes a container. One of the same name is what this program left when it ended between making it and writing it down;
/// it makes way.
async fn create(node: &NodeContext, spec: &ContainerSpec) -> Result<ContainerId, RuntimeError> {
    let error = match node.runtime.create(spec).await {
        Err(error @ RuntimeError::Failed { .. }) => error,
        result => return result,
    };
    let namesake = ContainerId(spec.name.clone());
    match node.runtime.state(&namesake).await {
        Ok(Some(_)) => {
            node.end_container(&namesake).await;
            node.runtime.create(spec).await
        }
        _ => Err(error),
    }
}

/// Waits for the container of a recorded run and writes its outcome down.
pub(super) async fn finish(
    node: &NodeContext,
    file: &RecordFile,
    record: &mut RunRecord,
    watch: &Watch<'_>,
) -> TaskOutcome {
    let Program::Container { id, grace, .. } = &record.program else {
        return TaskOutcome::failed(failure::node_failed("the run has no container"));
    };
    let outcome =
        match wait_or_stop(node, &ContainerId(id.clone()), Duration::from_millis(*grace), watch).await {
            Ok((status, interruption)) => {
                let info = failure::container_info(id, &status);
                let mut outcome = TaskOutcome::exited(status.code, Some(info));
                if let Some(why) = interruption {
                    outcome.failure_info = Some(failure::ended(why));
                }
                outcome
            }
            Err(error) => TaskOutcome::failed(failure::node_failed(&error)),
        };
    node.settle(file, record, outcome).await
}

async fn wait_or_stop(
    node: &NodeContext,
    container: &ContainerId,
    grace: Duration,
    watch: &Watch<'_>,
) -> Result<(ExitStatus, Option<Interruption>), RuntimeError> {
    let why = tokio::select! {
        status = node.runtime.wait(container) => return Ok((status?, None)),
        why = watch.interrupted() => why,
    };
    node.runtime.stop(container, grace).await?;
    Ok((node.runtime.wait(container).await?, Some(why)))
}

/// What there is to say of a container that did not start.
async fn not_started(
    node: &NodeContext,
    container: &ContainerId,
    error: &RuntimeError,
) -> BatchTaskContainerExecutionInfo {
    let state = node.runtime.state(container).await.ok().flatten();
    BatchTaskContainerExecutionInfo {
        container_id: Some(container.0.clone()),
        state: Some(state.as_ref().map_or("created", ContainerState::as_str).to_owned()),
        error: Some(error.to_string()),
    }
}

/// Makes the folders that `--volume` and the node's mounts need. What is there already, folder or file, stays.
async fn make_host_folders(plan: &ContainerPlan) -> Result<(), String> {
    for folder in &plan.host_folders {
        if tokio::fs::try_exists(folder).await.unwrap_or(false) {
            continue;
        }
        tokio::fs::create_dir_all(folder).await.map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    Ok(())
}
