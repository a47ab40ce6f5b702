//! Why tasks that wait don't run, and what to try.

use std::fmt;

use serde::{Serialize, Serializer};

use super::node_trouble::Detail;
use crate::batch::model::BatchJobState;
use crate::batch::{PoolId, TaskId};

/// How many tasks are named.
pub(super) const NAMED: usize = 3;

/// Something that goes wrong with a pool, in the service's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// A code, as `AccountCoreQuotaReached`.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// Names and values.
    pub details: Vec<Detail>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        self.details.iter().try_for_each(|Detail { name, value }| write!(f, "; {name}: {value}"))
    }
}

/// Why tasks that wait don't run. Its text is a sentence without its subject: `pool p does not exist`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Hold {
    /// Their pool does not exist.
    NoPool {
        /// The pool.
        pool: PoolId,
    },
    /// The service has not made the pool of their job yet.
    PoolToCome,
    /// Their pool is going away.
    PoolDeleting {
        /// The pool.
        pool: PoolId,
    },
    /// Their pool has no nodes, and asks for none.
    NoNodes {
        /// The pool.
        pool: PoolId,
        /// Whether a formula decides about its size.
        autoscale: bool,
    },
    /// Their pool asked for nodes and got none.
    NotAllocated {
        /// The pool.
        pool: PoolId,
        /// How many nodes it asks for.
        wanted: i32,
        /// What the service says.
        problems: Vec<Problem>,
    },
    /// Their pool is waiting for nodes.
    Allocating {
        /// The pool.
        pool: PoolId,
        /// How many nodes it asks for.
        wanted: i32,
        /// Its allocation state.
        allocation_state: String,
    },
    /// The nodes of their pool are on their way.
    NodesStarting {
        /// The pool.
        pool: PoolId,
        /// How many are in which state, as `1 starting`.
        nodes: String,
    },
    /// No node of their pool can work.
    NodesUnable {
        /// The pool.
        pool: PoolId,
        /// How many are in which state, as `2 unusable`.
        nodes: String,
    },
    /// Their job takes no tasks at the moment.
    JobNotActive {
        /// Its state.
        state: BatchJobState,
    },
    /// A task needs more slots than any node of its pool has.
    TooManySlots {
        /// The pool.
        pool: PoolId,
        /// How many it needs.
        needed: i32,
        /// How many a node has.
        slots: i32,
    },
    /// A task runs on several nodes at once, and those of its pool do not reach each other or run several tasks each.
    NotTogether {
        /// The pool.
        pool: PoolId,
    },
    /// A task runs on more nodes at once than its pool has.
    TooManyInstances {
        /// The pool.
        pool: PoolId,
        /// On how many it runs.
        needed: i32,
        /// How many nodes of the pool can work.
        nodes: usize,
        /// Whether it may get more by itself.
        may_grow: bool,
    },
    /// Their job runs no more tasks at once, and that many run.
    AtOnce {
        /// How many.
        limit: i32,
    },
    /// A task that they depend on failed, directly or through others.
    Blocked {
        /// Some of the tasks that failed.
        failed: Vec<TaskId>,
    },
    /// A task that they depend on succeeded, directly or through others, and its exit conditions have that block them.
    BlockedBySuccess {
        /// Some of these tasks.
        succeeded: Vec<TaskId>,
    },
    /// Tasks that they depend on have not ended.
    Dependencies {
        /// Some of them.
        unfinished: Vec<TaskId>,
        /// How many there are.
        count: u64,
    },
    /// No node of their pool could be prepared for their job.
    Unprepared {
        /// The pool.
        pool: PoolId,
        /// How many nodes tried.
        nodes: usize,
        /// How the preparation task ended on one of them.
        problem: Problem,
    },
    /// Their turn has not come.
    Queued {
        /// The pool.
        pool: PoolId,
        /// How many of its nodes are in which state, as `2 running`.
        nodes: String,
    },
}

impl Hold {
    /// Whether nothing will change by itself.
    pub fn is_final(&self) -> bool {
        match self {
            Self::NoPool { .. }
            | Self::PoolDeleting { .. }
            | Self::NotAllocated { .. }
            | Self::NodesUnable { .. }
            | Self::TooManySlots { .. }
            | Self::Unprepared { .. }
            | Self::NotTogether { .. }
            | Self::Blocked { .. }
            | Self::BlockedBySuccess { .. } => true,
            Self::NoNodes { autoscale, .. } => !autoscale,
            Self::TooManyInstances { may_grow, .. } => !may_grow,
            Self::JobNotActive { state } => {
                // A job that has ended leaves the tasks waiting that it did not come to.
                matches!(state, BatchJobState::Disabled | BatchJobState::Disabling | BatchJobState::Completed)
            }
            Self::PoolToCome
            | Self::Allocating { .. }
            | Self::NodesStarting { .. }
            | Self::Dependencies { .. }
            | Self::AtOnce { .. }
            | Self::Queued { .. } => false,
        }
    }

    /// What a person could try, where nothing will change by itself.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::NoPool { pool } => format!("make a pool `{pool}`, or let the job name another one"),
            Self::PoolDeleting { .. } => "apply again once the pool is gone".to_owned(),
            Self::NoNodes { autoscale: false, .. } => {
                "give the pool nodes: `nodes: { dedicated: 1 }` in its recipe".to_owned()
            }
            Self::NotAllocated { .. } => {
                "ask for fewer or other nodes, or for more quota; applying a changed `nodes` tries again"
                    .to_owned()
            }
            Self::NodesUnable { .. } => "mend what the nodes complain about".to_owned(),
            Self::JobNotActive { state: BatchJobState::Disabled | BatchJobState::Disabling } => {
                "enable the job".to_owned()
            }
            Self::Unprepared { .. } => {
                "mend the job's `preparation_task`: with it changed in the recipe the job is made anew"
                    .to_owned()
            }
            Self::TooManySlots { slots, .. } => {
                format!("let the task take {slots} slots at the most, or give the pool more `slots_per_node`")
            }
            Self::NotTogether { .. } => {
                "run it on a pool with `inter_node_communication: true` and `slots_per_node: 1`".to_owned()
            }
            Self::TooManyInstances { needed, .. } => {
                format!("give the pool {needed} nodes, or the task fewer instances")
            }
            Self::Blocked { failed } => {
                let failed = failed.first().map(TaskId::as_str).unwrap_or_default();
                format!(
                    "mend `{failed}`: a task that is changed in the recipe is run again, and those that wait for it after it"
                )
            }
            Self::BlockedBySuccess { succeeded } => {
                let succeeded = succeeded.first().map(TaskId::as_str).unwrap_or_default();
                format!("it is meant so if `{succeeded}` says `dependency_action: block` of that exit code")
            }
            _ => return None,
        };
        Some(text)
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPool { pool } => write!(f, "pool {pool} does not exist"),
            Self::PoolToCome => f.write_str("the service has not made the pool of the job yet"),
            Self::PoolDeleting { pool } => write!(f, "pool {pool} is being deleted"),
            Self::NoNodes { pool, autoscale: false } => {
                write!(f, "pool {pool} has no nodes, and asks for none")
            }
            Self::NoNodes { pool, autoscale: true } => {
                write!(f, "pool {pool} has no nodes at the moment; its formula decides when it gets some")
            }
            Self::NotAllocated { pool, wanted, problems } => {
                let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
                write!(f, "pool {pool} got none of the nodes it asks for ({wanted}): {}", problems.join("; "))
            }
            Self::Allocating { pool, wanted, allocation_state } => {
                write!(f, "pool {pool} has no nodes yet ({wanted} wanted, {allocation_state})")
            }
            Self::NodesStarting { pool, nodes } => {
                write!(f, "no node of pool {pool} can work yet ({nodes})")
            }
            Self::NodesUnable { pool, nodes } => write!(f, "no node of pool {pool} can work ({nodes})"),
            Self::JobNotActive { state } => write!(f, "the job is {state}"),
            Self::TooManySlots { pool, needed, slots } => {
                write!(f, "it takes {needed} slots, and a node of pool {pool} has {slots}")
            }
            Self::NotTogether { pool } => write!(
                f,
                "it runs on several nodes at once, and the nodes of pool {pool} do not communicate or run several tasks each"
            ),
            Self::TooManyInstances { pool, needed, nodes, .. } => {
                write!(f, "it runs on {needed} nodes at once, and {nodes} of pool {pool} can work")
            }
            Self::AtOnce { limit } => {
                write!(f, "the job runs {limit} of its tasks at once, and that many run")
            }
            Self::Blocked { failed } => {
                write!(f, "a task that it depends on failed: {}", named(failed, failed.len() as u64))
            }
            Self::BlockedBySuccess { succeeded } => {
                let named = named(succeeded, succeeded.len() as u64);
                write!(f, "a task that it depends on blocks it, by its exit conditions: {named}")
            }
            Self::Dependencies { unfinished, count } => {
                write!(f, "tasks that it depends on have not ended: {}", named(unfinished, *count))
            }
            Self::Unprepared { pool, nodes, problem } => {
                write!(f, "the job's preparation task failed on ")?;
                match nodes {
                    1 => write!(f, "the only node of pool {pool} that can work")?,
                    _ => write!(f, "all {nodes} nodes of pool {pool} that can work")?,
                }
                write!(f, ": {problem}")
            }
            Self::Queued { pool, nodes } => {
                write!(f, "in the queue of pool {pool}, for a slot (nodes: {nodes})")
            }
        }
    }
}

fn named(tasks: &[TaskId], count: u64) -> String {
    let ids: Vec<_> = tasks.iter().take(NAMED).map(TaskId::as_str).collect();
    match count.saturating_sub(ids.len() as u64) {
        0 => ids.join(", "),
        more => format!("{} and {more} more", ids.join(", ")),
    }
}

/// Tasks of a job that wait for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// How many they are.
    pub tasks: u64,
    /// Why they wait.
    pub why: Hold,
}

impl Serialize for Held {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Document<'a> {
            tasks: u64,
            #[serde(flatten)]
            why: &'a Hold,
            is_final: bool,
            message: String,
            hint: Option<String>,
        }
        let (why, tasks) = (&self.why, self.tasks);
        let document =
            Document { tasks, why, is_final: why.is_final(), message: why.to_string(), hint: why.hint() };
        document.serialize(serializer)
    }
}
