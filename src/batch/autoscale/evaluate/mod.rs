//! Formulas at work: what a formula makes of the counts that a pool has had.
//!
//! Pure: the time, the samples and the seed of `rand()` are [`Inputs`]. A formula may come from anyone, so that it is given
//! only so much work to do; what it does with more is an [`EvaluationError`] like every other.

mod error;
mod evaluation;
mod functions;
mod inputs;
mod machine;
mod moment;
mod samples;
#[cfg(test)]
mod tests;
mod value;

pub use error::{EvaluationError, EvaluationErrorKind};
pub use evaluation::Evaluation;
pub use inputs::{Inputs, SAMPLE_PERIOD, Sample};
pub use value::Value;
