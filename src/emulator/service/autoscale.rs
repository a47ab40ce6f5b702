//! Formulas that set the size of pools: kept, and evaluated when they are due.

use std::time::Duration;

use super::{Activity, Failure, Unit};
use crate::batch::autoscale::{DeallocationOption, Evaluation, SAMPLE_PERIOD, Sample};
use crate::batch::model::{
    AllocationState, AutoScaleRunError, BatchNodeDeallocationOption, BatchPoolEnableAutoScaleOptions,
};
use crate::batch::{Conditions, DateTime, ErrorCode, PoolId};
use crate::emulator::defaults::EVALUATION_INTERVAL;
use crate::emulator::effect::{Effect, Event};
use crate::emulator::formula;
use crate::emulator::lifecycle::PoolEvent;
use crate::emulator::refusal::Refusal;
use crate::emulator::store::{PoolRecord, PoolRow, SampleTable, StoreError, Version};

const RUN: &str = "autoScaleRun";

impl Unit<'_> {
    /// Keeps a formula with a pool, and evaluates it. A pool without one needs it, others keep what is left out.
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
        pool.auto_scale_evaluation_interval = Some(interval.unwrap_or(EVALUATION_INTERVAL.into()));
        // What the formula before came to says nothing of this one.
        pool.other.remove(RUN);
        record.formula_clock.turn += 1;
        record.formula_clock.due = None;
        self.stamp(&mut record);
        self.evaluate_when_due(&mut record)?;
        Ok(record.version())
    }

    /// Forgets the formula of a pool; its size stays as it is.
    pub(crate) fn disable_auto_scale(&mut self, id: &PoolId) -> Result<Version, Failure> {
        let mut record = self.changeable_pool(id, &Conditions::default())?;
        scaled(&record)?;
        record.pool.enable_auto_scale = Some(false);
        record.pool.auto_scale_formula = None;
        record.pool.auto_scale_evaluation_interval = None;
        record.pool.other.remove(RUN);
        SampleTable(self.store).forget(record.row)?;
        self.stamp(&mut record);
        self.pools().save(&record)?;
        Ok(record.version())
    }

    /// A pool is to be counted, and its formula evaluated if that is due.
    pub(super) fn formula_due(&mut self, pool: PoolRow, turn: u64) -> Result<(), Failure> {
        match self.pools().get(pool)? {
            Some(mut record) if record.formula_clock.turn == turn => self.evaluate_when_due(&mut record),
            _ => Ok(()),
        }
    }

    /// Counts a pool with a formula, evaluates the formula if that is due, and writes the pool back.
    pub(super) fn evaluate_when_due(&mut self, record: &mut PoolRecord) -> Result<(), Failure> {
        // Who only ends what is begun changes the size of no pool.
        let works = self.rules.activity == Activity::Running;
        if !works || record.pool.enable_auto_scale != Some(true) || record.is_deleting() {
            return Ok(self.pools().save(record)?);
        }
        let is_due = record.formula_clock.due.is_none_or(|due| due.0 <= self.now.0);
        let samples = SampleTable(self.store);
        let sample = samples.take(record, self.now)?;
        samples.keep(record.row, &sample)?;
        let evaluation = if is_due { self.evaluate(record, sample)? } else { None };
        self.await_formula(record);
        match evaluation.and_then(|evaluation| resize(record, &evaluation)) {
            Some(event) => {
                self.stamp(record);
                self.pool_event(record, event)
            }
            None => Ok(self.pools().save(record)?),
        }
    }

    /// Evaluates a pool's formula, and notes in the pool what came of it.
    fn evaluate(&self, record: &mut PoolRecord, sample: Sample) -> Result<Option<Evaluation>, Failure> {
        let text = record.pool.auto_scale_formula.clone().unwrap_or_default();
        let (mut run, mut evaluation) = formula::evaluate(self.store, record, &text, sample)?;
        if evaluation.as_ref().is_some_and(|found| found.deallocation == DeallocationOption::RetainedData) {
            run.error = Some(not_done("$NodeDeallocationOption=retaineddata"));
            evaluation = None;
        }
        record.pool.other.insert(RUN.to_owned(), serde_json::to_value(run).map_err(StoreError::from)?);
        let interval = record.pool.auto_scale_evaluation_interval.and_then(|interval| interval.limit());
        let interval = self.rules.timing.evaluation_interval(interval.unwrap_or(EVALUATION_INTERVAL));
        record.formula_clock.due = self.now.0.checked_add(interval).ok().map(DateTime);
        Ok(evaluation)
    }

    /// Waits until a pool is to be counted again, or its formula is due.
    pub(super) fn await_formula(&mut self, record: &PoolRecord) {
        if self.rules.activity != Activity::Running || record.pool.enable_auto_scale != Some(true) {
            return;
        }
        let until_due = record.formula_clock.due.map_or(Duration::ZERO, |due| {
            Duration::try_from(self.now.0.duration_until(due.0)).unwrap_or_default()
        });
        let then = Event::FormulaDue { pool: record.row, turn: record.formula_clock.turn };
        self.emit(Effect::Wait { pause: until_due.min(SAMPLE_PERIOD), then });
    }
}

/// Whether a formula sets the size of a pool.
pub(crate) fn scaled(record: &PoolRecord) -> Result<(), Failure> {
    match record.pool.enable_auto_scale {
        Some(true) => Ok(()),
        _ => Err(Failure::Refused(
            Refusal::new(ErrorCode::OPERATION_INVALID_FOR_CURRENT_STATE)
                .with("Reason", "no formula sets the size of the pool"),
        )),
    }
}

/// What a formula changes in a pool, if anything. While a resize is being stopped, nothing does.
fn resize(record: &PoolRecord, evaluation: &Evaluation) -> Option<PoolEvent> {
    let is = (record.pool.target_dedicated_nodes, record.pool.target_low_priority_nodes);
    let should_be = (Some(evaluation.dedicated), Some(evaluation.low_priority));
    (is != should_be && !record.is(AllocationState::Stopping)).then(|| PoolEvent::Resize {
        dedicated: evaluation.dedicated,
        spot: evaluation.low_priority,
        deallocation: deallocation(evaluation.deallocation),
    })
}

/// The error of a run that asks for what this service does not do.
fn not_done(what: &str) -> AutoScaleRunError {
    let code = ErrorCode::NOT_IMPLEMENTED_BY_EMULATOR;
    let message = format!("The embedded Azure Batch keeps no node for the data of its tasks: {what}");
    AutoScaleRunError { code: Some(code.name.to_owned()), message: Some(message), values: None }
}

fn deallocation(option: DeallocationOption) -> BatchNodeDeallocationOption {
    match option {
        DeallocationOption::Requeue => BatchNodeDeallocationOption::Requeue,
        DeallocationOption::Terminate => BatchNodeDeallocationOption::Terminate,
        DeallocationOption::TaskCompletion => BatchNodeDeallocationOption::TaskCompletion,
        DeallocationOption::RetainedData => BatchNodeDeallocationOption::RetainedData,
    }
}
