//! Values, and what operators make of them.

use std::cmp::Ordering;
use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::error::EvaluationErrorKind;
use crate::batch::WireDuration;
use crate::batch::autoscale::{BinaryOperator, DeallocationOption, TimeInterval};

/// The most numbers of a vector that are printed: an hour of samples.
const MOST_PRINTED: usize = 120;

/// A value of a formula.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// Numbers: a vector.
    Numbers(Vec<f64>),
    /// A string.
    Text(String),
    /// A point in time.
    Moment(Timestamp),
    /// A length of time.
    Interval(SignedDuration),
    /// What happens to running tasks when nodes go.
    Deallocation(DeallocationOption),
}

impl Value {
    /// One or zero.
    pub(super) fn truth(yes: bool) -> Self {
        Self::Number(f64::from(u8::from(yes)))
    }

    /// What kind of value it is, in a message.
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Self::Number(_) => "a number",
            Self::Numbers(_) => "numbers",
            Self::Text(_) => "a string",
            Self::Moment(_) => "a point in time",
            Self::Interval(_) => "a length of time",
            Self::Deallocation(_) => "a deallocation option",
        }
    }

    /// The number that it is, or the only one that it has.
    pub(super) fn number(&self) -> Result<f64, EvaluationErrorKind> {
        match self {
            Self::Number(number) => Ok(*number),
            Self::Numbers(numbers) => match numbers.as_slice() {
                [only] => Ok(*only),
                _ => Err(self.is_not("a number")),
            },
            _ => Err(self.is_not("a number")),
        }
    }

    /// The error of a place where something else belongs.
    pub(super) fn is_not(&self, expected: &'static str) -> EvaluationErrorKind {
        EvaluationErrorKind::WrongType { expected, found: self.describe() }
    }

    /// The numbers that it is or has.
    pub(super) fn numbers(&self) -> Result<&[f64], EvaluationErrorKind> {
        match self {
            Self::Number(number) => Ok(std::slice::from_ref(number)),
            Self::Numbers(numbers) => Ok(numbers),
            _ => Err(self.is_not("a number")),
        }
    }

    /// How much there is of it: what handling it costs.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Text(text) => text.len(),
            _ => 1,
        }
    }

    /// Its negative.
    pub(super) fn negated(self) -> Result<Self, EvaluationErrorKind> {
        match self {
            Self::Number(number) => Ok(Self::Number(-number)),
            Self::Numbers(numbers) => Ok(Self::Numbers(numbers.into_iter().map(|number| -number).collect())),
            Self::Interval(length) => {
                length.checked_neg().map(Self::Interval).ok_or(EvaluationErrorKind::TimeOutOfRange)
            }
            other => Err(other.is_not("a number or a length of time")),
        }
    }
}

/// How long a named length of time is.
pub(super) fn length(interval: TimeInterval) -> SignedDuration {
    match interval {
        TimeInterval::Zero => SignedDuration::ZERO,
        TimeInterval::HundredNanoseconds => SignedDuration::from_nanos(100),
        TimeInterval::Microsecond => SignedDuration::from_micros(1),
        TimeInterval::Millisecond => SignedDuration::from_millis(1),
        TimeInterval::Second => SignedDuration::from_secs(1),
        TimeInterval::Minute => SignedDuration::from_mins(1),
        TimeInterval::Hour => SignedDuration::from_hours(1),
        TimeInterval::Day => SignedDuration::from_hours(24),
        TimeInterval::Week => SignedDuration::from_hours(7 * 24),
        TimeInterval::Year => SignedDuration::from_hours(365 * 24),
    }
}

/// What an operator other than `&&` and `||` makes of two values.
pub(super) fn combine(
    operator: BinaryOperator,
    left: Value,
    right: Value,
) -> Result<Value, EvaluationErrorKind> {
    use BinaryOperator::{Add, Divide, Multiply, Subtract};
    use Value::{Interval, Moment, Number, Numbers};
    if !matches!(operator, Add | Subtract | Multiply | Divide) {
        return compare(operator, &left, &right);
    }
    let operands = operands(operator, &left, &right);
    let out_of_range = EvaluationErrorKind::TimeOutOfRange;
    match (left, right) {
        (Number(left), Number(right)) => Ok(Number(calculate(operator, left, right))),
        (left @ (Number(_) | Numbers(_)), right @ (Number(_) | Numbers(_))) => {
            elementwise(operator, left.numbers()?, right.numbers()?)
        }
        (Interval(left), Interval(right)) => match operator {
            Add => left.checked_add(right).map(Interval).ok_or(out_of_range),
            Subtract => left.checked_sub(right).map(Interval).ok_or(out_of_range),
            Divide => Ok(Number(left.as_secs_f64() / right.as_secs_f64())),
            _ => Err(operands),
        },
        (Interval(length), number @ (Number(_) | Numbers(_))) => match operator {
            Multiply => scaled(length, number.number()?),
            Divide => scaled(length, 1.0 / number.number()?),
            _ => Err(operands),
        },
        (number @ (Number(_) | Numbers(_)), Interval(length)) if operator == Multiply => {
            scaled(length, number.number()?)
        }
        (Moment(moment), Interval(length)) if operator == Add => {
            moment.checked_add(length).map(Moment).map_err(|_| out_of_range)
        }
        (Moment(moment), Interval(length)) if operator == Subtract => {
            moment.checked_sub(length).map(Moment).map_err(|_| out_of_range)
        }
        (Interval(length), Moment(moment)) if operator == Add => {
            moment.checked_add(length).map(Moment).map_err(|_| out_of_range)
        }
        (Moment(left), Moment(right)) if operator == Subtract => Ok(Interval(left.duration_since(right))),
        _ => Err(operands),
    }
}

fn operands(operator: BinaryOperator, left: &Value, right: &Value) -> EvaluationErrorKind {
    EvaluationErrorKind::Operands {
        operator: operator.as_str(),
        left: left.describe(),
        right: right.describe(),
    }
}

fn scaled(length: SignedDuration, factor: f64) -> Result<Value, EvaluationErrorKind> {
    let scaled = SignedDuration::try_from_secs_f64(length.as_secs_f64() * factor);
    scaled.map(Value::Interval).map_err(|_| EvaluationErrorKind::TimeOutOfRange)
}

fn calculate(operator: BinaryOperator, left: f64, right: f64) -> f64 {
    match operator {
        BinaryOperator::Add => left + right,
        BinaryOperator::Subtract => left - right,
        BinaryOperator::Multiply => left * right,
        _ => left / right,
    }
}

/// One number goes with each of many; otherwise there are as many on either side.
fn elementwise(operator: BinaryOperator, left: &[f64], right: &[f64]) -> Result<Value, EvaluationErrorKind> {
    let pair = |(left, right): (&f64, &f64)| calculate(operator, *left, *right);
    let numbers = match (left, right) {
        ([left], right) => right.iter().map(|right| pair((left, right))).collect(),
        (left, [right]) => left.iter().map(|left| pair((left, right))).collect(),
        (left, right) if left.len() == right.len() => left.iter().zip(right).map(pair).collect(),
        (left, right) => {
            let operator = operator.as_str();
            return Err(EvaluationErrorKind::Lengths { operator, left: left.len(), right: right.len() });
        }
    };
    Ok(Value::Numbers(numbers))
}

fn compare(operator: BinaryOperator, left: &Value, right: &Value) -> Result<Value, EvaluationErrorKind> {
    use Value::{Interval, Moment, Number, Numbers, Text};
    let order = match (left, right) {
        (Number(_) | Numbers(_), Number(_) | Numbers(_)) => left.number()?.partial_cmp(&right.number()?),
        (Text(left), Text(right)) => Some(left.cmp(right)),
        (Moment(left), Moment(right)) => Some(left.cmp(right)),
        (Interval(left), Interval(right)) => Some(left.cmp(right)),
        _ => return Err(operands(operator, left, right)),
    };
    // What is no number is neither less than anything nor equal to it.
    Ok(Value::truth(match operator {
        BinaryOperator::Equal => order == Some(Ordering::Equal),
        BinaryOperator::NotEqual => order != Some(Ordering::Equal),
        BinaryOperator::Less => order == Some(Ordering::Less),
        BinaryOperator::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        BinaryOperator::Greater => order == Some(Ordering::Greater),
        _ => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    }))
}

/// As the service prints the results of an evaluation: `10`, `[1,2]`, `2016-10-13T19:18:47.805Z`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Numbers(numbers) => {
                f.write_str("[")?;
                for (position, number) in numbers.iter().take(MOST_PRINTED).enumerate() {
                    let comma = if position > 0 { "," } else { "" };
                    write!(f, "{comma}{number}")?;
                }
                f.write_str(if numbers.len() > MOST_PRINTED { ",…]" } else { "]" })
            }
            Self::Text(text) => f.write_str(text),
            Self::Moment(moment) => write!(f, "{moment:.3}"),
            Self::Interval(length) => {
                let sign = if length.is_negative() { "-" } else { "" };
                write!(f, "{sign}{}", WireDuration::from(length.unsigned_abs()))
            }
            Self::Deallocation(option) => f.write_str(option.as_str()),
        }
    }
}
