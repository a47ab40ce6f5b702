//! What applying tells while it works, and at its end.

use std::time::Duration;

use crate::batch::{JobId, PoolId, TaskId};
use crate::observe::{Held, NodeTrouble, PoolStatus, Problem, TaskEnd};
use crate::plan::{Step, StepId};
use crate::resource::{Address, SourceLocation};

use super::error::StepError;

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
    /// The service refused a task.
    TaskRefused {
        /// The step that was to add it.
        step: &'a Step,
        /// The task.
        task: &'a TaskId,
        /// Why.
        reason: &'a str,
        /// Where the recipe asks for it.
        source: Option<&'a SourceLocation>,
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
        /// Why tasks wait, once none runs.
        held: &'a [Held],
    },
    /// A task completed while its job was waited for.
    TaskEnded(&'a TaskEnd),
    /// A node can't work.
    NodeTrouble(&'a NodeTrouble),
    /// A pool does not have as many nodes as it should.
    PoolTrouble {
        /// The pool.
        pool: &'a PoolStatus,
        /// What the service says.
        problem: &'a Problem,
    },
}

impl ApplyEvent<'_> {
    /// Whether something went wrong.
    pub fn is_bad(&self) -> bool {
        match self {
            Self::StepEnded { outcome, .. } => matches!(outcome, Outcome::Failed(_)),
            Self::TaskEnded(end) => !end.succeeded(),
            Self::TaskRefused { .. } | Self::NodeTrouble(_) | Self::PoolTrouble { .. } => true,
            Self::StepStarted(_)
            | Self::StepProgress { .. }
            | Self::PoolProgress { .. }
            | Self::JobProgress { .. } => false,
        }
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
