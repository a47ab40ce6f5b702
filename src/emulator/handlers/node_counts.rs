//! Nodes, counted by state.

use crate::batch::model::{BatchNodeCounts, BatchNodeState, BatchPoolNodeCounts};
use crate::emulator::answer::Answer;
use crate::emulator::call::Call;
use crate::emulator::query::ListRequest;
use crate::emulator::refusal::Refusal;
use crate::emulator::service::Failure;
use crate::emulator::store::{Column, Kind, NodeTable, PoolTable, StoreError};

const COLUMNS: &[Column] = &[Column { property: "poolId", sql: "key", kind: Kind::Text }];

pub(crate) async fn list(call: Call) -> Result<Answer, Refusal> {
    let request = ListRequest::parse(&call)?;
    let page = request.page(COLUMNS)?;
    let read = call.account.service.read(move |store| {
        let pools = PoolTable(store).page(&page)?.into_iter();
        pools
            .map(|record| {
                let mut counts = [none(), none()];
                for (is_dedicated, state, count) in NodeTable(store).count_by_state(record.row)? {
                    let [dedicated, spot] = &mut counts;
                    add(if is_dedicated { dedicated } else { spot }, &state, count);
                }
                let [dedicated, low_priority] = counts.map(Some);
                let key = record.pool.id.key();
                let counts = BatchPoolNodeCounts { pool_id: record.pool.id, dedicated, low_priority };
                Ok((key, serde_json::to_value(counts).map_err(StoreError::from)?))
            })
            .collect::<Result<Vec<_>, Failure>>()
    });
    let counts = read.await?;
    Ok(request.answer(&call, "poolnodecounts", counts))
}

/// No nodes, in every state that the present version counts.
fn none() -> BatchNodeCounts {
    BatchNodeCounts {
        deallocated: Some(0),
        deallocating: Some(0),
        upgrading_os: Some(0),
        ..BatchNodeCounts::default()
    }
}

fn add(counts: &mut BatchNodeCounts, state: &BatchNodeState, count: u32) {
    use BatchNodeState as State;
    counts.total += count;
    let counted = match state {
        State::Creating => &mut counts.creating,
        State::Idle => &mut counts.idle,
        State::Offline => &mut counts.offline,
        State::Preempted => &mut counts.preempted,
        State::Rebooting => &mut counts.rebooting,
        State::Reimaging => &mut counts.reimaging,
        State::Running => &mut counts.running,
        State::Starting => &mut counts.starting,
        State::StartTaskFailed => &mut counts.start_task_failed,
        State::LeavingPool => &mut counts.leaving_pool,
        State::Unusable => &mut counts.unusable,
        State::WaitingForStartTask => &mut counts.waiting_for_start_task,
        State::Deallocated => counts.deallocated.get_or_insert_default(),
        State::Deallocating => counts.deallocating.get_or_insert_default(),
        State::UpgradingOS => counts.upgrading_os.get_or_insert_default(),
        State::Unknown | State::Other(_) => &mut counts.unknown,
    };
    *counted += count;
}
