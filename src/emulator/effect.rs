//! What the service wants done outside of the store, and what it is told came of it.
//!
//! An [`Effect`] leaves the service only after the change that caused it is on disk, and can be derived again from what is on
//! disk: after a crash the effects of everything unfinished are simply asked for again.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::store::{CertificateRow, JobRow, JobScheduleRow, NodeAddress, NodeRow, PoolRow, RunRow};
use crate::batch::model::{BatchNodeError, BatchTaskContainerExecutionInfo};
use crate::batch::{JobId, TaskId};
use crate::node::{InstalledPackage, NodeSetup, StartTaskAssignment, TaskAssignment, TaskOutcome};

/// Something to do outside of the store.
#[derive(Debug, Clone)]
pub(crate) enum Effect {
    /// Tell the service after a while.
    Wait { pause: Duration, then: Event },
    /// Boot a node and fetch its images.
    PrepareNode {
        node: NodeAddress,
        boot: Duration,
        setup: Box<NodeSetup>,
        /// Its seat in the private network of its pool, if that has one.
        seat: Option<u8>,
    },
    /// Run a node's start task once.
    RunStartTask { node: NodeAddress, start_task: Box<StartTaskAssignment> },
    /// End everything on a node and remove its folder.
    RemoveNode { node: NodeAddress, pause: Duration },
    /// End everything on a node and empty its folder; it stays.
    WipeNode { node: NodeAddress, pause: Duration },
    /// Run a task; `resume` if it may be running since before a restart.
    StartRun { run: RunRow, node: NodeAddress, assignment: Box<TaskAssignment>, resume: bool },
    /// Tell the primary instance of a task that all are ready.
    LetGo { run: RunRow },
    /// End a run.
    StopRun { run: RunRow },
    /// Remove a task's folder.
    CleanTask { run: RunRow, node: NodeAddress, job_id: JobId, task_id: TaskId },
    /// Remove a job's folders on these nodes.
    CleanJob { job: JobRow, job_id: JobId, nodes: Vec<NodeAddress> },
}

/// A node that has booted and fetched its images.
#[derive(Debug, Clone, Default)]
pub(crate) struct NodeReady {
    /// Its address, if it has a seat in the private network of its pool.
    pub(crate) address: Option<Ipv4Addr>,
    /// The application packages of its pool, as they are on it.
    pub(crate) packages: Vec<InstalledPackage>,
}

/// Something that came about outside of the store.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    /// The time for an allocation is over.
    AllocationDue { pool: PoolRow, round: u64 },
    /// The time for stopping a resize is over.
    StopResizeDue { pool: PoolRow, round: u64 },
    /// The time that a resize may take is over.
    ResizeTimedOut { pool: PoolRow, round: u64 },
    /// A pool is to be counted, and its formula evaluated if that is due.
    FormulaDue { pool: PoolRow, turn: u64 },
    /// A node is there, and boots.
    NodeCreated { node: NodeRow },
    /// A node has booted, or could not.
    NodePrepared { node: NodeRow, result: Result<NodeReady, Vec<BatchNodeError>> },
    /// A node's start task has ended.
    StartTaskEnded { node: NodeRow, outcome: TaskOutcome },
    /// A node is gone.
    NodeRemoved { node: NodeRow },
    /// A node's folder is empty.
    NodeWiped { node: NodeRow },
    /// A node's machine was given back.
    NodeDeallocated { node: NodeRow },
    /// A Spot node's machine is taken away, and there is no other one for that long.
    NodePreempted { node: NodeRow, absence: Duration },
    /// There may be another machine for a node that was preempted.
    NodeReplaceable { node: NodeRow },
    /// A certificate is to be deleted, unless somebody has it.
    CertificateDeletionDue { certificate: CertificateRow },
    /// The coordination command of a run has succeeded, in this container.
    Coordinated { run: RunRow, container: BatchTaskContainerExecutionInfo },
    /// A run has ended; without an outcome it is not known how.
    RunEnded { run: RunRow, outcome: Option<TaskOutcome> },
    /// A task's folder is gone.
    TaskCleaned { run: RunRow },
    /// Look for tasks whose folders have been kept long enough.
    RetentionDue,
    /// A job's folders are gone.
    JobCleaned { job: JobRow },
    /// Look at a job again: whether its change of state is over, its tasks have all completed, its time is up.
    JobDue { job: JobRow },
    /// Look at a job schedule again: its jobs have changed, or its change of state may be over.
    LookAtJobSchedule { schedule: JobScheduleRow },
    /// A schedule's next job is due, if this is the wait that counts.
    JobScheduleDue { schedule: JobScheduleRow, turn: u64 },
}
