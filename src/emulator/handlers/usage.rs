//! What pools used since this process opened the account.

use jiff::Timestamp;

use crate::batch::model::{BatchNode, BatchPoolUsageMetrics};
use crate::batch::{DateTime, ErrorCode};
use crate::emulator::answer::Answer;
use crate::emulator::call::Call;
use crate::emulator::query::ListRequest;
use crate::emulator::refusal::Refusal;
use crate::emulator::service::Failure;
use crate::emulator::store::{Column, Kind, NodeTable, PoolTable, StoreError};

const COLUMNS: &[Column] = &[Column { property: "poolId", sql: "key", kind: Kind::Text }];
const SECONDS_AN_HOUR: f64 = 3_600.0;

pub(crate) async fn list(call: Call) -> Result<Answer, Refusal> {
    let request = ListRequest::parse(&call)?;
    let page = request.page(COLUMNS)?;
    let start = time(&call, "startTime")?.unwrap_or(call.account.opened).max(call.account.opened);
    let end =
        time(&call, "endtime")?.map_or(call.account.clock.now(), |end| end.min(call.account.clock.now()));
    if start > end {
        return Ok(request.answer(&call, "poolusagemetrics", Vec::new()));
    }
    let read = call.account.service.read(move |store| {
        let pools = PoolTable(store).page(&page)?.into_iter();
        pools
            .map(|record| {
                let vm_size = record.pool.vm_size.clone().unwrap_or_default();
                let nodes = NodeTable(store).of_pool(record.row)?;
                let hours: f64 = nodes.iter().map(|node| hours(&node.node, start, end)).sum();
                let key = record.pool.id.key();
                let metrics = BatchPoolUsageMetrics {
                    pool_id: record.pool.id,
                    start_time: DateTime(start),
                    end_time: DateTime(end),
                    total_core_hours: hours * f64::from(cores(&vm_size)),
                    vm_size,
                };
                Ok((key, serde_json::to_value(metrics).map_err(StoreError::from)?))
            })
            .collect::<Result<Vec<_>, Failure>>()
    });
    let metrics = read.await?;
    Ok(request.answer(&call, "poolusagemetrics", metrics))
}

fn time(call: &Call, name: &str) -> Result<Option<Timestamp>, Refusal> {
    let Some(text) = call.query(name) else { return Ok(None) };
    text.parse().map(|DateTime(time)| Some(time)).map_err(|_| {
        Refusal::new(ErrorCode::INVALID_QUERY_PARAMETER_VALUE)
            .with("QueryParameterName", name)
            .with("QueryParameterValue", text)
            .with("Reason", "expected a time such as 2026-01-01T00:00:00Z")
    })
}

/// How long a node was there between two times.
fn hours(node: &BatchNode, start: Timestamp, end: Timestamp) -> f64 {
    let allocated = node.allocation_time.map_or(start, |DateTime(time)| time.max(start));
    end.duration_since(allocated).as_secs_f64().max(0.0) / SECONDS_AN_HOUR
}

/// How many cores machines of a size have: the first number of its name after the family, `standard_d2s_v3`.
fn cores(vm_size: &str) -> u32 {
    let name =
        vm_size.split('_').find(|part| part.contains(|c: char| c.is_ascii_digit())).unwrap_or_default();
    let digits = name.trim_start_matches(|c: char| !c.is_ascii_digit());
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits.get(..end).and_then(|digits| digits.parse().ok()).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_machines_name_their_cores() {
        for (size, count) in [
            ("standard_d2s_v3", 2),
            ("Standard_NC6", 6),
            ("STANDARD_HB120rs_v3", 120),
            ("a1", 1),
            ("small", 1),
        ] {
            assert_eq!(cores(size), count, "{size}");
        }
    }
}
