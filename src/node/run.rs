//! A run: everything about one attempt of a task or start task that the runners need.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::batch::model::{
    BatchContainerConfiguration, BatchTaskContainerSettings, BatchTaskCreateOptions, UserIdentity,
};
use crate::batch::{JobId, TaskId};
use crate::clock::Clock;
use crate::node::assignment::{Instance, TaskAssignment};
use crate::node::certificates::NodeCertificate;
use crate::node::environment::Environment;
use crate::node::failure::Interruption;
use crate::node::layout::TaskDirectory;
use crate::node::record::RecordFile;

/// One attempt of a task, or of a start task.
#[derive(Debug)]
pub(super) struct Run<'a> {
    /// Whether it may run without a container on a pool that runs containers.
    pub(super) may_run_on_host: bool,
    /// The directory of the job's preparation task, if the job has one.
    pub(super) preparation: Option<TaskDirectory>,
    /// Which attempt this is.
    pub(super) attempt: u32,
    /// When it began.
    pub(super) started: Timestamp,
    /// The name that its container gets.
    pub(super) name: String,
    /// What its container is labelled with.
    pub(super) labels: BTreeMap<String, String>,
    /// Its directory.
    pub(super) directory: TaskDirectory,
    /// Where it is written down.
    pub(super) record: RecordFile,
    /// Its environment.
    pub(super) environment: Environment,
    /// Its command line.
    pub(super) command_line: &'a str,
    /// Its container; without one it runs on the node itself.
    pub(super) settings: Option<&'a BatchTaskContainerSettings>,
    /// Who it runs as.
    pub(super) user: Option<&'a UserIdentity>,
    /// What the pool's nodes prepare for containers.
    pub(super) pool: Option<&'a BatchContainerConfiguration>,
    /// The certificates that it finds in files.
    pub(super) certificates: &'a [NodeCertificate],
    /// Its part of the task, if that runs on several nodes at once.
    pub(super) part: Option<Part<'a>>,
}

/// A run's part of a task that runs on several nodes at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    /// The task's job.
    pub(super) job: &'a JobId,
    /// The task.
    pub(super) task: &'a TaskId,
    /// Which instance this is, and where all are.
    pub(super) instance: &'a Instance,
    /// What every instance runs before the primary runs the task's command.
    pub(super) coordination: &'a str,
}

impl<'a> Part<'a> {
    /// The part that a node is given of a task.
    pub(super) fn of(assignment: &'a TaskAssignment) -> Option<Self> {
        let settings = assignment.task.multi_instance_settings.as_ref()?;
        Some(Self {
            job: &assignment.job_id,
            task: &assignment.task.id,
            instance: assignment.instance.as_ref()?,
            coordination: &settings.coordination_command_line,
        })
    }
}

/// What may end a run before it ends by itself.
#[derive(Debug)]
pub(super) struct Watch<'a> {
    clock: &'a dyn Clock,
    cancel: Option<&'a CancellationToken>,
    due: Option<(Timestamp, Duration)>,
}

impl<'a> Watch<'a> {
    /// Watches a run that began at `started` and may take no longer than `limit`.
    pub(super) fn new(
        clock: &'a dyn Clock,
        cancel: &'a CancellationToken,
        started: Timestamp,
        limit: Option<Duration>,
    ) -> Self {
        // A limit beyond the end of time is none.
        let due = limit.and_then(|limit| Some((started.checked_add(limit).ok()?, limit)));
        Self { clock, cancel: Some(cancel), due }
    }

    /// Watches a run that nothing ends but itself.
    pub(super) fn nothing(clock: &'a dyn Clock) -> Self {
        Self { clock, cancel: None, due: None }
    }

    /// Returns once the run is to be ended.
    pub(super) async fn interrupted(&self) -> Interruption {
        let time_is_over = async {
            let Some((due, limit)) = self.due else { return std::future::pending().await };
            let left = due.duration_since(self.clock.now());
            self.clock.sleep(left.try_into().unwrap_or_default()).await;
            limit
        };
        let cancelled = async {
            match self.cancel {
                Some(cancel) => cancel.cancelled().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = cancelled => Interruption::Cancelled,
            limit = time_is_over => Interruption::TimeLimit(limit),
        }
    }
}

/// How long a run of a task may take.
pub(super) fn time_limit(task: &BatchTaskCreateOptions) -> Option<Duration> {
    task.constraints.as_ref()?.max_wall_clock_time?.limit()
}
