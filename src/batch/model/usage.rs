//! What pools used.

use serde::{Deserialize, Serialize};

use crate::batch::operation::Query;
use crate::batch::{DateTime, PoolId};

/// From when to when usage is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UsagePeriod {
    /// From when; at most 2.5 hours ago, unless the end is given too.
    pub start_time: Option<DateTime>,
    /// Until when.
    pub end_time: Option<DateTime>,
}

impl UsagePeriod {
    /// The query parameters that say so.
    pub fn parameters(&self) -> Query {
        let named = [("startTime", self.start_time), ("endtime", self.end_time)];
        named.into_iter().filter_map(|(name, time)| Some((name, time?.to_string()))).collect()
    }
}

/// What a pool used in one period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchPoolUsageMetrics {
    /// The pool.
    pub pool_id: PoolId,
    /// When the period began.
    pub start_time: DateTime,
    /// When it ended.
    pub end_time: DateTime,
    /// The size of the pool's machines.
    pub vm_size: String,
    /// How many hours its cores were there.
    pub total_core_hours: f64,
}
