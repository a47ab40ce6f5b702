//! Formulas that set the size of pools: kept, not evaluated.
//!
//! A pool says so itself, in its `autoScaleRun`, so that nobody waits for it to grow.

use std::time::Duration;

use serde_json::json;

use super::{Failure, Unit};
use crate::batch::model::BatchPoolEnableAutoScaleOptions;
use crate::batch::{Conditions, ErrorCode, PoolId, WireDuration};
use crate::emulator::refusal::Refusal;
use crate::emulator::store::Version;

/// How often the service evaluates a formula unless it is told otherwise.
const DEFAULT_INTERVAL: WireDuration = WireDuration::Limited(Duration::from_secs(15 * 60));
const RUN: &str = "autoScaleRun";

impl Unit<'_> {
    /// Keeps a formula with a pool. One without a formula needs it, others keep what is left out.
    pub(crate) fn enable_auto_scale(
        &mut self,
        id: &PoolId,
        options: BatchPoolEnableAutoScaleOptions,
        conditions: &Conditions,
    ) -> Result<Version, Failure> {
        let mut record = self.resizable_pool(id, conditions)?;
        let pool = &mut record.pool;
        let enabled = pool.enable_auto_scale == Some(true);
        let old_formula = pool.auto_scale_formula.take().filter(|_| enabled);
        let formula = options.auto_scale_formula.or(old_formula).ok_or_else(|| {
            Failure::Refused(
                Refusal::new(ErrorCode::MISSING_REQUIRED_PROPERTY).with("PropertyName", "autoScaleFormula"),
            )
        })?;
        let old_interval = pool.auto_scale_evaluation_interval.take().filter(|_| enabled);
        let interval = options.auto_scale_evaluation_interval.or(old_interval);
        pool.enable_auto_scale = Some(true);
        pool.auto_scale_formula = Some(formula);
        pool.auto_scale_evaluation_interval = Some(interval.unwrap_or(DEFAULT_INTERVAL));
        let error = ErrorCode::NOT_IMPLEMENTED_BY_EMULATOR;
        pool.other.insert(
            RUN.to_owned(),
            json!({"timestamp": self.now, "error": {"code": error.name,
                "message": "The embedded Azure Batch keeps formulas and does not evaluate them."}}),
        );
        self.stamp(&mut record);
        self.pools().save(&record)?;
        Ok(record.version())
    }

    /// Forgets the formula of a pool; its size stays as it is.
    pub(crate) fn disable_auto_scale(&mut self, id: &PoolId) -> Result<Version, Failure> {
        let mut record = self.changeable_pool(id, &Conditions::default())?;
        if record.pool.enable_auto_scale != Some(true) {
            return Err(Failure::Refused(
                Refusal::new(ErrorCode::OPERATION_INVALID_FOR_CURRENT_STATE)
                    .with("Reason", "no formula sets the size of the pool"),
            ));
        }
        record.pool.enable_auto_scale = Some(false);
        record.pool.auto_scale_formula = None;
        record.pool.auto_scale_evaluation_interval = None;
        record.pool.other.remove(RUN);
        self.stamp(&mut record);
        self.pools().save(&record)?;
        Ok(record.version())
    }
}
