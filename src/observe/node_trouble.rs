//! Nodes that can't work, and why: in words that name the registry, the image, the exit code.

use serde::Serialize;

use super::cause::{Cause, known_cause};

use crate::batch::model::{BatchNode, BatchNodeState, NameValuePair};
use crate::batch::{NodeId, PoolId};

/// A node that can't work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodeTrouble {
    /// Its pool.
    pub pool: PoolId,
    /// The node.
    pub node: NodeId,
    /// Its state, as `unusable`.
    pub state: String,
    /// A code, as `ContainerInvalidImage`.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// Names and values: the image, the registry, what it answered.
    pub details: Vec<Detail>,
    /// The last line that its start task wrote, if that failed and the line was read.
    pub last_words: Option<String>,
    /// What is known of the code.
    pub cause: Option<Cause>,
}

/// A name and a value of what the service tells about a problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Detail {
    /// What is told.
    pub name: String,
    /// What it is.
    pub value: String,
}

/// Names and values, as far as they are given.
pub(super) fn named_values(pairs: &[NameValuePair]) -> Vec<Detail> {
    pairs
        .iter()
        .map(|pair| Detail {
            name: pair.name.clone().unwrap_or_default(),
            value: pair.value.clone().unwrap_or_default(),
        })
        .collect()
}

/// What is wrong with a node that can't work; nothing for nodes that can, or may yet.
pub(super) fn troubles(pool: &PoolId, node: &BatchNode) -> Vec<NodeTrouble> {
    if !matches!(node.state, Some(BatchNodeState::Unusable | BatchNodeState::StartTaskFailed)) {
        return Vec::new();
    }
    let state = node.state.as_ref().map(ToString::to_string).unwrap_or_default();
    let trouble = |code: &str, message: &str, details: &[NameValuePair]| NodeTrouble {
        pool: pool.clone(),
        node: node.id.clone(),
        state: state.clone(),
        code: code.to_owned(),
        message: message.to_owned(),
        details: named_values(details),
        last_words: None,
        cause: known_cause(code),
    };
    let mut troubles: Vec<_> = node
        .errors
        .iter()
        .flatten()
        .map(|error| {
            trouble(
                error.code.as_deref().unwrap_or_default(),
                error.message.as_deref().unwrap_or_default(),
                error.error_details.as_deref().unwrap_or_default(),
            )
        })
        .collect();
    let start_failure = node.start_task_info.as_ref().and_then(|info| info.failure_info.as_ref());
    if let Some(failure) = start_failure.filter(|_| node.state == Some(BatchNodeState::StartTaskFailed)) {
        let exit = node.start_task_info.as_ref().and_then(|info| info.exit_code);
        let message = match exit {
            Some(code) => format!("the start task failed with exit code {code}"),
            None => format!("the start task failed: {}", failure.message.as_deref().unwrap_or_default()),
        };
        let details = failure.details.as_deref().unwrap_or_default();
        troubles.push(trouble(failure.code.as_deref().unwrap_or_default(), &message, details));
    }
    if troubles.is_empty() {
        troubles.push(trouble("", "the service gives no reason", &[]));
    }
    troubles
}
