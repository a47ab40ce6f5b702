//! The combinations that `for_each` stands for.

use minijinja::Value;
use minijinja::value::ValueKind;

use crate::diagnostic::{Collector, Diagnostic, Span};
use crate::recipe::codes;
use crate::recipe::document::{Entries, Field, Values};
use crate::recipe::template::from_json;

/// The most tasks that one template may make.
const MOST_TASKS: u64 = 10_000_000;

/// The keys of a `for_each` and their values. Combinations are numbered: the last key changes fastest.
#[derive(Debug, Clone)]
pub struct Axes {
    axes: Vec<(String, Axis)>,
    count: u64,
}

#[derive(Debug, Clone)]
enum Axis {
    List(Vec<Value>),
    Range { start: i64, step: i64, count: u64 },
}

impl Axes {
    /// Reads a decoded `for_each`. `None` if something in it is wrong, which has been reported.
    pub fn new(entries: &Entries<Values>, span: Span, findings: &mut Collector) -> Option<Self> {
        let mut axes = Vec::new();
        let mut usable = true;
        for entry in entries.iter() {
            match entry.value.get().and_then(|values| Axis::new(values, findings)) {
                Some(axis) => axes.push((entry.name.clone(), axis)),
                None => usable = false,
            }
        }
        if !usable {
            return None;
        }
        let count = axes.iter().try_fold(1_u64, |product, (_, axis)| product.checked_mul(axis.count()));
        match count {
            Some(count) if count <= MOST_TASKS => Some(Self { axes, count }),
            _ => {
                findings.push(
                    Diagnostic::new(
                        &codes::TOO_MANY_TASKS,
                        format!("`for_each` makes more than {MOST_TASKS} tasks"),
                    )
                    .at(span, "the number of tasks is the product of the sizes of these lists and ranges"),
                );
                None
            }
        }
    }

    /// Number of combinations.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The values of a combination, by key.
    pub fn combination(&self, index: u64) -> Vec<(&str, Value)> {
        let mut rest = index;
        let mut values: Vec<(&str, Value)> = self
            .axes
            .iter()
            .rev()
            .map(|(name, axis)| {
                let count = axis.count().max(1);
                let value = axis.value(rest % count);
                rest /= count;
                (name.as_str(), value)
            })
            .collect();
        values.reverse();
        values
    }
}

impl Axis {
    fn new(values: &Values, findings: &mut Collector) -> Option<Self> {
        match values {
            Values::List(items) => Some(Self::List(items.iter().map(|any| from_json(&any.0)).collect())),
            Values::Range(range) => {
                let numbers: Option<Vec<i64>> =
                    range.get()?.iter().map(|number| number.get().copied()).collect();
                Self::range(&numbers?, range, findings)
            }
        }
    }

    fn range(numbers: &[i64], range: &Field<Vec<Field<i64>>>, findings: &mut Collector) -> Option<Self> {
        let (start, end, step) = match *numbers {
            [start, end] => (start, end, 1),
            [start, end, step] => (start, end, step),
            _ => return None,
        };
        if step == 0 {
            findings.push(
                Diagnostic::new(&codes::INVALID_VALUE, "the step of a range cannot be 0")
                    .at(range.span(), ""),
            );
            return None;
        }
        let span =
            if step > 0 { i128::from(end) - i128::from(start) } else { i128::from(start) - i128::from(end) };
        let count = if span < 0 { 0 } else { span / i128::from(step).abs() + 1 };
        Some(Self::Range { start, step, count: u64::try_from(count).unwrap_or(u64::MAX) })
    }

    fn count(&self) -> u64 {
        match self {
            Self::List(items) => items.len() as u64,
            Self::Range { count, .. } => *count,
        }
    }

    fn value(&self, index: u64) -> Value {
        match self {
            Self::List(items) => {
                usize::try_from(index).ok().and_then(|index| items.get(index)).cloned().unwrap_or_default()
            }
            Self::Range { start, step, .. } => {
                let offset = i64::try_from(index).unwrap_or(i64::MAX).saturating_mul(*step);
                Value::from(start.saturating_add(offset))
            }
        }
    }
}

/// A value in an id: its text, with everything that ids don't have made a hyphen. `None` for lists and maps.
pub(super) fn in_id(value: &Value) -> Option<String> {
    match value.kind() {
        ValueKind::String => value.as_str().map(plain),
        ValueKind::Number | ValueKind::Bool => Some(plain(&value.to_string().to_lowercase())),
        _ => None,
    }
}

fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes(list: Vec<Axis>) -> Axes {
        let count = list.iter().map(Axis::count).product();
        Axes { axes: list.into_iter().enumerate().map(|(n, axis)| (format!("k{n}"), axis)).collect(), count }
    }

    fn range(numbers: &[i64]) -> Option<Axis> {
        Axis::range(numbers, &Field::damaged(Span::default()), &mut Collector::default())
    }

    #[test]
    fn a_range_has_both_of_its_ends() {
        let values = |numbers: &[i64]| {
            let axis = range(numbers).unwrap();
            (0..axis.count()).map(|index| axis.value(index).as_i64().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(values(&[1, 3]), [1, 2, 3]);
        assert_eq!(values(&[0, 10, 4]), [0, 4, 8]);
        assert_eq!(values(&[3, 1, -1]), [3, 2, 1]);
        assert_eq!(values(&[5, 5]), [5]);
        assert_eq!(values(&[1, 0]), Vec::<i64>::new());
        assert!(range(&[1, 2, 0]).is_none());
        assert_eq!(range(&[i64::MIN, i64::MAX]).unwrap().count(), u64::MAX);
    }

    #[test]
    fn the_last_key_changes_fastest() {
        let axes = axes(vec![range(&[1, 2]).unwrap(), range(&[1, 3]).unwrap()]);
        let all: Vec<Vec<i64>> = (0..axes.count())
            .map(|index| {
                axes.combination(index).into_iter().map(|(_, value)| value.as_i64().unwrap()).collect()
            })
            .collect();
        assert_eq!(all, [[1, 1], [1, 2], [1, 3], [2, 1], [2, 2], [2, 3]]);
    }

    #[test]
    fn any_scalar_can_stand_in_an_id() {
        assert_eq!(in_id(&Value::from(0.5)).as_deref(), Some("0-5"));
        assert_eq!(in_id(&Value::from("a b/é")).as_deref(), Some("a-b--"));
        assert_eq!(in_id(&Value::from(true)).as_deref(), Some("true"));
        assert_eq!(in_id(&Value::from(vec![1])), None);
    }
}
