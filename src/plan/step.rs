//! The steps that bring a plan about.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use crate::batch::{ETag, JobId, JobScheduleId, PoolId, TaskId};
use crate::resource::{
    Address, AutoscaleSpec, Digest, DoneBefore, FieldSources, InputFile, JobScheduleSpec, JobSpec, Ownership,
    PoolSpec, TaskDigest, TaskStream,
};
use crate::secret::SecretRef;

/// A step's place in its plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(pub usize);

/// One intent: an idempotent *ensure*, done when what it wants holds.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its place in the plan.
    pub id: StepId,
    /// The resource it is about.
    pub address: Address,
    /// What it does.
    pub action: Action,
    /// The steps that must be done first.
    pub after: Vec<StepId>,
}

/// The number of nodes that a pool should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolResize {
    /// Dedicated nodes.
    pub dedicated: i32,
    /// Spot nodes.
    pub spot: i32,
    /// How long the allocation may take.
    pub timeout: Duration,
    /// Whether nodes go at once, and what runs there goes back to the queue. Otherwise they finish their tasks first, and take no others.
    pub interrupts: bool,
}

/// What makes a job complete: written once all of its tasks are there.
#[derive(Debug, Clone, PartialEq)]
pub struct JobSeal {
    /// The job as it should be.
    pub spec: Box<JobSpec>,
    /// The mark, with the tally of the tasks.
    pub ownership: Ownership,
    /// Whether the job ends once all of its tasks have.
    pub terminate_when_done: bool,
}

/// What a step does. Each is done when its last sentence holds.
#[derive(Debug, Clone)]
pub enum Action {
    /// Make a pool. Done when it exists.
    CreatePool {
        /// The pool.
        spec: Box<PoolSpec>,
        /// The mark.
        ownership: Ownership,
    },
    /// Change the number of nodes. Done when the pool has been told and its allocation is steady, or when all that it still waits for
    /// are nodes that finish their tasks before they go.
    ResizePool {
        /// The pool.
        pool: PoolId,
        /// The new size.
        size: PoolResize,
    },
    /// Let a formula set the number of nodes. Done when the pool has been told.
    EnableAutoscale {
        /// The pool.
        pool: PoolId,
        /// The formula.
        autoscale: AutoscaleSpec,
    },
    /// Leave the number of nodes as it is from now on. Done when the pool has been told.
    DisableAutoscale {
        /// The pool.
        pool: PoolId,
    },
    /// Change a pool in place. Done when it has been told.
    UpdatePool {
        /// The pool as it should be.
        spec: Box<PoolSpec>,
        /// The paths of the fields that change.
        fields: Vec<String>,
        /// The mark.
        ownership: Ownership,
    },
    /// Reboot the nodes that booted before the pool changed, some at a time. Done when all have, and the pool's metadata says so.
    RebootNodes {
        /// The pool.
        pool: PoolId,
        /// The mark, once nothing is left to do.
        ownership: Ownership,
    },
    /// Wait for the nodes of a pool. Done when all that come can work, and one can, if it is to have any.
    AwaitNodes {
        /// The pool.
        pool: PoolId,
    },
    /// Delete a pool. Done when it is gone.
    DeletePool {
        /// The pool.
        pool: PoolId,
        /// The version that the plan was made for.
        etag: Option<ETag>,
    },
    /// Wait for a pool that is being deleted. Done when it is gone.
    AwaitPoolGone {
        /// The pool.
        pool: PoolId,
    },
    /// Make a job. Done when it exists.
    CreateJob {
        /// The job.
        spec: Box<JobSpec>,
        /// The mark.
        ownership: Ownership,
    },
    /// Change a job in place. Done when it has been told.
    UpdateJob {
        /// The job as it should be.
        spec: Box<JobSpec>,
        /// The paths of the fields that change.
        fields: Vec<String>,
        /// The mark.
        ownership: Ownership,
    },
    /// Have a job run on another pool: disable it, change it, enable it unless it was disabled before. Done when it has all of that.
    MoveJob {
        /// The job.
        job: JobId,
        /// The pool.
        pool: PoolId,
        /// The mark, once nothing is left to do.
        ownership: Ownership,
    },
    /// End a job that another generation follows. Done when it has ended.
    EndJob {
        /// The job.
        job: JobId,
        /// The one that follows.
        for_job: JobId,
        /// The version that the plan was made for.
        etag: Option<ETag>,
    },
    /// Delete a job with its tasks. Done when it is gone.
    DeleteJob {
        /// The job.
        job: JobId,
        /// The version that the plan was made for.
        etag: Option<ETag>,
    },
    /// Wait for a job that is being deleted. Done when it is gone.
    AwaitJobGone {
        /// The job.
        job: JobId,
    },
    /// Make a job schedule. Done when it exists.
    CreateSchedule {
        /// The schedule.
        spec: Box<JobScheduleSpec>,
        /// The mark.
        ownership: Ownership,
    },
    /// Change a job schedule in place. Done when it has been told.
    UpdateSchedule {
        /// The schedule as it should be.
        spec: Box<JobScheduleSpec>,
        /// The paths of the fields that change.
        fields: Vec<String>,
        /// The mark.
        ownership: Ownership,
    },
    /// Delete a job schedule with its jobs. Done when it is gone.
    DeleteSchedule {
        /// The schedule.
        schedule: JobScheduleId,
        /// The version that the plan was made for.
        etag: Option<ETag>,
    },
    /// Wait for a job schedule that is being deleted. Done when it is gone.
    AwaitScheduleGone {
        /// The schedule.
        schedule: JobScheduleId,
    },
    /// Delete tasks. Done when they are gone.
    DeleteTasks {
        /// The job.
        job: JobId,
        /// The tasks, each with the digest that it carries: one that carries another is another task.
        tasks: Vec<(TaskId, TaskDigest)>,
    },
    /// Upload local files that tasks get. Done when their container has them.
    UploadInputs {
        /// The job of the tasks, or the pool of the start task.
        target: String,
        /// The files, each once.
        files: Arc<[InputFile]>,
    },
    /// Add the tasks that are not there. Done when the service has accepted each.
    AddTasks {
        /// The job.
        job: JobId,
        /// All tasks of the job.
        tasks: TaskStream,
        /// The keys of those that are there already.
        present: Arc<HashSet<String>>,
        /// Those that an earlier generation of the job did: they are not added, and nothing waits for them.
        done_before: Arc<DoneBefore>,
        /// How many are to be added.
        count: u64,
        /// What they refer to.
        secrets: Arc<[SecretRef]>,
        /// Where the recipe asks for them.
        sources: Arc<FieldSources>,
    },
    /// Take back that all tasks are there. Done when the job's metadata no longer says so.
    UnsealJob {
        /// The job.
        job: JobId,
        /// The mark, without a tally.
        ownership: Ownership,
    },
    /// Say that all tasks are there. Done when the job's metadata says so.
    SealJob {
        /// The job.
        job: JobId,
        /// What is written.
        seal: JobSeal,
    },
}

impl Action {
    /// What it does, for people: `create pool`.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::CreatePool { .. } => "create pool",
            Self::ResizePool { .. } => "resize pool",
            Self::EnableAutoscale { .. } => "enable autoscale",
            Self::DisableAutoscale { .. } => "disable autoscale",
            Self::UpdatePool { .. } => "update pool",
            Self::RebootNodes { .. } => "reboot nodes",
            Self::AwaitNodes { .. } => "wait for the nodes of pool",
            Self::DeletePool { .. } => "delete pool",
            Self::AwaitPoolGone { .. } => "wait for the old pool to go",
            Self::CreateJob { .. } => "create job",
            Self::UpdateJob { .. } => "update job",
            Self::MoveJob { .. } => "move job",
            Self::EndJob { .. } => "end the job before",
            Self::DeleteJob { .. } => "delete job",
            Self::AwaitJobGone { .. } => "wait for the old job to go",
            Self::CreateSchedule { .. } => "create job schedule",
            Self::UpdateSchedule { .. } => "update job schedule",
            Self::DeleteSchedule { .. } => "delete job schedule",
            Self::AwaitScheduleGone { .. } => "wait for the old job schedule to go",
            Self::DeleteTasks { .. } => "delete tasks",
            Self::UploadInputs { .. } => "upload inputs",
            Self::AddTasks { .. } => "add tasks",
            Self::UnsealJob { .. } => "forget recorded tasks",
            Self::SealJob { .. } => "record tasks",
        }
    }

    /// The secrets that it can't do without.
    pub fn secrets(&self) -> Vec<SecretRef> {
        match self {
            Self::CreatePool { spec, .. } | Self::UpdatePool { spec, .. } => spec.secrets(),
            Self::CreateJob { spec, .. } => spec.secrets(),
            Self::CreateSchedule { spec, .. } | Self::UpdateSchedule { spec, .. } => spec.secrets(),
            Self::AddTasks { secrets, .. } => secrets.to_vec(),
            Self::UploadInputs { files, .. } => {
                files.iter().filter_map(|file| file.container.reference().cloned()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What it would bring about, in short: two actions with the same verb, target and intent do the same. The versions that it was
    /// planned for don't count.
    pub fn intent(&self) -> Digest {
        match self {
            Self::CreatePool { spec, .. } | Self::UpdatePool { spec, .. } => spec.digest(),
            Self::CreateJob { spec, .. } | Self::UpdateJob { spec, .. } => spec.digest(),
            Self::CreateSchedule { spec, .. } | Self::UpdateSchedule { spec, .. } => spec.digest(),
            Self::ResizePool { size, .. } => {
                Digest::of(&(size.dedicated, size.spot, size.timeout, size.interrupts))
            }
            Self::EnableAutoscale { autoscale, .. } => Digest::of(autoscale),
            Self::MoveJob { pool, .. } => Digest::of(pool),
            Self::DeleteTasks { tasks, .. } => {
                Digest::of(&tasks.iter().map(|(id, digest)| (id, digest.to_string())).collect::<Vec<_>>())
            }
            Self::UploadInputs { files, .. } => {
                Digest::of(&files.iter().map(|file| &file.blob).collect::<Vec<_>>())
            }
            Self::AddTasks { count, .. } => Digest::of(count),
            // The tally is made of every task.
            Self::SealJob { seal, .. } => {
                Digest::of(&(seal.spec.digest(), &seal.ownership.tasks, seal.ownership.inherited))
            }
            Self::DisableAutoscale { .. }
            | Self::RebootNodes { .. }
            | Self::AwaitNodes { .. }
            | Self::DeletePool { .. }
            | Self::AwaitPoolGone { .. }
            | Self::EndJob { .. }
            | Self::DeleteJob { .. }
            | Self::AwaitJobGone { .. }
            | Self::DeleteSchedule { .. }
            | Self::AwaitScheduleGone { .. }
            | Self::UnsealJob { .. } => Digest::of(&()),
        }
    }

    /// The id of the object it is about.
    pub fn target(&self) -> &str {
        match self {
            Self::CreatePool { spec, .. } | Self::UpdatePool { spec, .. } => spec.id.as_str(),
            Self::ResizePool { pool, .. }
            | Self::EnableAutoscale { pool, .. }
            | Self::DisableAutoscale { pool }
            | Self::RebootNodes { pool, .. }
            | Self::AwaitNodes { pool }
            | Self::DeletePool { pool, .. }
            | Self::AwaitPoolGone { pool } => pool.as_str(),
            Self::CreateJob { spec, .. } | Self::UpdateJob { spec, .. } => spec.id.as_str(),
            Self::UploadInputs { target, .. } => target,
            Self::CreateSchedule { spec, .. } | Self::UpdateSchedule { spec, .. } => spec.id.as_str(),
            Self::DeleteSchedule { schedule, .. } | Self::AwaitScheduleGone { schedule } => schedule.as_str(),
            Self::EndJob { for_job: job, .. }
            | Self::DeleteJob { job, .. }
            | Self::MoveJob { job, .. }
            | Self::AwaitJobGone { job }
            | Self::DeleteTasks { job, .. }
            | Self::AddTasks { job, .. }
            | Self::UnsealJob { job, .. }
            | Self::SealJob { job, .. } => job.as_str(),
        }
    }
}
