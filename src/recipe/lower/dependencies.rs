//! Which tasks a task waits for, by id.

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Diagnostic, Severity, Sources, Span, quote};
use crate::recipe::expand::TaskTemplate;

static TOO_MANY: Code = Code {
    name: "too-many-dependencies",
    severity: Severity::Error,
    summary: "a task depends on more tasks than Azure Batch can be told",
    explanation: "The ids that a task depends on may have 64,000 characters together. Ids that are integers without \
                  gaps, such as `id: \"${{ item.seed }}\"`, are sent as a range, which has no such limit.",
    examples: &[],
};

/// The codes that lowering raises.
pub(in crate::recipe) static CODES: &[&Code] = &[&TOO_MANY];

/// The most characters that the ids of all dependencies of a task may have together.
const MOST_CHARACTERS: usize = 64_000;
/// A run of at least so many integers is sent as a range.
const SHORTEST_RANGE: i32 = 3;

/// Tasks, by id and by ranges of ids that are integers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct DependencyIds {
    pub(super) ids: Vec<String>,
    pub(super) ranges: Vec<(i32, i32)>,
}

impl DependencyIds {
    /// The tasks that `template` waits for.
    pub(super) fn of(
        template: &TaskTemplate,
        all: &BTreeMap<&str, &TaskTemplate>,
        sources: &Sources,
    ) -> Result<Self, Box<Diagnostic>> {
        let mut names: Vec<&(String, Span)> = template.depends_on.iter().collect();
        names.sort_by(|a, b| a.0.cmp(&b.0));
        names.dedup_by(|a, b| a.0 == b.0);
        let mut ids = Vec::new();
        let mut integers = Vec::new();
        let mut characters = 0;
        for (name, span) in names {
            let Some(target) = all.get(name.as_str()) else { continue };
            for index in 0..target.count() {
                let id = target.id(index, sources)?;
                match canonical_integer(&id) {
                    Some(integer) => integers.push(integer),
                    None => {
                        characters += id.len();
                        ids.push(id);
                    }
                }
                if characters > MOST_CHARACTERS {
                    return Err(Box::new(too_many(name, *span, target.count())));
                }
            }
        }
        let (single, ranges) = into_ranges(integers);
        ids.extend(single.iter().map(i32::to_string));
        Ok(Self { ids, ranges })
    }
}

fn too_many(name: &str, span: Span, count: u64) -> Diagnostic {
    let message = format!("the ids of the {count} tasks of {} are too long to depend on", quote(name));
    Diagnostic::new(&TOO_MANY, message)
        .at(span, format!("together they have more than {MOST_CHARACTERS} characters"))
        .help(format!(
            "give the tasks of `{name}` ids that are integers without gaps: they are sent as a range"
        ))
}

/// The number of an id that is exactly how that number is written.
fn canonical_integer(id: &str) -> Option<i32> {
    let number: i32 = id.parse().ok()?;
    (number >= 0 && number.to_string() == id).then_some(number)
}

/// Runs of integers as ranges, and what is left.
fn into_ranges(mut integers: Vec<i32>) -> (Vec<i32>, Vec<(i32, i32)>) {
    integers.sort_unstable();
    integers.dedup();
    let mut runs: Vec<(i32, i32)> = Vec::new();
    for integer in integers {
        match runs.last_mut() {
            Some((_, end)) if end.checked_add(1) == Some(integer) => *end = integer,
            _ => runs.push((integer, integer)),
        }
    }
    let (ranges, short): (Vec<_>, Vec<_>) =
        runs.into_iter().partition(|(start, end)| end - start + 1 >= SHORTEST_RANGE);
    (short.into_iter().flat_map(|(start, end)| start..=end).collect(), ranges)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_become_ranges_and_the_rest_stays() {
        assert_eq!(into_ranges(vec![5, 1, 2, 3, 9, 10, 5]), (vec![5, 9, 10], vec![(1, 3)]));
        assert_eq!(into_ranges(vec![]), (vec![], vec![]));
        assert_eq!(
            into_ranges(vec![i32::MAX - 2, i32::MAX - 1, i32::MAX]),
            (vec![], vec![(i32::MAX - 2, i32::MAX)])
        );
    }

    #[test]
    fn only_plain_integers_count_as_integers() {
        assert_eq!(canonical_integer("12"), Some(12));
        for other in ["012", "-1", "+1", "1a", "99999999999", ""] {
            assert_eq!(canonical_integer(other), None, "{other}");
        }
    }
}
