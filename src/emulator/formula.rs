//! A formula at work on a pool of this account.

use rusqlite::Connection;

use super::store::{PoolRecord, SampleTable, StoreError};
use crate::batch::autoscale::{
    Evaluation, EvaluationErrorKind, Formula, FormulaError, Inputs, Sample, check, line_and_column,
};
use crate::batch::model::{AutoScaleRun, AutoScaleRunError, NameValuePair};

/// The code of a run that lacks samples, and of one that fails otherwise, as the service has them.
const INSUFFICIENT: (&str, &str) =
    ("InsufficientSampleData", "Autoscale evaluation failed due to insufficient sample data");
const FAILED: (&str, &str) =
    ("AutoScalingFormulaEvaluationError", "The evaluation of the autoscale formula failed");

/// Evaluates `formula` on what has been counted in a pool until now, and now: what is reported, and, if nothing went wrong, what
/// it comes to.
pub(crate) fn evaluate(
    store: &Connection,
    record: &PoolRecord,
    formula: &str,
    sample: Sample,
) -> Result<(AutoScaleRun, Option<Evaluation>), StoreError> {
    let now = sample.time;
    let mut known = SampleTable(store).of_pool(record.row)?;
    known.retain(|earlier| earlier.time.0 < now.0);
    known.push(sample);
    let inputs = Inputs {
        now,
        seed: uuid::Uuid::new_v4().as_u64_pair().0,
        dedicated: record.pool.target_dedicated_nodes.unwrap_or_default(),
        low_priority: record.pool.target_low_priority_nodes.unwrap_or_default(),
        slots_per_node: record.pool.task_slots_per_node.unwrap_or(1),
        samples: &known,
    };
    Ok(match run(formula, &inputs) {
        Ok(evaluation) => {
            let results = Some(evaluation.to_string());
            (AutoScaleRun { timestamp: now, results, error: None }, Some(evaluation))
        }
        Err(error) => {
            let unchanged = Evaluation::unchanged(inputs.dedicated, inputs.low_priority).to_string();
            (AutoScaleRun { timestamp: now, results: Some(unchanged), error: Some(error) }, None)
        }
    })
}

fn run(text: &str, inputs: &Inputs<'_>) -> Result<Evaluation, AutoScaleRunError> {
    let formula = Formula::parse(text).map_err(|errors| mistakes(text, &errors))?;
    let (errors, _) = check(&formula);
    if !errors.is_empty() {
        return Err(mistakes(text, &errors));
    }
    formula.evaluate(inputs).map_err(|error| {
        let is_insufficient = matches!(error.kind, EvaluationErrorKind::InsufficientData { .. });
        let code = if is_insufficient { INSUFFICIENT } else { FAILED };
        failure(code, vec![message(placed(text, error.range.start, &error.to_string()))])
    })
}

fn mistakes(text: &str, errors: &[FormulaError]) -> AutoScaleRunError {
    failure(FAILED, told(text, errors).map(message).collect())
}

/// The most mistakes that are told at once.
const MOST_MISTAKES: usize = 20;

/// The mistakes of a formula that are told, each with its place.
pub(crate) fn told(text: &str, errors: &[FormulaError]) -> impl Iterator<Item = String> {
    errors.iter().take(MOST_MISTAKES).map(|error| placed(text, error.range.start, &error.to_string()))
}

/// What is wrong, and where, as the service puts it: `Line 1, Col 24: …`.
fn placed(text: &str, byte: usize, what: &str) -> String {
    let (line, column) = line_and_column(text, byte);
    format!("Line {line}, Col {column}: {what}")
}

fn message(what: String) -> NameValuePair {
    NameValuePair::new("Message", what)
}

fn failure((code, message): (&str, &str), values: Vec<NameValuePair>) -> AutoScaleRunError {
    AutoScaleRunError { code: Some(code.to_owned()), message: Some(message.to_owned()), values: Some(values) }
}
