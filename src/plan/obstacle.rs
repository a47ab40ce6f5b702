//! What stands in the way of a change: work that it would end.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::batch::JobId;
use crate::resource::{ForeignTasks, RecipeName};

/// Work that a change would end, and that a user has to give up explicitly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Obstacle {
    /// A job that is not this recipe's runs on the pool.
    PoolInUse {
        /// The job.
        job: JobId,
        /// The recipe that owns it; `None` means that no recipe does.
        recipe: Option<RecipeName>,
        /// How many of its tasks run.
        running: u64,
        /// How many of its tasks wait.
        waiting: u64,
    },
    /// Tasks of the job run.
    TasksRunning {
        /// How many.
        running: u64,
        /// Some of their ids, where only some of the job's tasks would be ended.
        samples: Vec<String>,
    },
    /// Tasks of the job run, and would go back to the queue.
    TasksRequeued {
        /// How many.
        running: u64,
    },
    /// Tasks that no recipe made are in the job.
    ForeignTasks(ForeignTasks),
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PoolInUse { job, recipe, running, waiting } => {
                match recipe {
                    Some(recipe) => write!(f, "the job `{job}` of the recipe `{recipe}` uses it")?,
                    None => write!(f, "the job `{job}`, which no recipe made, uses it")?,
                }
                match (running, waiting) {
                    (0, 0) => write!(f, " (no unfinished tasks at the moment)"),
                    _ => write!(f, " ({running} running, {waiting} waiting)"),
                }
            }
            Self::TasksRunning { running, samples } if !samples.is_empty() => {
                let noun = if *running == 1 { "task" } else { "tasks" };
                write!(f, "it would end {running} running {noun}: {}", samples.join(", "))?;
                match running.saturating_sub(samples.len() as u64) {
                    0 => Ok(()),
                    more => write!(f, " and {more} more"),
                }
            }
            Self::TasksRunning { running: 1, .. } => write!(f, "1 of its tasks is running"),
            Self::TasksRunning { running, .. } => write!(f, "{running} of its tasks are running"),
            Self::TasksRequeued { running: 1 } => {
                write!(f, "1 of its tasks is running and would have to begin anew")
            }
            Self::TasksRequeued { running } => {
                write!(f, "{running} of its tasks are running and would have to begin anew")
            }
            Self::ForeignTasks(foreign) => {
                let noun = if foreign.count == 1 { "task" } else { "tasks" };
                write!(f, "it holds {} {noun} that no recipe made", foreign.count)?;
                if foreign.unfinished > 0 {
                    write!(f, ", {} of them unfinished", foreign.unfinished)?;
                }
                write!(f, ": {}", foreign.named())
            }
        }
    }
}
