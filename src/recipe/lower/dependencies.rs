//! Which tasks a task waits for, by id.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::batch::MAX_ID_LENGTH;
use crate::diagnostic::{Code, Diagnostic, Severity, Sources, quote};
use crate::recipe::expand::{Dependency, Reach, TaskTemplate};

static TOO_MANY: Code = Code {
    name: "too-many-dependencies",
    severity: Severity::Error,
    summary: "a task depends on more tasks than Azure Batch can be told",
    explanation: "The ids that a task depends on may have 64,000 characters together. Ids that are integers without \
                  gaps, such as `id: \"${{ task.number }}\"`, are sent as a range, which has no such limit.",
    examples: &[],
};

/// The codes that lowering raises.
pub(in crate::recipe) static CODES: &[&Code] = &[&TOO_MANY];

/// The most characters that the ids of all dependencies of a task may have together.
const MOST_CHARACTERS: usize = 64_000;
/// A run of at least so many integers is sent as a range.
const SHORTEST_RANGE: i32 = 3;

/// What the tasks of one template wait for: ids and ranges that are the same for all of them, and templates of which each
/// waits for the task of its own position.
#[derive(Debug, Clone, Default)]
pub(super) struct Dependencies {
    ids: Vec<String>,
    pub(super) ranges: Vec<(i32, i32)>,
    /// The names of the templates that each waits for as a whole: their tasks are those of `ids` and `ranges`.
    pub(super) whole: Vec<String>,
    /// Those of which each waits for one task, without those that it waits for as a whole.
    pub(super) pairs: Vec<Arc<TaskTemplate>>,
}

/// Finds out what tasks wait for. The ids of a template are made once, however many wait for it.
pub(super) struct DependencyReader<'a> {
    by_name: BTreeMap<&'a str, &'a Arc<TaskTemplate>>,
    ids: BTreeMap<&'a str, Arc<Ids>>,
    sources: &'a Sources,
}

/// The ids of the tasks of one template.
#[derive(Debug, Default)]
struct Ids {
    texts: Vec<String>,
    integers: Vec<i32>,
    /// Characters of all texts, also of those that were not kept because there are too many.
    characters: usize,
}

impl<'a> DependencyReader<'a> {
    pub(super) fn new(templates: &'a [Arc<TaskTemplate>], sources: &'a Sources) -> Self {
        let by_name = templates.iter().map(|template| (template.name.as_str(), template)).collect();
        Self { by_name, ids: BTreeMap::new(), sources }
    }

    /// What the tasks of a template wait for.
    pub(super) fn read(&mut self, template: &'a TaskTemplate) -> Result<Dependencies, Box<Diagnostic>> {
        let mut result = Dependencies::default();
        let mut integers = Vec::new();
        let mut room = MOST_CHARACTERS;
        let mut whole: Vec<&'a Dependency> = Vec::new();
        let mut pairs: BTreeMap<&str, &'a Arc<TaskTemplate>> = BTreeMap::new();
        for dependency in &template.depends_on {
            let Some(&target) = self.by_name.get(dependency.task.as_str()) else { continue };
            match dependency.reach {
                Reach::Each => {
                    room = room.saturating_sub(MAX_ID_LENGTH);
                    pairs.insert(dependency.task.as_str(), target);
                }
                Reach::All => whole.push(dependency),
            }
        }
        whole.sort_by(|a, b| a.task.cmp(&b.task));
        whole.dedup_by(|a, b| a.task == b.task);
        for dependency in whole {
            let Some(&target) = self.by_name.get(dependency.task.as_str()) else { continue };
            let ids = self.ids(target)?;
            room = room
                .checked_sub(ids.characters)
                .ok_or_else(|| too_many(dependency, target.count(), ids.characters))?;
            result.ids.extend(ids.texts.iter().cloned());
            integers.extend(&ids.integers);
            pairs.remove(dependency.task.as_str());
            result.whole.push(dependency.task.clone());
        }
        result.pairs = pairs.into_values().cloned().collect();
        let (single, ranges) = into_ranges(integers);
        let single: Vec<String> = single.iter().map(i32::to_string).collect();
        if single.iter().map(String::len).sum::<usize>() > room
            && let Some(dependency) = template.depends_on.first()
        {
            return Err(Box::new(gaps(dependency, single.len())));
        }
        result.ids.extend(single);
        result.ranges = ranges;
        Ok(result)
    }

    fn ids(&mut self, target: &'a Arc<TaskTemplate>) -> Result<Arc<Ids>, Box<Diagnostic>> {
        if let Some(ids) = self.ids.get(target.name.as_str()) {
            return Ok(ids.clone());
        }
        let mut ids = Ids::default();
        for index in 0..target.count() {
            let id = target.id(index, self.sources)?;
            match canonical_integer(&id) {
                Some(integer) => ids.integers.push(integer),
                None => {
                    ids.characters += id.len();
                    if ids.characters <= MOST_CHARACTERS {
                        ids.texts.push(id);
                    }
                }
            }
        }
        let ids = Arc::new(ids);
        self.ids.insert(target.name.as_str(), ids.clone());
        Ok(ids)
    }
}

impl Dependencies {
    /// The names of all tasks that are waited for.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.whole.iter().chain(self.pairs.iter().map(|target| &target.name))
    }

    /// Of the ids that a task waits for, as [`Dependencies::ids`] makes them, those of `pairs`, with their names.
    pub(super) fn paired<'a>(&'a self, ids: &'a [String]) -> impl Iterator<Item = (&'a str, &'a str)> {
        let ids = ids.iter().skip(self.ids.len()).map(String::as_str);
        self.pairs.iter().map(|target| target.name.as_str()).zip(ids)
    }

    /// The ids that the task at a position waits for: those that all wait for, then one of each of `pairs`.
    pub(super) fn ids(&self, index: u64, sources: &Sources) -> Result<Vec<String>, Box<Diagnostic>> {
        let mut ids = self.ids.clone();
        for target in &self.pairs {
            let id = target.id(index, sources)?;
            ids.push(id);
        }
        Ok(ids)
    }
}

fn too_many(dependency: &Dependency, count: u64, characters: usize) -> Box<Diagnostic> {
    let name = &dependency.task;
    let message = format!("the ids of the {count} tasks of {} are too long to depend on", quote(name));
    Box::new(
        Diagnostic::new(&TOO_MANY, message)
            .at(
                dependency.span,
                format!("they have {characters} characters together; {MOST_CHARACTERS} are possible"),
            )
            .help(format!(
                "give the tasks of `{name}` ids that are integers without gaps, as in `id: \"${{{{ task.number }}}}\"`: they are sent as a range"
            ))
            .help(format!("or wait for `{name}.each`, if each task needs one of them only")),
    )
}

fn gaps(dependency: &Dependency, count: usize) -> Diagnostic {
    let message = format!("{count} ids stand alone and are too long together to depend on");
    Diagnostic::new(&TOO_MANY, message)
        .at(dependency.span, "")
        .help("integers without gaps are sent as a range, as in `id: \"${{ task.number }}\"`")
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
