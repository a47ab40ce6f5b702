//! Compute nodes.

use crate::batch::{ErrorCode, NodeId, PoolId};
use crate::emulator::answer::Answer;
use crate::emulator::call::Call;
use crate::emulator::query::ListRequest;
use crate::emulator::refusal::Refusal;
use crate::emulator::store::{Column, Kind, NodeTable, PoolTable};
use crate::emulator::wire;

const SET: &str = "nodes";

const COLUMNS: &[Column] = &[
    Column { property: "state", sql: "state", kind: Kind::Text },
    Column {
        property: "stateTransitionTime",
        sql: "json_extract(body, '$.node.stateTransitionTime')",
        kind: Kind::Time,
    },
    Column { property: "lastBootTime", sql: "json_extract(body, '$.node.lastBootTime')", kind: Kind::Time },
    Column {
        property: "allocationTime",
        sql: "json_extract(body, '$.node.allocationTime')",
        kind: Kind::Time,
    },
    Column {
        property: "startTaskInfo/state",
        sql: "json_extract(body, '$.node.startTaskInfo.state')",
        kind: Kind::Text,
    },
    Column {
        property: "startTaskInfo/result",
        sql: "json_extract(body, '$.node.startTaskInfo.result')",
        kind: Kind::Text,
    },
    Column {
        property: "startTaskInfo/exitCode",
        sql: "json_extract(body, '$.node.startTaskInfo.exitCode')",
        kind: Kind::Number,
    },
    Column {
        property: "startTaskInfo/startTime",
        sql: "json_extract(body, '$.node.startTaskInfo.startTime')",
        kind: Kind::Time,
    },
    Column {
        property: "startTaskInfo/endTime",
        sql: "json_extract(body, '$.node.startTaskInfo.endTime')",
        kind: Kind::Time,
    },
];

pub(crate) async fn list(call: Call) -> Result<Answer, Refusal> {
    let request = ListRequest::parse(&call)?;
    let page = request.page(COLUMNS)?;
    let (pool, base) = (call.id::<PoolId>(0)?, call.base.clone());
    let read = call.account.service.read(move |store| {
        let pool = PoolTable(store).find(&pool)?.ok_or(ErrorCode::POOL_NOT_FOUND)?;
        let nodes = NodeTable(store).page(pool.row, &page)?.into_iter();
        nodes
            .map(|record| {
                let usage = NodeTable(store).usage(record.row)?;
                Ok((record.node.id.key(), wire::node(&base, record, usage)?))
            })
            .collect::<Result<Vec<_>, _>>()
    });
    let nodes = read.await?;
    Ok(request.answer(&call, SET, nodes))
}

pub(crate) async fn get(call: Call) -> Result<Answer, Refusal> {
    let (pool, id, base) = (call.id::<PoolId>(0)?, call.id::<NodeId>(1)?, call.base.clone());
    let read = call.account.service.read(move |store| {
        let pool = PoolTable(store).find(&pool)?.ok_or(ErrorCode::POOL_NOT_FOUND)?;
        let node = NodeTable(store).find(pool.row, &id)?.ok_or(ErrorCode::NODE_NOT_FOUND)?;
        let usage = NodeTable(store).usage(node.row)?;
        wire::node(&base, node, usage)
    });
    Ok(Answer::object(&call.base, SET, read.await?, &call.select()?))
}
