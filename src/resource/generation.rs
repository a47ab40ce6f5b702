//! Generations of jobs and pools. A job that is over takes no more tasks, so what a recipe adds to it goes to another job, which gets
//! what has not succeeded yet: `train`, then `train-r2`, then `train-r3`. A pool that is made anew while the old one still works has
//! another id in the same way.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::{Ownership, RecipeName};
use crate::batch::model::{BatchTaskDependencies, BatchTaskIdRange};
use crate::batch::{JobId, PoolId};

/// Stands between the id of an object and the number of its generation.
const MARK: &str = "-r";

/// The id of something that has generations.
pub trait ObjectId: Clone + Ord {
    /// Reads an id; `None` if it is none.
    fn parse(text: String) -> Option<Self>;
    /// The id as it was written.
    fn text(&self) -> &str;
}

impl ObjectId for JobId {
    fn parse(text: String) -> Option<Self> {
        Self::new(text).ok()
    }

    fn text(&self) -> &str {
        self.as_str()
    }
}

impl ObjectId for PoolId {
    fn parse(text: String) -> Option<Self> {
        Self::new(text).ok()
    }

    fn text(&self) -> &str {
        self.as_str()
    }
}

/// Which generation of what a recipe has an object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generation<Id> {
    /// The id in the recipe, which the first generation has.
    pub first: Id,
    /// Its number, from 1.
    pub number: u32,
}

impl<Id: ObjectId> Generation<Id> {
    /// The first.
    pub fn first(id: Id) -> Self {
        Self { first: id, number: 1 }
    }

    /// What an id says, whether it is meant so or not.
    pub fn in_id(id: &Id) -> Option<Self> {
        let (first, number) = id.text().rsplit_once(MARK)?;
        let number: u32 = number.parse().ok().filter(|number| *number > 1)?;
        let generation = Self { first: Id::parse(first.to_owned())?, number };
        (generation.id().as_ref() == Some(id)).then_some(generation)
    }

    /// Whether an object with this id may be a generation of `first`, as far as the id tells.
    pub fn may_be_of(id: &Id, first: &Id) -> bool {
        id == first || Self::in_id(id).is_some_and(|generation| generation.first == *first)
    }

    /// The generation of an object whose mark records this number; none means that it is the only one.
    pub fn of(id: &Id, recorded: Option<u32>) -> Self {
        Self::in_id(id).filter(|it| Some(it.number) == recorded).unwrap_or_else(|| Self::first(id.clone()))
    }

    /// The id; `None` if it would be too long.
    pub fn id(&self) -> Option<Id> {
        match self.number {
            1 => Some(self.first.clone()),
            number => Id::parse(format!("{}{MARK}{number}", self.first.text())),
        }
    }

    /// The number as marks record it: not that of the first.
    pub fn recorded(&self) -> Option<u32> {
        Some(self.number).filter(|number| *number > 1)
    }
}

/// The generations that an account has of the jobs, or of the pools, of a recipe.
#[derive(Debug, Clone)]
pub struct Generations<Id> {
    /// The numbers that there are, by the id of the first.
    numbers: BTreeMap<Id, BTreeSet<u32>>,
    /// Ids like those of generations that other objects have.
    taken: BTreeSet<Id>,
}

impl<Id> Default for Generations<Id> {
    fn default() -> Self {
        Self { numbers: BTreeMap::new(), taken: BTreeSet::new() }
    }
}

impl<Id: ObjectId> Generations<Id> {
    /// Takes note of an object that has this mark, if it has one.
    pub fn note(&mut self, id: &Id, mark: Option<&Ownership>, recipe: &RecipeName) {
        match mark.filter(|mark| mark.recipe == *recipe) {
            Some(mark) => self.note_own(id, mark.generation),
            None => self.note_other(id),
        }
    }

    /// Takes note of ids that objects of others have.
    pub(super) fn note_taken(&mut self, ids: &BTreeSet<Id>) {
        self.taken.extend(ids.iter().cloned());
    }

    fn note_own(&mut self, id: &Id, recorded: Option<u32>) {
        let Generation { first, number } = Generation::of(id, recorded);
        if number == 1 {
            self.note_other(id);
        }
        self.numbers.entry(first).or_default().insert(number);
    }

    /// Takes note of an object that is no generation of another one, if its id could be that of one.
    fn note_other(&mut self, id: &Id) {
        self.taken.extend(Generation::in_id(id).map(|_| id.clone()));
    }

    /// The youngest generation that there is; the first, if there is none.
    pub fn current(&self, first: &Id) -> Generation<Id> {
        let number = self.numbers.get(first).and_then(|numbers| numbers.last()).copied().unwrap_or(1);
        Generation { first: first.clone(), number }
    }

    /// The ids of the generations that came before the youngest, from the first.
    pub fn earlier(&self, first: &Id) -> Vec<Id> {
        let mut numbers: Vec<u32> = self.numbers.get(first).into_iter().flatten().copied().collect();
        numbers.pop();
        numbers.into_iter().filter_map(|number| Generation { first: first.clone(), number }.id()).collect()
    }

    /// The other generations that there are, from the first.
    pub fn others(&self, than: &Generation<Id>) -> Vec<Generation<Id>> {
        let numbers = self.numbers.get(&than.first).into_iter().flatten().copied();
        let others = numbers.filter(|number| *number != than.number);
        others.map(|number| Generation { first: than.first.clone(), number }).collect()
    }

    /// The ids of all that have been followed by another generation.
    pub fn followed(&self) -> BTreeSet<Id> {
        self.numbers.keys().flat_map(|first| self.earlier(first)).collect()
    }

    /// The generation that comes after the youngest, under an id that nobody has and that is not among `wanted`; `None` if ids
    /// with a number would be too long.
    pub(super) fn next(&self, first: &Id, wanted: &BTreeSet<Id>) -> Option<Generation<Id>> {
        let mut next = self.current(first);
        loop {
            next.number = next.number.checked_add(1)?;
            let id = next.id()?;
            if !self.taken.contains(&id) && !wanted.contains(&id) {
                return Some(next);
            }
        }
    }
}

/// The generations that an account has of what a recipe wants.
#[derive(Debug, Clone, Default)]
pub struct AllGenerations {
    /// Of jobs.
    pub jobs: Generations<JobId>,
    /// Of pools.
    pub pools: Generations<PoolId>,
}

/// Tasks that a job need not have, because they succeeded in an earlier generation of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DoneBefore {
    keys: HashSet<String>,
    /// Those that ranges of ids can mean, sorted.
    numbers: Vec<i32>,
}

impl DoneBefore {
    /// Tasks by their keys.
    pub fn new(keys: HashSet<String>) -> Self {
        let number = |key: &String| key.parse().ok().filter(|number: &i32| number.to_string() == *key);
        let mut numbers: Vec<i32> = keys.iter().filter_map(number).collect();
        numbers.sort_unstable();
        Self { keys, numbers }
    }

    /// Whether a task with this key is among them.
    pub fn contains(&self, key: &str) -> bool {
        self.keys.contains(key)
    }

    /// What is left of the ids of tasks that a task waits for.
    pub fn left_of(&self, ids: &[String]) -> Vec<String> {
        ids.iter().filter(|id| !self.contains(&id.to_ascii_lowercase())).cloned().collect()
    }

    /// What is left of ranges of ids, both ends included, that a task waits for.
    pub fn left_of_ranges(&self, ranges: &[(i32, i32)]) -> Vec<(i32, i32)> {
        let mut left = Vec::new();
        for &(start, end) in ranges {
            let mut start = Some(start);
            let from = self.numbers.partition_point(|number| Some(*number) < start);
            for &done in self.numbers.iter().skip(from).take_while(|number| **number <= end) {
                left.extend(start.filter(|start| *start < done).map(|start| (start, done - 1)));
                start = done.checked_add(1);
            }
            left.extend(start.filter(|start| *start <= end).map(|start| (start, end)));
        }
        left
    }

    /// Takes out of the dependencies of a task to add what is done: a task that waits for one that its job does not have waits for
    /// ever.
    pub fn take_from(&self, dependencies: &mut Option<BatchTaskDependencies>) {
        if let Some(left) = dependencies.as_mut().filter(|_| !self.keys.is_empty()) {
            if let Some(ids) = &mut left.task_ids {
                ids.retain(|id| !self.contains(&id.key()));
            }
            if let Some(ranges) = &mut left.task_id_ranges {
                let pairs: Vec<_> = ranges.iter().map(|range| (range.start, range.end)).collect();
                let pairs = self.left_of_ranges(&pairs).into_iter();
                *ranges = pairs.map(|(start, end)| BatchTaskIdRange { start, end }).collect();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(id: &str) -> JobId {
        JobId::new(id).unwrap()
    }

    #[test]
    fn an_id_with_a_number_is_a_generation_only_if_its_mark_says_so() {
        let second = Generation { first: id("train"), number: 2 };
        assert_eq!(second.id(), Some(id("train-r2")));
        assert_eq!(Generation::of(&id("train-r2"), Some(2)), second);
        for (plain, recorded) in [("train-r2", None), ("train-r2", Some(3)), ("train-r02", Some(2))] {
            assert_eq!(Generation::of(&id(plain), recorded), Generation::first(id(plain)));
        }
        assert_eq!(Generation { first: id(&"x".repeat(62)), number: 2 }.id(), None, "too long");
    }

    #[test]
    fn the_youngest_generation_counts_and_the_next_takes_nobodys_id() {
        let mut there = Generations::<JobId>::default();
        assert_eq!(there.current(&id("train")).number, 1);
        there.note_own(&id("train"), None);
        there.note_own(&id("train-r2"), Some(2));
        there.note_other(&id("train-r3"));
        assert_eq!(there.current(&id("train")).number, 2);
        assert_eq!(there.earlier(&id("train")), [id("train")]);
        assert_eq!(there.followed(), [id("train")].into());
        let next = |wanted: &[&str]| there.next(&id("train"), &wanted.iter().map(|it| id(it)).collect());
        assert_eq!(next(&[]).map(|it| it.number), Some(4));
        assert_eq!(next(&["train-r4"]).map(|it| it.number), Some(5));
    }

    #[test]
    fn what_is_done_is_taken_out_of_what_a_task_waits_for() {
        let done = DoneBefore::new(["a", "1", "2", "5", "007"].map(str::to_owned).into());
        assert_eq!(done.left_of(&["A".to_owned(), "b".to_owned()]), ["b"]);
        let left = |ranges: &[(i32, i32)]| done.left_of_ranges(ranges);
        assert_eq!(left(&[(1, 9)]), [(3, 4), (6, 9)]);
        assert_eq!(left(&[(1, 2), (5, 5)]), []);
        assert_eq!(left(&[(7, 9)]), [(7, 9)], "`007` is no number that a range means");
        assert_eq!(
            DoneBefore::new(["2147483647".to_owned()].into()).left_of_ranges(&[(2_147_483_646, i32::MAX)]),
            [(2_147_483_646, 2_147_483_646)]
        );
    }
}
