//! Nodes that can't work, and why: in words that name the registry, the image, the exit code.

use futures::{TryStreamExt, pin_mut};

use crate::batch::model::{BatchNode, BatchNodeState, NameValuePair};
use crate::batch::odata::ListQuery;
use crate::batch::operations::ListNodes;
use crate::batch::{NodeId, PoolId};
use crate::client::{BatchClient, ClientError};

/// A node that can't work.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
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
    pub details: Vec<(String, String)>,
}

/// What a look at the nodes of a pool shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeTally {
    /// All nodes.
    pub total: usize,
    /// Nodes that run tasks, or could.
    pub able: usize,
    /// Nodes that may yet become able.
    pub coming: usize,
    /// How many are in which state, as `1 starting, 2 idle`.
    pub states: String,
}

/// The nodes of a pool that can't work. A pool that doesn't exist has none.
///
/// # Errors
/// When the account can't be read.
pub async fn node_troubles(
    client: &BatchClient,
    pool: &PoolId,
) -> Result<(NodeTally, Vec<NodeTrouble>), ClientError> {
    let nodes = client.list(ListNodes { pool_id: pool.clone(), query: ListQuery::default() });
    pin_mut!(nodes);
    let mut states = std::collections::BTreeMap::<String, usize>::new();
    let mut tally = NodeTally::default();
    let mut troubles = Vec::new();
    loop {
        let node = match nodes.try_next().await {
            Ok(Some(node)) => node,
            Ok(None) => break,
            Err(error) if error.is_not_found() => break,
            Err(error) => return Err(error),
        };
        let Some(state) = node.state.clone() else { continue };
        tally.total += 1;
        *states.entry(state.to_string()).or_default() += 1;
        match state {
            BatchNodeState::Idle | BatchNodeState::Running => tally.able += 1,
            BatchNodeState::Unusable | BatchNodeState::StartTaskFailed => {
                troubles.extend(trouble(pool, &node));
            }
            BatchNodeState::Offline | BatchNodeState::Deallocated | BatchNodeState::LeavingPool => {}
            _ => tally.coming += 1,
        }
    }
    tally.states =
        states.iter().map(|(state, count)| format!("{count} {state}")).collect::<Vec<_>>().join(", ");
    Ok((tally, troubles))
}

/// What is wrong with a node that can't work.
fn trouble(pool: &PoolId, node: &BatchNode) -> Vec<NodeTrouble> {
    let state = node.state.as_ref().map(ToString::to_string).unwrap_or_default();
    let trouble = |code: &str, message: &str, details: &[NameValuePair]| NodeTrouble {
        pool: pool.clone(),
        node: node.id.clone(),
        state: state.clone(),
        code: code.to_owned(),
        message: message.to_owned(),
        details: details
            .iter()
            .map(|pair| (pair.name.clone().unwrap_or_default(), pair.value.clone().unwrap_or_default()))
            .collect(),
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
