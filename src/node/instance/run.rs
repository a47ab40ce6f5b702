//! Runs an instance to its end: its container, and between the coordination command and the task's the wait for all others. Also runs
//! tasks that use the account, which have one container and wait for nobody.

use std::convert::Infallible;
use std::io::Write as _;
use std::path::PathBuf;

use rustix::fs::OFlags;

use super::control::{Control, GLANCE, Step};
use super::plan::{FirstProcess, Surroundings, adapt, adapt_alone};
use crate::batch::command_line;
use crate::batch::model::{
    BatchTaskContainerExecutionInfo, BatchTaskContainerSettings, BatchTaskFailureInfo,
};
use crate::node::conclusion;
use crate::node::container_plan::ContainerPlan;
use crate::node::container_task;
use crate::node::context::{NodeContext, in_background};
use crate::node::failure::{self, TaskOutcome};
use crate::node::plain_path;
use crate::node::record::RunRecord;
use crate::node::run::{Part, Run, Watch};
use crate::node::runtime::{
    ContainerState, Image, OwnProgram, RuntimeError, RuntimeKind, Subnet, simulated_coordination,
};

/// Runs an instance of a task to its end. For the primary that is the end of the task's command; the others stay until they are
/// ended.
pub(in crate::node) async fn run(
    node: &NodeContext,
    run: &Run<'_>,
    part: Part<'_>,
    settings: &BatchTaskContainerSettings,
    mut plan: ContainerPlan,
    watch: &Watch<'_>,
) -> TaskOutcome {
    if node.runtime.kind() == RuntimeKind::Simulated {
        return simulate(node, run, part, settings, plan, watch).await;
    }
    let _stays = node.runtime.hold_image(&settings.image_name);
    plan.spec.image = match container_task::fetch(node, run, settings, watch).await {
        Ok(image) => image.to_string(),
        Err(outcome) => return *outcome,
    };
    if let Err(failure_info) = prepare(node, run, part, &mut plan).await {
        return TaskOutcome::failed(failure_info);
    }
    match container_task::launch(node, run, &settings.image_name, plan, watch).await {
        Ok(mut record) => see_out(node, run, &mut record, part, watch).await,
        Err(outcome) => *outcome,
    }
}

/// Runs a task that uses the account to its end, in its one container.
pub(in crate::node) async fn run_with_account(
    node: &NodeContext,
    run: &Run<'_>,
    settings: &BatchTaskContainerSettings,
    mut plan: ContainerPlan,
    watch: &Watch<'_>,
) -> TaskOutcome {
    plan.spec.image = match container_task::fetch(node, run, settings, watch).await {
        Ok(image) => image.to_string(),
        Err(outcome) => return *outcome,
    };
    let prepared = match Equipment::find(node, run, &plan.spec.image).await {
        Ok(equipment) => adapt_alone(&mut plan, &equipment.first_process(node, run)),
        Err(failure_info) => Err(failure_info),
    };
    if let Err(failure_info) = prepared {
        return TaskOutcome::failed(failure_info);
    }
    match container_task::launch(node, run, &settings.image_name, plan, watch).await {
        Ok(mut record) => see_out_with_account(node, run, &mut record, watch).await,
        Err(outcome) => *outcome,
    }
}

/// What the first process needs, found.
struct Equipment {
    image: Image,
    program: OwnProgram,
    /// The folder in which it and the node talk, empty.
    control: PathBuf,
}

impl Equipment {
    async fn find(node: &NodeContext, run: &Run<'_>, image: &str) -> Result<Self, BatchTaskFailureInfo> {
        let of_runtime = |error: RuntimeError| failure::of_runtime(&error, image);
        let found = node.runtime.find_image(image).await.map_err(of_runtime)?;
        let found = found.ok_or_else(|| failure::node_failed("the image is gone that was just fetched"))?;
        let program = node.runtime.own_program().await.map_err(of_runtime)?;
        let control = Control::at(run.record.control());
        let folder = control.folder();
        in_background(move || control.create()).await.map_err(failure::node_failed)?;
        Ok(Self { image: found, program, control: folder })
    }

    fn first_process<'a>(&'a self, node: &'a NodeContext, run: &Run<'_>) -> FirstProcess<'a> {
        FirstProcess {
            image: &self.image,
            program: &self.program,
            control: self.control.clone(),
            account: run.uses_account.then_some(node.identity.account_door.as_path()),
        }
    }
}

/// Has everything there that an instance's container needs beyond the plan, and puts it into the plan.
async fn prepare(
    node: &NodeContext,
    run: &Run<'_>,
    part: Part<'_>,
    plan: &mut ContainerPlan,
) -> Result<(), BatchTaskFailureInfo> {
    let equipment = Equipment::find(node, run, &plan.spec.image).await?;
    let network = node.network();
    let own = part.instance.host().map(|host| Subnet::of(host.address));
    let ensured = node.runtime.ensure_network(&network, own).await;
    let subnet = ensured.map_err(|error| failure::of_runtime(&error, &plan.spec.image))?;
    if own != Some(subnet) {
        return Err(failure::node_failed(format!(
            "the pool's network has the addresses {subnet} by now, and the node another one; reboot the pool's nodes"
        )));
    }
    let shared = node.layout.task(part.job, part.task);
    let surroundings =
        Surroundings { shared: (shared.path(), node.layout.task_shared(part.job, part.task)), network };
    adapt(plan, part, &equipment.first_process(node, run), surroundings)
}

/// Sees a task that uses the account to its end, whose container runs or has run.
pub(in crate::node) async fn see_out_with_account(
    node: &NodeContext,
    run: &Run<'_>,
    record: &mut RunRecord,
    watch: &Watch<'_>,
) -> TaskOutcome {
    let mut outcome = container_task::end(node, run, record, watch).await;
    let ended_by_itself = outcome.failure_info.as_ref().is_none_or(failure::is_exit_code);
    if ended_by_itself
        && let Some(Step::NotStarted { reason, is_missing }) = Control::at(run.record.control()).command()
    {
        outcome = not_started((reason, is_missing), &first_word(run.command_line), outcome.container_info);
    }
    conclusion::conclude(node, run, record, outcome, watch).await
}

/// Sees an instance to its end whose container runs, also one that an earlier life of this program started.
pub(in crate::node) async fn see_out(
    node: &NodeContext,
    run: &Run<'_>,
    record: &mut RunRecord,
    part: Part<'_>,
    watch: &Watch<'_>,
) -> TaskOutcome {
    let control = Control::at(run.record.control());
    let container = record.program.container().map(|container| container.0);
    let outcome = tokio::select! {
        outcome = container_task::end(node, run, record, watch) => outcome,
        never = converse(&control, part, container) => match never {},
    };
    let outcome = conclude(&control, part, outcome);
    conclusion::conclude(node, run, record, outcome, watch).await
}

/// Tells the others when the instance is ready, and the instance when all others are.
async fn converse(control: &Control, part: Part<'_>, container: Option<String>) -> Infallible {
    while control.coordination() != Some(Step::Exited(0)) {
        tokio::time::sleep(GLANCE).await;
    }
    part.instance.rendezvous.arrive(BatchTaskContainerExecutionInfo {
        container_id: container,
        state: Some(ContainerState::Running.as_str().to_owned()),
        error: None,
    });
    if part.instance.is_primary() {
        part.instance.rendezvous.all().await;
        while let Err(error) = control.go() {
            tracing::warn!(%error, "the primary instance of a task can't be told to go on");
            tokio::time::sleep(GLANCE * 40).await;
        }
    }
    std::future::pending().await
}

/// What the end of its container means for an instance.
pub(in crate::node) fn conclude(control: &Control, part: Part<'_>, outcome: TaskOutcome) -> TaskOutcome {
    let ended_by_itself = outcome.failure_info.as_ref().is_none_or(failure::is_exit_code);
    if !ended_by_itself {
        return outcome;
    }
    let failed = |(reason, is_missing), program: &str| {
        not_started((reason, is_missing), program, outcome.container_info.clone())
    };
    match (control.coordination(), control.command()) {
        (Some(Step::NotStarted { reason, is_missing }), _) => {
            failed((reason, is_missing), &first_word(part.coordination))
        }
        (Some(Step::Exited(0)), Some(Step::NotStarted { reason, is_missing })) => {
            failed((reason, is_missing), "")
        }
        (Some(Step::Exited(0)), _) if part.instance.is_primary() => outcome,
        (Some(Step::Exited(0)), _) => {
            TaskOutcome { failure_info: Some(failure::subtask_ended(outcome.exit_code)), ..outcome }
        }
        (Some(Step::Exited(code)), _) => coordination_failed(code, outcome.container_info),
        (None, _) => outcome,
    }
}

/// The outcome of a container whose first process could not start a program.
fn not_started(
    (reason, is_missing): (String, bool),
    program: &str,
    container_info: Option<BatchTaskContainerExecutionInfo>,
) -> TaskOutcome {
    let failure_info = Some(match is_missing {
        true => failure::program_not_found(program, reason),
        false => failure::launch_failed(reason),
    });
    TaskOutcome { exit_code: None, failure_info, container_info }
}

fn first_word(command_line: &str) -> String {
    let words = command_line::split(command_line).unwrap_or_default();
    words.into_iter().next().unwrap_or_default()
}

fn coordination_failed(code: i32, container_info: Option<BatchTaskContainerExecutionInfo>) -> TaskOutcome {
    let failure_info = Some(failure::of_coordination(code));
    TaskOutcome { exit_code: Some(code), failure_info, container_info }
}

/// An instance of which nothing really runs.
async fn simulate(
    node: &NodeContext,
    run: &Run<'_>,
    part: Part<'_>,
    settings: &BatchTaskContainerSettings,
    plan: ContainerPlan,
    watch: &Watch<'_>,
) -> TaskOutcome {
    let code = match simulated_coordination(&plan.spec) {
        Ok(code) => code,
        Err(error) => return TaskOutcome::failed(failure::of_runtime(&error, &settings.image_name)),
    };
    let notice = format!(
        "simulated: the coordination command `{}` did not run; it counts as run with exit code {code}\n",
        part.coordination
    );
    let output = run.directory.stdout();
    let written = in_background(move || {
        plain_path::open_to_write(&output, OFlags::APPEND)?.write_all(notice.as_bytes())
    });
    if let Err(error) = written.await {
        return TaskOutcome::failed(failure::node_failed(error));
    }
    if code != 0 {
        return coordination_failed(code, None);
    }
    part.instance.rendezvous.arrive(BatchTaskContainerExecutionInfo::default());
    let ended = |why| TaskOutcome::failed(failure::ended(why));
    if !part.instance.is_primary() {
        return ended(watch.interrupted().await);
    }
    tokio::select! {
        () = part.instance.rendezvous.all() => container_task::run(node, run, settings, plan, watch).await,
        why = watch.interrupted() => ended(why),
    }
}
