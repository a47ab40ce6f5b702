//! Formulas that set the size of pools: kept, not evaluated.
//!
//! A pool says so itself, in its `autoScaleRun`, so that nobody waits for it to grow.

use serde_json::{Value, json};

use super::{Failure, Unit};
use crate::batch::model::BatchPoolEnableAutoScaleOptions;
use crate::batch::{Conditions, ErrorCode, PoolId};
use crate::emulator::refusal::Refusal;
use crate::emulator::store::Version;

const FORMULA: &str = "autoScaleFormula";
const INTERVAL: &str = "autoScaleEvaluationInterval";
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
        let old = |name: &str| pool.other.get(name).filter(|_| enabled).cloned();
        let formula =
            options.auto_scale_formula.map(Value::from).or_else(|| old(FORMULA)).ok_or_else(|| {
                Failure::Refused(
                    Refusal::new(ErrorCode::MISSING_REQUIRED_PROPERTY).with("PropertyName", FORMULA),
                )
            })?;
        let interval = options.auto_scale_evaluation_interval.map(|interval| json!(interval.to_string()));
        let interval = interval.or_else(|| old(INTERVAL)).unwrap_or_else(|| json!("PT15M"));
        pool.enable_auto_scale = Some(true);
        pool.other.insert(FORMULA.to_owned(), formula);
        pool.other.insert(INTERVAL.to_owned(), interval);
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
        for name in [FORMULA, INTERVAL, RUN] {
            record.pool.other.remove(name);
        }
        self.stamp(&mut record);
        self.pools().save(&record)?;
        Ok(record.version())
    }
}
