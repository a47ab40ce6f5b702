//! Runs a task in a container: fetch, create, start, wait.

use std::time::Duration;

use futures::TryFutureExt as _;

use crate::batch::command_line;
use crate::batch::image_reference::ImageReference;
use crate::batch::model::{BatchTaskContainerExecutionInfo, BatchTaskContainerSettings};
use crate::node::bind_sources;
use crate::node::conclusion::conclude;
use crate::node::container_plan::ContainerPlan;
use crate::node::context::NodeContext;
use crate::node::failure::{self, Interruption, TaskOutcome};
use crate::node::images::{ImageProblem, Registries};
use crate::node::patience::patiently;
use crate::node::record::{Program, RunRecord};
use crate::node::run::{Run, Watch};
use crate::node::runtime::{ContainerId, ContainerSpec, ContainerState, ExitStatus, RuntimeError};

/// How often, and how long apart, a name is tried that a container of an earlier life has.
const NAMESAKE_LOOKS: u32 = 100;
const NAMESAKE_PAUSE: Duration = Duration::from_millis(200);

/// Runs a planned container to its end.
pub(super) async fn run(
    node: &NodeContext,
    run: &Run<'_>,
    settings: &BatchTaskContainerSettings,
    mut plan: ContainerPlan,
    watch: &Watch<'_>,
) -> TaskOutcome {
    let _stays = node.runtime.hold_image(&settings.image_name);
    plan.spec.image = match fetch(node, run, settings, watch).await {
        Ok(image) => image.to_string(),
        Err(outcome) => return *outcome,
    };
    match launch(node, run, &settings.image_name, plan, watch).await {
        Ok(mut record) => finish(node, run, &mut record, watch).await,
        Err(outcome) => *outcome,
    }
}

/// Has the task's image there, and gives its full name.
///
/// # Errors
/// The outcome of a run that has no image.
pub(super) async fn fetch(
    node: &NodeContext,
    run: &Run<'_>,
    settings: &BatchTaskContainerSettings,
    watch: &Watch<'_>,
) -> Result<ImageReference, Box<TaskOutcome>> {
    let registries = Registries::new(settings.registry.as_ref(), run.pool);
    let fetch = patiently(watch, || {
        let image = node.images.ensure(&settings.image_name, registries);
        image.map_err(|problem| problem.error)
    });
    let image = tokio::select! {
        image = fetch => image,
        why = watch.interrupted() => Err(why),
    };
    let failure_info = match image {
        Ok(Ok(image)) => return Ok(image),
        Ok(Err(error)) => failure::of_image(&ImageProblem { image: settings.image_name.clone(), error }),
        Err(why) => failure::ended(why),
    };
    Err(Box::new(TaskOutcome::failed(failure_info)))
}

/// Makes a planned container, whose image was asked for by the name `image`, writes it down and starts it.
///
/// # Errors
/// The outcome of a run whose container did not start.
pub(super) async fn launch(
    node: &NodeContext,
    run: &Run<'_>,
    image: &str,
    plan: ContainerPlan,
    watch: &Watch<'_>,
) -> Result<RunRecord, Box<TaskOutcome>> {
    let failed = |failure_info| Box::new(TaskOutcome::failed(failure_info));
    let plan =
        settle_sources(node, plan).await.map_err(|reason| failed(failure::invalid_settings(reason)))?;
    let program = plan.spec.command.first().or(plan.spec.entrypoint.iter().flatten().next()).cloned();
    let program = program.unwrap_or_else(|| image.to_owned());
    let container = match patiently(watch, || create(node, &plan.spec)).await {
        Ok(Ok(container)) => container,
        Ok(Err(error)) => return Err(failed(failure::of_runtime(&error, &program))),
        Err(why) => return Err(failed(failure::ended(why))),
    };
    let mut record = run.begins(Program::Container {
        id: container.0.clone(),
        remove: plan.remove,
        grace: plan.grace.as_millis().try_into().unwrap_or(u64::MAX),
    });
    node.note(&run.record, &record).await;
    let outcome = match patiently(watch, || node.runtime.start(&container)).await {
        Ok(Ok(())) => return Ok(record),
        Ok(Err(error)) => did_not_start(node, &container, &error, &program).await,
        Err(why) => TaskOutcome::failed(failure::ended(why)),
    };
    Err(Box::new(node.settle(&run.record, &mut record, outcome).await))
}

/// Makes a container. One of the same name is what this program left when it ended between making it and writing it down;
/// it makes way. The engine may still be making it at the request of that earlier life: then the name is taken although there
/// is nothing to remove yet.
async fn create(node: &NodeContext, spec: &ContainerSpec) -> Result<ContainerId, RuntimeError> {
    let namesake = ContainerId(spec.name.clone());
    let mut looks = 0;
    loop {
        match node.runtime.create(spec).await {
            Err(RuntimeError::NameTaken { .. }) if looks < NAMESAKE_LOOKS => {
                node.end_container(&namesake).await;
            }
            result => return result,
        }
        looks += 1;
        tokio::time::sleep(NAMESAKE_PAUSE).await;
    }
}

/// Waits for the container of a recorded run, uploads what is kept of it, and writes its outcome down.
pub(super) async fn finish(
    node: &NodeContext,
    run: &Run<'_>,
    record: &mut RunRecord,
    watch: &Watch<'_>,
) -> TaskOutcome {
    let outcome = end(node, run, record, watch).await;
    conclude(node, run, record, outcome, watch).await
}

/// Waits for the end of the container of a recorded run, as far as `watch` lets it run.
pub(super) async fn end(
    node: &NodeContext,
    run: &Run<'_>,
    record: &RunRecord,
    watch: &Watch<'_>,
) -> TaskOutcome {
    let Program::Container { id, grace, .. } = &record.program else {
        return TaskOutcome::failed(failure::node_failed("the run has no container"));
    };
    let container = ContainerId(id.clone());
    match wait_or_stop(node, &container, Duration::from_millis(*grace), watch).await {
        Ok((status, interruption)) => {
            let info = failure::container_info(id, &status);
            let mut outcome = TaskOutcome::exited(status.code, Some(info));
            if let Some(why) = interruption {
                outcome.failure_info = Some(failure::ended(why));
            }
            outcome
        }
        // An earlier life of this program started it, and ended before it heard what came of that.
        Err(error @ (RuntimeError::StartFailed { .. } | RuntimeError::InvalidSettings { .. })) => {
            did_not_start(node, &container, &error, &program_of(run)).await
        }
        Err(error) => TaskOutcome::failed(failure::node_failed(&error)),
    }
}

/// What a run is to run, for people.
fn program_of(run: &Run<'_>) -> String {
    let first = command_line::split(run.command_line).unwrap_or_default().into_iter().next();
    let image = || run.settings.map(|settings| settings.image_name.clone());
    first.or_else(image).unwrap_or_default()
}

async fn wait_or_stop(
    node: &NodeContext,
    container: &ContainerId,
    grace: Duration,
    watch: &Watch<'_>,
) -> Result<(ExitStatus, Option<Interruption>), RuntimeError> {
    let why = tokio::select! {
        status = node.runtime.wait(container) => {
            return Ok((node.runtime.reason_of_kill(container, status?).await?, None));
        }
        why = watch.interrupted() => why,
    };
    node.runtime.stop(container, grace).await?;
    Ok((node.runtime.wait(container).await?, Some(why)))
}

/// The outcome of a run whose container did not start.
async fn did_not_start(
    node: &NodeContext,
    container: &ContainerId,
    error: &RuntimeError,
    program: &str,
) -> TaskOutcome {
    let state = node.runtime.state(container).await.ok().flatten();
    TaskOutcome::failed(failure::of_runtime(error, program)).with_container(BatchTaskContainerExecutionInfo {
        container_id: Some(container.0.clone()),
        state: Some(state.as_ref().map_or("created", ContainerState::as_str).to_owned()),
        error: Some(error.to_string()),
    })
}

/// Makes what the container is about to see of the machine ready to be mounted.
async fn settle_sources(node: &NodeContext, mut plan: ContainerPlan) -> Result<ContainerPlan, String> {
    let root = node.layout.root().to_owned();
    let settle = move || bind_sources::settle(&mut plan, &root).map(|()| plan);
    tokio::task::spawn_blocking(settle).await.map_err(|error| error.to_string())?
}
