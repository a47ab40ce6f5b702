//! From what a recipe says to items.

use std::sync::Arc;

use super::choice;
use super::empty;
use super::item_set::{Axis, Choice, ChoiceKind, ItemSet, Random};
use super::matrix::{Correction, MatrixError, Member, matrix};
use super::random::Distribution;
use crate::diagnostic::{Collector, Diagnostic, Span, quote};
use crate::recipe::document::{
    self, Combinations, Factory, Field, ForEach, NamedEntry, Permutations, RandomValues, Values, entries,
};
use crate::recipe::listing::{Listed, Listings};
use crate::recipe::template::from_json;
use crate::recipe::{codes, suggest};

/// The most tasks that one template may make.
const MOST_TASKS: u64 = 10_000_000;

/// Makes items, and reports what is wrong with them.
pub(in super::super) struct ItemBuilder<'a> {
    pub(in super::super) listings: &'a Listings,
    pub(in super::super) findings: &'a mut Collector,
    /// Whether it has been said that there are no values: of two empty axes one is enough.
    pub(in super::super) empty_told: bool,
}

impl ItemBuilder<'_> {
    /// The items of a `for_each`. `None` if something in it is wrong, which has been reported.
    pub(in super::super) fn for_each(&mut self, for_each: &ForEach, span: Span) -> Option<ItemSet> {
        match for_each {
            ForEach::Values(values) => self.values(values, span, ""),
            ForEach::Product(axes) => self.product(axes.iter().as_slice(), span, ""),
        }
    }

    /// Values; `path` names the keys that lead to them.
    fn values(&mut self, values: &Values, span: Span, path: &str) -> Option<ItemSet> {
        let items = self.made(values, span, path)?;
        if items.count() == 0 && !std::mem::replace(&mut self.empty_told, true) {
            self.findings.push(empty::finding(values, span, self.listings));
        }
        Some(items)
    }

    fn made(&mut self, values: &Values, span: Span, path: &str) -> Option<ItemSet> {
        let factory = match values {
            Values::List(items) => return Some(list(items)),
            Values::Factory(factory) => factory.as_ref(),
        };
        match factory {
            Factory { range: Some(range), .. } => {
                let (start, step, count) = self.range(range)?;
                self.limited(Some(count), range.span())?;
                Some(ItemSet::Range { start, step, count })
            }
            Factory { repeat: Some(repeat), .. } => {
                let count = self.limited(Some(*repeat.get()?), repeat.span())?;
                Some(ItemSet::Range { start: 1, step: 1, count })
            }
            Factory { list: Some(items), .. } => Some(list(items.get()?)),
            Factory { product: Some(axes), .. } => self.product(entries(Some(axes)), axes.span(), path),
            Factory { zip: Some(axes), .. } => self.zip(entries(Some(axes)), axes.span(), path),
            Factory { combinations: Some(choice), .. } => self.combinations(choice.get()?, path),
            Factory { permutations: Some(choice), .. } => self.permutations(choice.get()?, path),
            Factory { random: Some(random), .. } => self.random(random.get()?, random.span(), path),
            Factory { matrix: Some(field), .. } => self.matrix(field.get()?, field.span(), path),
            Factory { files: Some(files), .. } => {
                let found = self.listings.files(files.get()?, files.span());
                self.listed(found)
            }
            Factory { blobs: Some(blobs), .. } => {
                let selection = blobs.get().filter(|selection| selection.container.get().is_some())?;
                let most = usize::try_from(MOST_TASKS).unwrap_or(usize::MAX);
                let found = self.listings.blobs(selection, blobs.span(), most);
                self.listed(found)
            }
            _ => {
                self.findings.push(
                    Diagnostic::new(&codes::INVALID_VALUE, "a factory needs one of its keys").at(span, ""),
                );
                None
            }
        }
    }

    fn listed(&mut self, found: Listed) -> Option<ItemSet> {
        found.map(ItemSet::Listing).map_err(|finding| self.findings.push(*finding)).ok()
    }

    fn axes(&mut self, entries: &[NamedEntry<Values>], path: &str) -> Option<Vec<Axis>> {
        let mut axes = Vec::new();
        for entry in entries {
            let path = if path.is_empty() { entry.name.clone() } else { format!("{path}.{}", entry.name) };
            let values = entry.value.get();
            let items = values.and_then(|values| self.values(values, entry.value.span(), &path));
            axes.extend(items.map(|items| Axis { name: Arc::from(entry.name.as_str()), items }));
        }
        (axes.len() == entries.len()).then_some(axes)
    }

    fn product(&mut self, entries: &[NamedEntry<Values>], span: Span, path: &str) -> Option<ItemSet> {
        let axes = self.axes(entries, path)?;
        let count = self.limited(product_of(&axes), span)?;
        Some(ItemSet::Product(axes, count))
    }

    fn zip(&mut self, entries: &[NamedEntry<Values>], span: Span, path: &str) -> Option<ItemSet> {
        let axes = self.axes(entries, path)?;
        let count = axes.first()?.items.count();
        if axes.iter().any(|axis| axis.items.count() != count) {
            let counts: Vec<String> =
                axes.iter().map(|axis| format!("`{}` has {}", axis.name, axis.items.count())).collect();
            self.findings.push(
                Diagnostic::new(&codes::INVALID_VALUE, "the keys of `zip` must have equally many values")
                    .at(span, counts.join(", ")),
            );
            return None;
        }
        Some(ItemSet::Zip(axes, count))
    }

    fn range(&mut self, range: &Field<Vec<Field<i64>>>) -> Option<(i64, i64, u64)> {
        let numbers: Option<Vec<i64>> = range.get()?.iter().map(|number| number.get().copied()).collect();
        let (start, end, step) = match *numbers?.as_slice() {
            [start, end] => (start, end, 1),
            [start, end, step] => (start, end, step),
            _ => return None,
        };
        if step == 0 {
            let message = "the step of a range cannot be 0";
            self.findings.push(Diagnostic::new(&codes::INVALID_VALUE, message).at(range.span(), ""));
            return None;
        }
        let (start, step, end) = (i128::from(start), i128::from(step), i128::from(end));
        let span = if step > 0 { end - start } else { start - end };
        let count = if span < 0 { 0 } else { span / step.abs() + 1 };
        let narrow = |value: i128| i64::try_from(value).ok();
        Some((narrow(start)?, narrow(step)?, u64::try_from(count).unwrap_or(u64::MAX)))
    }

    fn combinations(&mut self, combinations: &Combinations, path: &str) -> Option<ItemSet> {
        let Combinations { of, length, replacement } = combinations;
        let items = self.values(of.get()?, of.span(), path)?;
        let replacement = document::optional(replacement.as_ref())?.unwrap_or(false);
        let wanted = u64::from(*length.get()?);
        if !replacement || items.count() == 0 {
            self.enough(&items, wanted, length.span())?;
        }
        let count = choice::count_combinations(items.count(), wanted, replacement);
        let kind = ChoiceKind::Combination { replacement };
        let count = self.limited(count, length.span())?;
        Some(ItemSet::Choice(Box::new(Choice { of: items, length: wanted, kind, count })))
    }

    fn permutations(&mut self, permutations: &Permutations, path: &str) -> Option<ItemSet> {
        let Permutations { of, length } = permutations;
        let items = self.values(of.get()?, of.span(), path)?;
        let span = length.as_ref().map_or(of.span(), Field::span);
        let wanted = document::optional(length.as_ref())?.map_or(items.count(), u64::from);
        self.enough(&items, wanted, span)?;
        let count = self.limited(choice::count_permutations(items.count(), wanted), span)?;
        Some(ItemSet::Choice(Box::new(Choice {
            of: items,
            length: wanted,
            kind: ChoiceKind::Permutation,
            count,
        })))
    }

    fn enough(&mut self, items: &ItemSet, wanted: u64, span: Span) -> Option<()> {
        if wanted <= items.count() {
            return Some(());
        }
        let message = format!("{wanted} values cannot be chosen from {}", items.count());
        self.findings.push(Diagnostic::new(&codes::INVALID_VALUE, message).at(span, ""));
        None
    }

    fn random(&mut self, random: &RandomValues, span: Span, path: &str) -> Option<ItemSet> {
        let distribution = self.distribution(random, span)?;
        let count = self.limited(Some(*random.count.get()?), random.count.span())?;
        let seed = document::optional(random.seed.as_ref())?.unwrap_or(0);
        Some(ItemSet::Random(Random { distribution, seed, path: path.to_owned(), count }))
    }

    fn distribution(&mut self, random: &RandomValues, span: Span) -> Option<Distribution> {
        let RandomValues {
            count: _,
            seed: _,
            integer,
            uniform,
            triangular,
            beta,
            exponential,
            gamma,
            gauss,
            lognormal,
            pareto,
            weibull,
        } = random;
        let named = [
            ("integer", integer.is_some()),
            ("uniform", uniform.is_some()),
            ("triangular", triangular.is_some()),
            ("beta", beta.is_some()),
            ("exponential", exponential.is_some()),
            ("gamma", gamma.is_some()),
            ("gauss", gauss.is_some()),
            ("lognormal", lognormal.is_some()),
            ("pareto", pareto.is_some()),
            ("weibull", weibull.is_some()),
        ];
        let given = named.iter().filter(|(_, present)| *present).count();
        if given != 1 {
            let code = if given == 0 { &codes::MISSING_KEY } else { &codes::INVALID_VALUE };
            let all = suggest::list(named.iter().map(|(name, _)| (*name).to_owned()));
            self.findings.push(
                Diagnostic::new(code, "random numbers need exactly one distribution")
                    .at(span, "")
                    .help(format!("the distributions are {all}")),
            );
            return None;
        }
        let number = |field: &Option<Field<f64>>, default: f64| {
            document::optional(field.as_ref()).map(|value| value.unwrap_or(default))
        };
        if let Some(range) = integer {
            let (start, step, count) = self.range(range)?;
            self.ordered(count > 0, range.span(), "there is no integer between these")?;
            return Some(Distribution::Integer { start, step, count });
        }
        if let Some(field) = uniform {
            let (low, high) = (number(&field.get()?.low, 0.0)?, number(&field.get()?.high, 1.0)?);
            self.ordered(low <= high, field.span(), "`low` must not be above `high`")?;
            return Some(Distribution::Uniform { low, high });
        }
        if let Some(field) = triangular {
            let (low, high) = (number(&field.get()?.low, 0.0)?, number(&field.get()?.high, 1.0)?);
            let mode = number(&field.get()?.mode, low + (high - low) / 2.0)?;
            let ordered = low <= mode && mode <= high;
            self.ordered(ordered, field.span(), "`mode` must be between `low` and `high`")?;
            return Some(Distribution::Triangular { low, high, mode });
        }
        shaped(random)
    }

    fn ordered(&mut self, ordered: bool, span: Span, message: &str) -> Option<()> {
        if !ordered {
            self.findings.push(Diagnostic::new(&codes::INVALID_VALUE, message).at(span, ""));
        }
        ordered.then_some(())
    }

    fn matrix(&mut self, written: &document::Matrix, span: Span, path: &str) -> Option<ItemSet> {
        let axes = self.axes(&written.axes, path)?;
        // Without an axis there is no combination, not the empty one.
        let total = if axes.is_empty() { Some(0) } else { product_of(&axes) };
        let total = self.limited(total, span)?;
        let exclude = corrections(written.exclude.as_ref())?;
        let include = corrections(written.include.as_ref())?;
        let names: Vec<String> = axes.iter().map(|axis| axis.name.to_string()).collect();
        match matrix(axes, total, &exclude, &include) {
            Ok(matrix) => {
                let items = ItemSet::Matrix(Box::new(matrix));
                self.limited(Some(items.count()), span)?;
                Some(items)
            }
            Err(MatrixError::UnknownAxis { key, span }) => {
                let near = suggest::nearest(&key, names.iter().map(String::as_str));
                let help = near.map_or_else(
                    || format!("the axes are {}", suggest::list(names.iter().cloned())),
                    |near| format!("did you mean `{near}`?"),
                );
                self.findings.push(
                    Diagnostic::new(&codes::UNKNOWN_KEY, format!("the matrix has no axis {}", quote(&key)))
                        .at(span, "so this leaves nothing out")
                        .help(help),
                );
                None
            }
            Err(MatrixError::TooLarge { span }) => {
                let message = "`include` and `exclude` concern too many combinations";
                self.findings.push(Diagnostic::new(&codes::TOO_MANY_TASKS, message).at(span, ""));
                None
            }
        }
    }

    /// Refuses what no job can hold; `None` stands for more than can be counted.
    fn limited(&mut self, count: Option<u64>, span: Span) -> Option<u64> {
        if let Some(count) = count.filter(|count| *count <= MOST_TASKS) {
            return Some(count);
        }
        self.findings.push(
            Diagnostic::new(&codes::TOO_MANY_TASKS, format!("`for_each` makes more than {MOST_TASKS} tasks"))
                .at(span, "the number of tasks is the product of the sizes of these lists and ranges"),
        );
        None
    }
}

fn list(items: &[document::Any]) -> ItemSet {
    ItemSet::List(items.iter().map(|any| from_json(&any.0)).collect())
}

fn product_of(axes: &[Axis]) -> Option<u64> {
    axes.iter().try_fold(1_u64, |product, axis| product.checked_mul(axis.items.count()))
}

/// The maps of `include` or `exclude`.
fn corrections(
    written: Option<&Field<Vec<Field<document::Entries<document::Any>>>>>,
) -> Option<Vec<Correction>> {
    let Some(field) = written else { return Some(Vec::new()) };
    let one = |entries: &Field<document::Entries<document::Any>>| {
        let members = entries.get()?.iter().map(|entry| {
            let value = from_json(&entry.value.get()?.0);
            Some(Member { name: Arc::from(entry.name.as_str()), span: entry.name_span, value })
        });
        Some(Correction { members: members.collect::<Option<_>>()?, span: entries.span() })
    };
    field.get()?.iter().map(one).collect()
}

/// The distributions whose parameters need no comparing with each other: the schema has checked them.
fn shaped(random: &RandomValues) -> Option<Distribution> {
    let number = |field: &Option<Field<f64>>, default: f64| {
        document::optional(field.as_ref()).map(|value| value.unwrap_or(default))
    };
    if let Some(field) = &random.beta {
        let beta = field.get()?;
        return Some(Distribution::Beta { alpha: *beta.alpha.get()?, beta: *beta.beta.get()? });
    }
    if let Some(field) = &random.exponential {
        return Some(Distribution::Exponential { lambda: *field.get()?.lambda.get()? });
    }
    if let Some(field) = &random.gamma {
        let gamma = field.get()?;
        return Some(Distribution::Gamma { alpha: *gamma.alpha.get()?, beta: *gamma.beta.get()? });
    }
    if let Some(field) = &random.gauss {
        let gauss = field.get()?;
        return Some(Distribution::Gauss { mu: number(&gauss.mu, 0.0)?, sigma: number(&gauss.sigma, 1.0)? });
    }
    if let Some(field) = &random.lognormal {
        let lognormal = field.get()?;
        let (mu, sigma) = (number(&lognormal.mu, 0.0)?, number(&lognormal.sigma, 1.0)?);
        return Some(Distribution::Lognormal { mu, sigma });
    }
    if let Some(field) = &random.pareto {
        return Some(Distribution::Pareto { alpha: *field.get()?.alpha.get()? });
    }
    let weibull = random.weibull.as_ref()?.get()?;
    Some(Distribution::Weibull { alpha: *weibull.alpha.get()?, beta: *weibull.beta.get()? })
}
