//! The methods of variables that have samples.

use jiff::{SignedDuration, Timestamp};

use super::error::EvaluationErrorKind;
use super::inputs::{Inputs, SAMPLE_PERIOD};
use super::value::Value;
use crate::batch::autoscale::{Method, ServiceVariable};

/// The samples of a variable.
pub(super) struct Series<'a> {
    inputs: &'a Inputs<'a>,
    variable: ServiceVariable,
}

/// Samples, and how many there are of a hundred that there could be.
struct Found {
    numbers: Vec<f64>,
    percent: f64,
}

impl<'a> Series<'a> {
    pub(super) fn new(inputs: &'a Inputs<'a>, variable: ServiceVariable) -> Self {
        Self { inputs, variable }
    }

    /// What a method answers.
    pub(super) fn call(&self, method: Method, arguments: &[Value]) -> Result<Value, EvaluationErrorKind> {
        match method {
            Method::GetSample => self.get(arguments),
            Method::GetSamplePercent => Ok(Value::Number(self.find(arguments)?.percent)),
            Method::GetSamplePeriod => {
                SignedDuration::try_from(SAMPLE_PERIOD).map(Value::Interval).map_err(|_| TIME)
            }
            Method::Count => Ok(Value::Number(self.all().count() as f64)),
            Method::HistoryBeginTime => {
                let oldest = self.all().next().map(|(time, _)| Value::Moment(time));
                oldest.ok_or_else(|| self.insufficient("1 sample".to_owned(), "0".to_owned()))
            }
        }
    }

    /// The latest sample: what the bare variable stands for.
    pub(super) fn latest(&self) -> Result<f64, EvaluationErrorKind> {
        let latest = self.all().next_back().map(|(_, number)| number);
        latest.ok_or_else(|| self.insufficient("1 sample".to_owned(), "0".to_owned()))
    }

    fn all(&self) -> impl DoubleEndedIterator<Item = (Timestamp, f64)> {
        let samples = self.inputs.samples.iter();
        samples.filter_map(|sample| Some((sample.time.0, self.inputs.value(sample, self.variable)?)))
    }

    /// `GetSample(count)`, `GetSample(start)`, `GetSample(start, end)`, each with a percentage behind or without.
    fn get(&self, arguments: &[Value]) -> Result<Value, EvaluationErrorKind> {
        let (range, wanted) = match arguments {
            [range @ .., last] if !range.is_empty() && last.number().is_ok() => {
                (range, Some(percentage(last)?))
            }
            _ => (arguments, None),
        };
        let found = self.find(range)?;
        match wanted {
            Some(wanted) if found.percent < wanted => {
                Err(self.insufficient(format!("{wanted}%"), format!("{}%", found.percent.floor())))
            }
            None if found.numbers.is_empty() => Err(self.insufficient("1 sample".to_owned(), "0".to_owned())),
            _ => Ok(Value::Numbers(found.numbers)),
        }
    }

    fn find(&self, range: &[Value]) -> Result<Found, EvaluationErrorKind> {
        match range {
            [count @ (Value::Number(_) | Value::Numbers(_))] => self.last(count.number()?),
            [start] => self.between(self.moment(start)?, self.inputs.now.0),
            [start, end, ..] => self.between(self.moment(start)?, self.moment(end)?),
            [] => Ok(Found { numbers: Vec::new(), percent: 0.0 }),
        }
    }

    fn last(&self, count: f64) -> Result<Found, EvaluationErrorKind> {
        if count.is_nan() || count < 1.0 {
            return Err(EvaluationErrorKind::SampleCount { value: count });
        }
        let count = count.floor();
        let mut numbers: Vec<f64> = Vec::new();
        for (_, number) in self.all().rev() {
            if numbers.len() as f64 >= count {
                break;
            }
            numbers.push(number);
        }
        numbers.reverse();
        let percent = 100.0 * numbers.len() as f64 / count;
        Ok(Found { numbers, percent })
    }

    /// The samples between two moments, of which the article names now the later, now the earlier first.
    fn between(&self, one: Timestamp, other: Timestamp) -> Result<Found, EvaluationErrorKind> {
        let (from, to) = (one.min(other), one.max(other));
        let within = self.all().filter(|(time, _)| *time > from && *time <= to);
        let numbers: Vec<f64> = within.map(|(_, number)| number).collect();
        let periods = to.duration_since(from).as_secs_f64() / SAMPLE_PERIOD.as_secs_f64();
        let percent = (100.0 * numbers.len() as f64 / periods.floor().max(1.0)).min(100.0);
        Ok(Found { numbers, percent })
    }

    /// A point in time, or the one that is so long ago.
    fn moment(&self, value: &Value) -> Result<Timestamp, EvaluationErrorKind> {
        match value {
            Value::Moment(moment) => Ok(*moment),
            Value::Interval(length) => self.inputs.now.0.checked_sub(*length).map_err(|_| TIME),
            other => Err(other.is_not("a length of time or a point in time")),
        }
    }

    fn insufficient(&self, wanted: String, received: String) -> EvaluationErrorKind {
        EvaluationErrorKind::InsufficientData { variable: self.variable.as_str(), wanted, received }
    }
}

const TIME: EvaluationErrorKind = EvaluationErrorKind::TimeOutOfRange;

/// A percentage.
pub(super) fn percentage(value: &Value) -> Result<f64, EvaluationErrorKind> {
    let value = value.number()?;
    if (0.0..=100.0).contains(&value) { Ok(value) } else { Err(EvaluationErrorKind::Percentage { value }) }
}
