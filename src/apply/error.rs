//! Why a step failed.

use std::time::Duration;

use crate::client::ClientError;
use crate::observe::Hold;
use crate::resource::{RecipeName, UnresolvedSecret};

use super::secrets::SecretError;

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The service refused a request, or can't be reached.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A secret can't be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A secret was needed that nobody resolved: a mistake of ours.
    #[error(transparent)]
    Unresolved(#[from] UnresolvedSecret),
    /// The object changed since the plan was made.
    #[error("{object} changed since the plan was made{}; plan again to see what is there now", list(.what))]
    Stale {
        /// Which object.
        object: String,
        /// What of it is no longer what the plan found, as far as that can be told.
        what: Vec<String>,
    },
    /// An object of that id appeared since the plan was made, and it isn't ours.
    #[error("{object} appeared since the plan was made, and {}", of_whom(.owner.as_ref()))]
    Appeared {
        /// Which object.
        object: String,
        /// The recipe that owns it; `None` means that no recipe does.
        owner: Option<RecipeName>,
    },
    /// The service did not finish in time.
    #[error("{what} took longer than {} s; it may still finish: `status` shows it, and the same command again goes on from there", seconds(*.limit))]
    TimedOut {
        /// What was waited for.
        what: String,
        /// How long.
        limit: Duration,
    },
    /// The time of all steps was over before this one began.
    #[error("time was up before it began")]
    TimeIsUp,
    /// Nodes can't be allocated.
    #[error("the pool did not reach its size: {0}")]
    Resize(String),
    /// No node of a pool can work.
    #[error("{0}")]
    Nodes(Hold),
    /// Nodes can't work since they were rebooted.
    #[error("{nodes} rebooted and did not come back, so no more are rebooted: {why}", nodes = counted(*.nodes))]
    NotBack {
        /// How many.
        nodes: usize,
        /// What ails one of them.
        why: String,
    },
    /// Some tasks were refused.
    #[error("{refused} of {total} tasks were refused; the first: {first}")]
    Tasks {
        /// How many were refused.
        refused: u64,
        /// How many of those because another task of that id has appeared since the plan was made.
        taken: u64,
        /// How many were sent.
        total: u64,
        /// What was said of the first.
        first: String,
    },
    /// The service did not say something that it always says.
    #[error("the service did not say {what}")]
    NotSaid {
        /// What.
        what: String,
    },
    /// A local file can't be uploaded.
    #[error("{path} could not be uploaded: {reason}")]
    Input {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// A local file is not what it was.
    #[error("{path} changed since the plan was made; apply again to go by what is in it now")]
    InputChanged {
        /// The file.
        path: String,
    },
    /// A task can't be made from its recipe.
    #[error(transparent)]
    TaskStream(#[from] crate::resource::TaskStreamError),
}

impl StepError {
    /// Whether somebody else got in the way.
    pub fn is_conflict(&self) -> bool {
        match self {
            Self::Stale { .. } | Self::Appeared { .. } => true,
            Self::Tasks { refused, taken, .. } => refused == taken,
            _ => false,
        }
    }

    /// Whether a part of what the step is for was done.
    pub fn is_partly_done(&self) -> bool {
        matches!(self, Self::Tasks { .. } | Self::NotBack { .. })
    }

    /// Whether time was up.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::TimedOut { .. } | Self::TimeIsUp)
    }

    /// What a person could try.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Client(error) => error.hint(),
            Self::Resize(_) => {
                Some("ask for fewer or other nodes, or for more quota, and apply again".to_owned())
            }
            Self::Nodes(hold) => hold.hint(),
            Self::NotBack { .. } => Some(
                "mend what ails them, for instance the start task, and apply again: that goes on with these nodes"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

/// What has changed, as the end of a clause.
fn list(what: &[String]) -> String {
    if what.is_empty() { String::new() } else { format!(": {}", what.join(", ")) }
}

fn of_whom(owner: Option<&RecipeName>) -> String {
    match owner {
        Some(recipe) => format!("it belongs to the recipe `{recipe}`, which asks for something else"),
        None => "no recipe owns it".to_owned(),
    }
}

fn counted(nodes: usize) -> String {
    if nodes == 1 { "a node was".to_owned() } else { format!("{nodes} nodes were") }
}

/// Whole seconds, a begun one for a whole one: nothing takes longer than 0 s.
fn seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}
