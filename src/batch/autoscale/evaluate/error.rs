//! Why a formula has no result.

use std::ops::Range;

/// What went wrong in an evaluation, and the bytes of the formula where it did.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{kind}")]
pub struct EvaluationError {
    /// What.
    pub kind: EvaluationErrorKind,
    /// Where, in bytes.
    pub range: Range<usize>,
}

/// What can go wrong in an evaluation.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EvaluationErrorKind {
    /// Fewer samples than are asked for. In the words of the service, because programs look for them.
    #[error("Insufficient data from data set: {variable} wanted {wanted}, received {received}")]
    InsufficientData {
        /// The variable.
        variable: &'static str,
        /// What was asked for: a percentage of the samples that there can be, or at least one.
        wanted: String,
        /// What there is.
        received: String,
    },
    /// A variable that no statement has given a value.
    #[error("the variable `{name}` has no value")]
    Undefined {
        /// The variable.
        name: String,
    },
    /// An assignment to a name that the service gives its value.
    #[error("`{name}` is set by the service and cannot be assigned")]
    ReadOnly {
        /// The name.
        name: String,
    },
    /// A value where another kind of value belongs.
    #[error("{expected} is needed here, not {found}")]
    WrongType {
        /// What belongs there.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// Values that an operator cannot take.
    #[error("`{operator}` cannot take {left} and {right}")]
    Operands {
        /// The operator.
        operator: &'static str,
        /// What stands left of it.
        left: &'static str,
        /// What stands right of it.
        right: &'static str,
    },
    /// Vectors of different lengths.
    #[error("`{operator}` cannot take {left} numbers and {right} numbers")]
    Lengths {
        /// The operator.
        operator: &'static str,
        /// The length of the left one.
        left: usize,
        /// The length of the right one.
        right: usize,
    },
    /// A function that makes nothing of nothing.
    #[error("`{function}` needs at least one number")]
    Empty {
        /// The function.
        function: &'static str,
    },
    /// A position behind the end of a vector.
    #[error("there is no element {index} in {length} numbers; the first is 0")]
    NoElement {
        /// The position.
        index: f64,
        /// How many numbers there are.
        length: usize,
    },
    /// A percentage that is none.
    #[error("a percentage is from 0 to 100, not {value}")]
    Percentage {
        /// The number.
        value: f64,
    },
    /// A number of samples that is none.
    #[error("a number of samples is at least 1, not {value}")]
    SampleCount {
        /// The number.
        value: f64,
    },
    /// A text that is no point in time.
    #[error(
        "`{text}` is not a point in time; write `2030-01-31T12:00:00Z` or `Thu, 31 Jan 2030 12:00:00 GMT`"
    )]
    NoMoment {
        /// The text.
        text: String,
    },
    /// A point in time, or a length of time, that is too far away.
    #[error("the time is out of range")]
    TimeOutOfRange,
    /// A number of nodes that is none.
    #[error("`{name}` is a number of nodes, from 0 to 2147483647, and not {value}")]
    NodeCount {
        /// The variable.
        name: &'static str,
        /// The number.
        value: f64,
    },
    /// More than any formula needs.
    #[error("the evaluation takes too much work")]
    TooMuchWork,
}
