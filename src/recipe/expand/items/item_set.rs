//! Items by their positions.

use std::sync::Arc;

use minijinja::Value;
use minijinja::value::ValueKind;

use super::choice;
use super::exclusion::Exclusion;
use super::random::{Distribution, Draw, RandomStream};
use crate::recipe::listing::Listing;

/// Items: how many there are, and each by its position. Only what a recipe spells out is held in memory.
#[derive(Debug, Clone)]
pub enum ItemSet {
    /// These values.
    List(Vec<Value>),
    /// What a folder or a container holds.
    Listing(Listing),
    /// Whole numbers.
    Range {
        /// The first.
        start: i64,
        /// How far apart they are.
        step: i64,
        /// How many.
        count: u64,
    },
    /// Every combination of the axes' values; the last axis changes fastest.
    Product(Vec<Axis>, u64),
    /// The values of all axes at one position.
    Zip(Vec<Axis>, u64),
    /// Some of the values.
    Choice(Box<Choice>),
    /// Random numbers.
    Random(Random),
    /// A product with corrections.
    Matrix(Box<Matrix>),
}

/// A name and its values.
#[derive(Debug, Clone)]
pub struct Axis {
    pub(super) name: Arc<str>,
    pub(super) items: ItemSet,
}

/// Choices of some values.
#[derive(Debug, Clone)]
pub struct Choice {
    pub(super) of: ItemSet,
    pub(super) length: u64,
    pub(super) kind: ChoiceKind,
    pub(super) count: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChoiceKind {
    Combination { replacement: bool },
    Permutation,
}

/// Random numbers.
#[derive(Debug, Clone)]
pub struct Random {
    pub(super) distribution: Distribution,
    pub(super) seed: i64,
    /// The keys that lead here.
    pub(super) path: String,
    pub(super) count: u64,
}

/// A product with corrections.
#[derive(Debug, Clone)]
pub struct Matrix {
    pub(super) axes: Vec<Axis>,
    pub(super) exclusion: Exclusion,
    pub(super) additions: Vec<Addition>,
    /// Combinations that the axes don't have.
    pub(super) own: Vec<Vec<(Arc<str>, Value)>>,
}

/// What is added to some combinations of a matrix.
#[derive(Debug, Clone)]
pub(super) struct Addition {
    /// Axes by number, and the positions on them, ascending, that a combination must have.
    pub(super) agrees: Vec<(usize, Vec<u64>)>,
    pub(super) adds: Vec<(Arc<str>, Value)>,
}

impl ItemSet {
    /// How many items there are.
    pub fn count(&self) -> u64 {
        match self {
            Self::List(values) => values.len() as u64,
            Self::Listing(listing) => listing.len() as u64,
            Self::Range { count, .. } | Self::Product(_, count) | Self::Zip(_, count) => *count,
            Self::Choice(choice) => choice.count,
            Self::Random(random) => random.count,
            Self::Matrix(matrix) => matrix.exclusion.left() + matrix.own.len() as u64,
        }
    }

    /// The item at a position; undefined behind the last.
    pub fn value(&self, index: u64) -> Value {
        match self {
            Self::List(values) => {
                usize::try_from(index).ok().and_then(|index| values.get(index)).cloned().unwrap_or_default()
            }
            Self::Listing(listing) => {
                usize::try_from(index).ok().and_then(|index| listing.value(index)).unwrap_or_default()
            }
            Self::Range { start, step, .. } => Value::from(range_value(*start, *step, index)),
            Self::Product(..) | Self::Zip(..) | Self::Matrix(_) => {
                Value::from_pairs(self.pairs(index).unwrap_or_default())
            }
            Self::Choice(choice) => choice.value(index),
            Self::Random(random) => random.value(index),
        }
    }

    /// The names and values of an item that has names, in the order of the recipe.
    fn pairs(&self, index: u64) -> Option<Vec<(Arc<str>, Value)>> {
        let at = |axes: &[Axis], positions: &[u64]| {
            axes.iter()
                .zip(positions)
                .map(|(axis, position)| (axis.name.clone(), axis.items.value(*position)))
                .collect()
        };
        match self {
            Self::Product(axes, _) => Some(at(axes, &positions(axes, index))),
            Self::Zip(axes, _) => Some(at(axes, &vec![index; axes.len()])),
            Self::Matrix(matrix) => Some(matrix.pairs(index)),
            _ => None,
        }
    }

    /// What the item has, if that is the same for all items; `None` if it may have anything.
    pub fn members(&self) -> Option<Vec<String>> {
        let names = |axes: &[Axis]| axes.iter().map(|axis| axis.name.to_string()).collect::<Vec<_>>();
        match self {
            Self::Product(axes, _) | Self::Zip(axes, _) => Some(names(axes)),
            Self::Matrix(matrix) => {
                let mut all = names(&matrix.axes);
                let added = matrix.additions.iter().flat_map(|addition| &addition.adds);
                all.extend(added.chain(matrix.own.iter().flatten()).map(|(name, _)| name.to_string()));
                all.sort();
                all.dedup();
                Some(all)
            }
            Self::Listing(listing) => Some(listing.members().iter().map(|name| (*name).to_owned()).collect()),
            Self::List(_) | Self::Range { .. } | Self::Choice(_) | Self::Random(_) => None,
        }
    }

    /// The item in an id: its values, joined by hyphens. `None` if it has values that say nothing in an id.
    pub fn id_part(&self, index: u64) -> Option<String> {
        match self {
            Self::List(_) | Self::Range { .. } => in_id(&self.value(index)),
            Self::Product(axes, _) => joined(axes, &positions(axes, index)),
            Self::Zip(axes, _) => joined(axes, &vec![index; axes.len()]),
            Self::Matrix(matrix) => matrix.id_part(index),
            Self::Choice(_) | Self::Random(_) | Self::Listing(_) => None,
        }
    }

    /// The most characters that an item takes in an id. `None` if some item has values that say nothing in an id.
    pub fn longest_id_part(&self) -> Option<usize> {
        let of_axes = |axes: &[Axis]| -> Option<usize> {
            let lengths: Option<Vec<usize>> = axes.iter().map(|axis| axis.items.longest_id_part()).collect();
            Some(lengths?.iter().sum::<usize>() + axes.len().saturating_sub(1))
        };
        match self {
            Self::List(values) => longest(values.iter().map(in_id)),
            Self::Range { start, step, count } => {
                let last = range_value(*start, *step, count.saturating_sub(1));
                Some(start.to_string().len().max(last.to_string().len()))
            }
            Self::Product(axes, _) | Self::Zip(axes, _) => of_axes(axes),
            Self::Matrix(matrix) => {
                let own = longest(matrix.own.iter().map(|pairs| own_id_part(pairs)));
                Some(of_axes(&matrix.axes)?.max(own?))
            }
            Self::Choice(_) | Self::Random(_) | Self::Listing(_) => None,
        }
    }

    /// Which item it is, for people: `seed = 3, model = small`.
    pub fn describe(&self, index: u64) -> String {
        match self.pairs(index) {
            Some(pairs) => {
                pairs.iter().map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ")
            }
            None => format!("item = {}", self.value(index)),
        }
    }

    /// Where a value stands, ascending.
    pub(super) fn positions_of(&self, value: &Value) -> Vec<u64> {
        if let Self::Range { start, step, count } = self {
            // The one place that it can have.
            let offset = value.as_i64().map(|value| i128::from(value) - i128::from(*start));
            let position = offset
                .filter(|offset| offset % i128::from(*step) == 0)
                .map(|offset| offset / i128::from(*step));
            return position
                .and_then(|at| u64::try_from(at).ok())
                .filter(|at| at < count)
                .into_iter()
                .collect();
        }
        (0..self.count()).filter(|index| self.value(*index) == *value).collect()
    }
}

impl Choice {
    fn value(&self, index: u64) -> Value {
        let of = self.of.count();
        let chosen = match self.kind {
            ChoiceKind::Combination { replacement } => {
                choice::combination(of, self.length, replacement, index)
            }
            ChoiceKind::Permutation => choice::permutation(of, self.length, index),
        };
        chosen.into_iter().map(|position| self.of.value(position)).collect()
    }
}

impl Random {
    fn value(&self, index: u64) -> Value {
        match self.distribution.draw(&mut RandomStream::new(self.seed, &self.path, index)) {
            Draw::Integer(value) => Value::from(value),
            Draw::Number(value) => Value::from(value),
        }
    }
}

impl Matrix {
    /// The combination of the axes that the item is, if it is one.
    fn combination(&self, index: u64) -> Option<Vec<u64>> {
        (index < self.exclusion.left()).then(|| positions(&self.axes, self.exclusion.nth(index)))
    }

    fn own(&self, index: u64) -> &[(Arc<str>, Value)] {
        let position = usize::try_from(index - self.exclusion.left()).unwrap_or(usize::MAX);
        self.own.get(position).map(Vec::as_slice).unwrap_or_default()
    }

    fn pairs(&self, index: u64) -> Vec<(Arc<str>, Value)> {
        let Some(positions) = self.combination(index) else { return self.own(index).to_vec() };
        let axes = self.axes.iter().zip(&positions);
        let mut pairs: Vec<_> =
            axes.map(|(axis, position)| (axis.name.clone(), axis.items.value(*position))).collect();
        for addition in self.additions.iter().filter(|addition| addition.agrees_with(&positions)) {
            for (name, value) in &addition.adds {
                match pairs.iter_mut().find(|(other, _)| other == name) {
                    Some((_, other)) => *other = value.clone(),
                    None => pairs.push((name.clone(), value.clone())),
                }
            }
        }
        pairs
    }

    fn id_part(&self, index: u64) -> Option<String> {
        match self.combination(index) {
            Some(positions) => joined(&self.axes, &positions),
            None => own_id_part(self.own(index)),
        }
    }
}

impl Addition {
    fn agrees_with(&self, positions: &[u64]) -> bool {
        self.agrees
            .iter()
            .all(|(axis, at)| positions.get(*axis).is_some_and(|position| at.binary_search(position).is_ok()))
    }
}

/// The position on each axis of the combination with a number.
pub(super) fn positions(axes: &[Axis], index: u64) -> Vec<u64> {
    let mut rest = index;
    let mut positions: Vec<u64> = axes
        .iter()
        .rev()
        .map(|axis| {
            let count = axis.items.count().max(1);
            let position = rest % count;
            rest /= count;
            position
        })
        .collect();
    positions.reverse();
    positions
}

fn range_value(start: i64, step: i64, index: u64) -> i64 {
    start.saturating_add(i64::try_from(index).unwrap_or(i64::MAX).saturating_mul(step))
}

fn joined(axes: &[Axis], positions: &[u64]) -> Option<String> {
    let parts: Option<Vec<String>> =
        axes.iter().zip(positions).map(|(axis, position)| axis.items.id_part(*position)).collect();
    Some(parts?.join("-"))
}

fn own_id_part(pairs: &[(Arc<str>, Value)]) -> Option<String> {
    let parts: Option<Vec<String>> = pairs.iter().map(|(_, value)| in_id(value)).collect();
    Some(parts?.join("-"))
}

fn longest(parts: impl Iterator<Item = Option<String>>) -> Option<usize> {
    parts.map(|part| part.map(|part| part.len())).try_fold(0, |longest, length| Some(longest.max(length?)))
}

/// A value in an id: its text, with everything that ids don't have made a hyphen. `None` for lists and maps.
fn in_id(value: &Value) -> Option<String> {
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

    fn range(start: i64, step: i64, count: u64) -> ItemSet {
        ItemSet::Range { start, step, count }
    }

    fn axis(name: &str, items: ItemSet) -> Axis {
        Axis { name: name.into(), items }
    }

    #[test]
    fn the_last_axis_changes_fastest() {
        let product = ItemSet::Product(vec![axis("a", range(1, 1, 2)), axis("b", range(1, 1, 3))], 6);
        let all: Vec<String> = (0..6).map(|index| product.id_part(index).unwrap()).collect();
        assert_eq!(all, ["1-1", "1-2", "1-3", "2-1", "2-2", "2-3"]);
        assert_eq!(product.describe(5), "a = 2, b = 3");
        assert_eq!(product.longest_id_part(), Some(3));
    }

    #[test]
    fn any_scalar_can_stand_in_an_id() {
        assert_eq!(in_id(&Value::from(0.5)).as_deref(), Some("0-5"));
        assert_eq!(in_id(&Value::from("a b/é")).as_deref(), Some("a-b--"));
        assert_eq!(in_id(&Value::from(true)).as_deref(), Some("true"));
        assert_eq!(in_id(&Value::from(vec![1])), None);
    }

    #[test]
    fn a_value_is_found_where_it_stands() {
        assert_eq!(range(10, -5, 3).positions_of(&Value::from(0)), [2]);
        assert_eq!(range(10, -5, 3).positions_of(&Value::from(1)), Vec::<u64>::new());
        assert_eq!(range(10, -5, 3).positions_of(&Value::from(-5)), Vec::<u64>::new());
        assert_eq!(range(10, -5, 3).positions_of(&Value::from(15)), Vec::<u64>::new());
        let list = ItemSet::List(vec![Value::from("a"), Value::from("b"), Value::from("a")]);
        assert_eq!(list.positions_of(&Value::from("a")), [0, 2]);
    }
}
