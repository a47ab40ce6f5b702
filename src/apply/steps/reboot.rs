//! Rebooting the nodes of a pool, some at a time.

use std::collections::BTreeSet;

use futures::{TryStreamExt as _, pin_mut};

use crate::batch::model::{BatchNode, BatchNodeRebootKind, BatchNodeRebootOptions, BatchNodeState};
use crate::batch::odata::{ListQuery, Select};
use crate::batch::operations::{GetPool, ListNodes, RebootNode};
use crate::batch::{DateTime, NodeId, PoolId};
use crate::observe::pool_status;
use crate::resource::{Ownership, Pending};

use super::super::context::StepContext;
use super::super::error::StepError;
use super::super::event::Outcome;
use super::pool;

/// One in so many nodes reboots at a time.
const WAVE: usize = 5;

/// Reboots every node that booted before the pool changed. Which time that was is written to the pool's metadata first, so that
/// whoever goes on after this was killed reboots none twice.
pub(super) async fn nodes(
    context: &StepContext<'_>,
    pool: &PoolId,
    ownership: &Ownership,
) -> Result<Outcome, StepError> {
    let there = pool::read(context, pool).await?;
    let pending = there.value.ownership.as_ref().and_then(|owner| owner.pending.clone());
    let before = match pending {
        None | Some(Pending::Enable) => return Ok(Outcome::AlreadyDone),
        Some(Pending::Reboot { before: Some(time) }) => time,
        Some(Pending::Reboot { before: None } | Pending::Outdated) => {
            let time = last_modified(context, pool).await?;
            let pending = Some(Pending::Reboot { before: Some(time) });
            pool::mark(context, pool, &Ownership { pending, ..ownership.clone() }).await?;
            time
        }
    };
    let found = nodes_since(context, pool, before).await?;
    let total = found.count as u64;
    // Those that did not come back when they were rebooted before may have been mended since; they are tried before any other.
    let mut tried_again: BTreeSet<NodeId> = found.lost.into_iter().collect();
    context
        .wait_until(&format!("the nodes of pool {pool} to reboot"), async || {
            let found = nodes_since(context, pool, before).await?;
            let (again, lost): (Vec<_>, Vec<_>) =
                found.lost.into_iter().partition(|node| tried_again.contains(node));
            let left = again.len() + found.old.len();
            let done = total.saturating_sub((left + found.away) as u64);
            context.progress("nodes rebooted", Some((done, total)));
            if !lost.is_empty() && left > 0 {
                return if found.away == 0 { Err(not_back(context, pool, &lost).await?) } else { Ok(None) };
            }
            let room = (found.count / WAVE).max(1).saturating_sub(found.away);
            for node in again.iter().chain(&found.old).take(room) {
                reboot(context, pool, node).await?;
                tried_again.remove(node);
            }
            Ok((left == 0 && found.away == 0).then_some(()))
        })
        .await?;
    pool::mark(context, pool, ownership).await?;
    Ok(Outcome::Done)
}

/// Some nodes can't work since they were rebooted: the others are left as they are, because they would fare no better.
async fn not_back(context: &StepContext<'_>, pool: &PoolId, lost: &[NodeId]) -> Result<StepError, StepError> {
    let status = pool_status(context.client, pool).await?;
    let troubles = status.map(|status| status.node_troubles).unwrap_or_default();
    let why = troubles.into_iter().find(|trouble| lost.contains(&trouble.node));
    let why = why.map(|trouble| format!("{} is {}: {}", trouble.node, trouble.state, trouble.message));
    Ok(StepError::NotBack { nodes: lost.len(), why: why.unwrap_or_else(|| "they can't work".to_owned()) })
}

struct Found {
    /// Nodes that booted before the change.
    old: Vec<NodeId>,
    /// Nodes that have booted since, and can't work.
    lost: Vec<NodeId>,
    /// Nodes that are on their way back.
    away: usize,
    /// All nodes.
    count: usize,
}

async fn nodes_since(context: &StepContext<'_>, pool: &PoolId, before: DateTime) -> Result<Found, StepError> {
    let select = Select::of(&["id", "state", "lastBootTime"]);
    let query = ListQuery { select, ..ListQuery::default() };
    let nodes = context.client.list(ListNodes { pool_id: pool.clone(), query });
    pin_mut!(nodes);
    let mut found = Found { old: Vec::new(), lost: Vec::new(), away: 0, count: 0 };
    while let Some(node) = nodes.try_next().await? {
        found.count += 1;
        let is_away = is_away(&node);
        found.away += usize::from(is_away);
        let is_old = node.last_boot_time.is_some_and(|time| time < before);
        let goes = matches!(node.state, Some(BatchNodeState::LeavingPool | BatchNodeState::Preempted));
        if is_old && !is_away && !goes {
            found.old.push(node.id);
        } else if matches!(node.state, Some(BatchNodeState::StartTaskFailed | BatchNodeState::Unusable)) {
            found.lost.push(node.id);
        }
    }
    Ok(found)
}

fn is_away(node: &BatchNode) -> bool {
    use BatchNodeState::{Creating, Rebooting, Reimaging, Starting, WaitingForStartTask};
    matches!(node.state, Some(Creating | Rebooting | Reimaging | Starting | WaitingForStartTask))
}

async fn reboot(context: &StepContext<'_>, pool: &PoolId, node: &NodeId) -> Result<(), StepError> {
    let reboot = BatchNodeRebootOptions { node_reboot_option: Some(BatchNodeRebootKind::Requeue) };
    let request = RebootNode { pool_id: pool.clone(), node_id: node.clone(), reboot };
    match context.client.send(&request).await {
        Ok(_) => Ok(()),
        // It went, or something else happens to it at the moment: the next look tells.
        Err(error) if error.is_not_found() || error.status() == Some(409) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn last_modified(context: &StepContext<'_>, pool: &PoolId) -> Result<DateTime, StepError> {
    let select = Select::of(&["id", "lastModified"]);
    let answer = context.client.send(&GetPool { pool_id: pool.clone(), select }).await?;
    answer
        .value
        .last_modified
        .ok_or_else(|| StepError::NotSaid { what: format!("when the pool {pool} last changed") })
}
