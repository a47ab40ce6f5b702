//! What applying tells while it works, and at its end.

use std::time::Duration;

use crate::batch::model::BatchTaskFailureInfo;
use crate::batch::{JobId, NodeId, PoolId, TaskId};
use crate::plan::{Step, StepId};
use crate::resource::Address;

use super::error::StepError;
use super::health::NodeTrouble;

/// Something that happened.
#[derive(Debug)]
pub enum ApplyEvent<'a> {
    /// A step began.
    StepStarted(&'a Step),
    /// A step goes on: a sentence for people, and how far it is.
    StepProgress {
        /// The step.
        step: &'a Step,
        /// What it is doing or waiting for.
        what: String,
        /// How many of how many, where that can be said.
        done: Option<(u64, u64)>,
    },
    /// A step ended.
    StepEnded {
        /// The step.
        step: &'a Step,
        /// How.
        outcome: &'a Outcome,
        /// How long it took.
        took: Duration,
    },
    /// The state of a pool while its jobs are waited for.
    PoolProgress {
        /// The pool.
        pool: PoolId,
        /// How many nodes are in which state, as `1 starting, 2 idle`.
        nodes: String,
    },
    /// The state of a job while it is waited for.
    JobProgress {
        /// The job.
        job: JobId,
        /// Tasks that have completed.
        completed: u64,
        /// Tasks that are running.
        running: u64,
        /// All tasks.
        total: u64,
    },
    /// A task completed while its job was waited for.
    TaskEnded(&'a TaskEnd),
    /// A node can't work.
    NodeTrouble(&'a NodeTrouble),
}

/// A task that completed.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskEnd {
    /// Its job.
    pub job: JobId,
    /// The task.
    pub task: TaskId,
    /// The exit code of its program.
    pub exit_code: Option<i32>,
    /// Why it failed, if it did.
    pub failure: Option<BatchTaskFailureInfo>,
    /// The node it ran on.
    pub node: Option<NodeId>,
    /// How long it ran.
    pub took: Option<Duration>,
    /// The end of its standard output, where it was fetched.
    pub stdout: Option<String>,
    /// The end of its standard error, where it was fetched.
    pub stderr: Option<String>,
}

impl TaskEnd {
    /// Whether the task did what it should.
    pub fn succeeded(&self) -> bool {
        self.failure.is_none()
    }
}

/// Takes events. Called from one task at a time.
pub trait Observer: Send + Sync {
    /// Takes an event.
    fn on(&self, event: ApplyEvent<'_>);
}

/// How a step ended.
#[derive(Debug)]
pub enum Outcome {
    /// It was done.
    Done,
    /// What it wants held already.
    AlreadyDone,
    /// It was not begun, because a step before it failed.
    Skipped {
        /// The step that failed.
        because: StepId,
    },
    /// It was not begun or not finished, because the user stopped.
    Interrupted,
    /// It failed.
    Failed(StepError),
}

/// How one step ended.
#[derive(Debug)]
pub struct StepReport {
    /// The step.
    pub step: StepId,
    /// The resource it is about.
    pub address: Address,
    /// What it does: `create pool`.
    pub verb: &'static str,
    /// The object.
    pub target: String,
    /// How it ended.
    pub outcome: Outcome,
}

/// How applying ended.
#[derive(Debug, Default)]
pub struct ApplyReport {
    /// Every step.
    pub steps: Vec<StepReport>,
}

impl ApplyReport {
    fn count(&self, of: impl Fn(&Outcome) -> bool) -> usize {
        self.steps.iter().filter(|step| of(&step.outcome)).count()
    }

    /// How many steps changed something, or found it done.
    pub fn done(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Done | Outcome::AlreadyDone))
    }

    /// The steps that failed.
    pub fn failures(&self) -> impl Iterator<Item = (&StepReport, &StepError)> {
        self.steps.iter().filter_map(|step| match &step.outcome {
            Outcome::Failed(error) => Some((step, error)),
            _ => None,
        })
    }

    /// Whether the user stopped it.
    pub fn was_interrupted(&self) -> bool {
        self.count(|outcome| matches!(outcome, Outcome::Interrupted)) > 0
    }

    /// Whether every step is done.
    pub fn is_complete(&self) -> bool {
        self.done() == self.steps.len()
    }
}
