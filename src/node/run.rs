//! A run: everything about one attempt of a task or start task that the runners need.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::batch::model::{
    BatchContainerConfiguration, BatchTaskContainerSettings, BatchTaskCreateOptions, UserIdentity,
};
use crate::clock::Clock;
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
