//! The language of autoscale formulas: read, checked, written and evaluated.
//!
//! A formula is at most 8,192 characters of statements, separated by `;`, with `//` comments. A statement assigns the value of an
//! expression to a variable; those that the service reads are [`ServiceVariable::TargetDedicatedNodes`],
//! [`ServiceVariable::TargetLowPriorityNodes`] and [`ServiceVariable::NodeDeallocationOption`]. The rules are those of
//! the article "Create a formula to automatically scale compute nodes in a Batch pool"; where it is silent, what is
//! written passes: a formula is only refused for what is certain to fail.
//!
//! [`Formula::parse`] reports every mistake at once, with the bytes that it is in, and [`check`] everything that can be
//! known about names and types. [`Formula::evaluate`] says what comes of it. [`Formula`] prints as a formula that means the same.

mod check;
mod error;
mod evaluate;
mod formula;
mod lexer;
mod names;
mod parser;
mod print;
#[cfg(test)]
mod tests;

pub use check::{Remark, RemarkKind, check};
pub use error::{FormulaError, FormulaErrorKind, line_and_column};
pub use evaluate::{Evaluation, EvaluationError, EvaluationErrorKind, Inputs, SAMPLE_PERIOD, Sample, Value};
pub use formula::{BinaryOperator, Expression, ExpressionKind, Formula, Statement, UnaryOperator};
pub use names::{DeallocationOption, Function, Method, ServiceVariable, TimeInterval, TimestampMember};
pub use parser::MOST_CHARACTERS;
