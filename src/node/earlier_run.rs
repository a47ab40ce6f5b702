//! Runs that an earlier life of this program began: looked at, or gone on with.

use tokio_util::sync::CancellationToken;

use crate::node::assignment::TaskAssignment;
use crate::node::conclusion::conclude;
use crate::node::container_task;
use crate::node::context::NodeContext;
use crate::node::failure::TaskOutcome;
use crate::node::instance;
use crate::node::patience::patiently;
use crate::node::process_group;
use crate::node::record::{Program, RecordFile, RunRecord};
use crate::node::run::{Run, Watch, time_limit};
use crate::node::runtime::{ContainerId, ContainerState, RuntimeError};

/// How a run stands that an earlier life of this program began.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// What runs it still does.
    Running,
    /// It is over.
    Ended(TaskOutcome),
    /// Nothing of it runs any more, and nobody knows how it ended; or it never came to run.
    Lost,
}

/// A run that was written down.
struct EarlierRun<'a> {
    run: Run<'a>,
    record: RunRecord,
}

impl<'a> EarlierRun<'a> {
    /// What was written down of a run, if it is of this very attempt.
    fn find(node: &NodeContext, assignment: &'a TaskAssignment) -> Option<Self> {
        let file = RecordFile::of_task(&node.layout, &assignment.job_id, &assignment.task.id);
        let record = file.read().filter(|record| record.attempt == assignment.attempt)?;
        let run = Run::of_task(node, assignment, &[], record.started.0).ok()?;
        Some(Self { run, record })
    }

    /// The outcome, if it was written down; with it, a container that may still be there has had its time.
    async fn settled(&mut self, node: &NodeContext) -> Option<TaskOutcome> {
        let outcome = self.record.outcome.take()?;
        Some(node.settle(&self.run.record, &mut self.record, outcome).await)
    }

    /// Whether there may be files to upload when the program has ended.
    fn keeps_files(&self) -> bool {
        !self.run.output_files.is_empty()
    }

    /// Waits for the end of the container, as far as `watch` lets it run.
    async fn finish(&mut self, node: &NodeContext, watch: &Watch<'_>) -> TaskOutcome {
        match self.run.part {
            Some(part) => instance::see_out(node, &self.run, &mut self.record, part, watch).await,
            None if self.run.uses_account => {
                instance::see_out_with_account(node, &self.run, &mut self.record, watch).await
            }
            None => container_task::finish(node, &self.run, &mut self.record, watch).await,
        }
    }
}

/// Looks how a run stands, and writes down what it finds. Starts nothing, ends nothing and waits for nothing.
///
/// # Errors
/// When the runtime can't say.
pub(super) async fn look(node: &NodeContext, assignment: &TaskAssignment) -> Result<Standing, RuntimeError> {
    let Some(mut run) = EarlierRun::find(node, assignment) else {
        remove_unstarted(node, assignment).await;
        return Ok(Standing::Lost);
    };
    if let Some(outcome) = run.settled(node).await {
        return Ok(Standing::Ended(outcome));
    }
    if run.record.exited.is_some() {
        // Its files are still to be uploaded.
        return Ok(Standing::Running);
    }
    let container = match &run.record.program {
        Program::Container { id, .. } => ContainerId(id.clone()),
        Program::Process { pid, started } if process_group::runs(*pid, *started) => {
            return Ok(Standing::Running);
        }
        Program::Process { .. } => return Ok(Standing::Lost),
    };
    match node.runtime.state(&container).await? {
        Some(ContainerState::Running) => {
            node.runtime.catch_up(&container).await?;
            Ok(Standing::Running)
        }
        Some(ContainerState::Exited(_)) if run.keeps_files() => {
            node.runtime.catch_up(&container).await?;
            Ok(Standing::Running)
        }
        Some(ContainerState::Exited(_)) => {
            let watch = Watch::nothing(node.clock.as_ref());
            Ok(Standing::Ended(run.finish(node, &watch).await))
        }
        // One that was made and never started counts for nothing, like one that is gone.
        Some(ContainerState::Created) | None => {
            node.end_leftover(&run.run.record).await;
            Ok(Standing::Lost)
        }
    }
}

/// Goes on with a run: waits for its container, or gives the outcome that was written down. `None` if the run is lost; then
/// nothing of it runs any more.
pub(super) async fn resume(
    node: &NodeContext,
    assignment: &TaskAssignment,
    cancel: &CancellationToken,
) -> Option<TaskOutcome> {
    let Some(mut run) = EarlierRun::find(node, assignment) else {
        remove_unstarted(node, assignment).await;
        return None;
    };
    if let Some(outcome) = run.settled(node).await {
        return Some(outcome);
    }
    let limit = time_limit(assignment);
    let mut watch = Watch::new(node.clock.as_ref(), cancel, run.record.started.0, limit);
    if let Some(outcome) = run.record.exited.take() {
        return Some(conclude(node, &run.run, &mut run.record, outcome, &watch).await);
    }
    let state = match run.record.program.container() {
        Some(container) => patiently(&watch, || node.runtime.state(&container)).await,
        None => Ok(Ok(None)),
    };
    match state {
        // Also if its time was over before the runtime answered: then it is ended at once.
        Ok(Ok(Some(ContainerState::Running))) | Err(_) => {}
        // What ended by itself has its own result, however late anybody asks for it.
        Ok(Ok(Some(ContainerState::Exited(_)))) => watch = Watch::of_ended(node.clock.as_ref(), cancel),
        Ok(Ok(Some(ContainerState::Created) | None)) => {
            node.end_leftover(&run.run.record).await;
            return None;
        }
        Ok(Err(error)) => {
            tracing::warn!(%error, "a container of an earlier life of this program can't be asked for");
            return None;
        }
    }
    Some(run.finish(node, &watch).await)
}

/// Removes a container that was made for a task just before the program ended, too late to be written down. Whatever else has its
/// name makes way when the task is run again.
async fn remove_unstarted(node: &NodeContext, assignment: &TaskAssignment) {
    let container = ContainerId(node.task_container_name(assignment));
    if node.keeps_records()
        && matches!(node.runtime.state(&container).await, Ok(Some(ContainerState::Created)))
    {
        node.end_container(&container).await;
    }
}
