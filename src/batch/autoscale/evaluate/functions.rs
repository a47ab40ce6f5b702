//! Functions of numbers.

use super::error::EvaluationErrorKind;
use super::samples::percentage;
use super::value::Value;
use crate::batch::autoscale::Function;

/// What a function makes of its arguments; those of one that takes a list are numbers and vectors in any order.
pub(super) fn call(function: Function, arguments: &[Value]) -> Result<Value, EvaluationErrorKind> {
    match (function, arguments) {
        (Function::Percentile, [vector, percent]) => {
            percentile(vector.numbers()?, percentage(percent)?).map(Value::Number)
        }
        (Function::Val, [vector, index]) => element(vector.numbers()?, index.number()?).map(Value::Number),
        // Of one number a number, of everything else a vector.
        (_, [Value::Number(number)]) if is_componentwise(function) => {
            Ok(Value::Number(component(function, *number)))
        }
        _ => {
            let numbers = flat(arguments)?;
            if is_componentwise(function) {
                let numbers = numbers.into_iter().map(|number| component(function, number));
                return Ok(Value::Numbers(numbers.collect()));
            }
            match function {
                Function::Vec => Ok(Value::Numbers(numbers)),
                _ => summary(function, &numbers).map(Value::Number),
            }
        }
    }
}

fn flat(arguments: &[Value]) -> Result<Vec<f64>, EvaluationErrorKind> {
    let mut numbers = Vec::new();
    for argument in arguments {
        numbers.extend_from_slice(argument.numbers()?);
    }
    Ok(numbers)
}

fn is_componentwise(function: Function) -> bool {
    use Function::{Ceil, Floor, Lg, Ln, Log, Round};
    matches!(function, Ceil | Floor | Round | Lg | Ln | Log)
}

fn component(function: Function, number: f64) -> f64 {
    match function {
        Function::Ceil => number.ceil(),
        Function::Floor => number.floor(),
        Function::Round => number.round(),
        Function::Lg => number.log2(),
        Function::Ln => number.ln(),
        _ => number.log10(),
    }
}

fn summary(function: Function, numbers: &[f64]) -> Result<f64, EvaluationErrorKind> {
    let count = numbers.len() as f64;
    let sum: f64 = numbers.iter().sum();
    let largest = || numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let smallest = || numbers.iter().copied().fold(f64::INFINITY, f64::min);
    match function {
        Function::Len => return Ok(count),
        Function::Sum => return Ok(sum),
        Function::Norm => return Ok(numbers.iter().map(|number| number * number).sum::<f64>().sqrt()),
        _ if numbers.is_empty() => return Err(EvaluationErrorKind::Empty { function: function.as_str() }),
        _ => {}
    }
    Ok(match function {
        Function::Avg => sum / count,
        Function::Max => largest(),
        Function::Min => smallest(),
        Function::Range => largest() - smallest(),
        // The deviation of a sample, which one number does not have.
        _ if numbers.len() == 1 => 0.0,
        _ => {
            let mean = sum / count;
            let squares: f64 = numbers.iter().map(|number| (number - mean).powi(2)).sum();
            (squares / (count - 1.0)).sqrt()
        }
    })
}

/// The smallest element that as many percent of all do not exceed.
fn percentile(numbers: &[f64], percent: f64) -> Result<f64, EvaluationErrorKind> {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (percent / 100.0 * sorted.len() as f64).ceil().max(1.0);
    let empty = EvaluationErrorKind::Empty { function: Function::Percentile.as_str() };
    element(&sorted, rank - 1.0).map_err(|_| empty)
}

fn element(numbers: &[f64], index: f64) -> Result<f64, EvaluationErrorKind> {
    let found = numbers.iter().enumerate().find(|(position, _)| *position as f64 == index.floor());
    let missing = EvaluationErrorKind::NoElement { index, length: numbers.len() };
    found.map(|(_, number)| *number).ok_or(missing)
}
