//! Which part of a recipe a plan is about.

use std::collections::BTreeSet;

use crate::resource::{Address, AddressPattern, DesiredState, TaskStreamError};

/// What a user picked. Without targets, everything that is not excluded.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// What to plan, and no more than that needs.
    pub targets: Vec<AddressPattern>,
    /// What to leave alone.
    pub excluded: Vec<AddressPattern>,
}

/// A pattern that means nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("nothing in the {whole} is meant by `{pattern}`; it has {}", .there.join(", "))]
pub struct NothingMeant {
    /// In what: the recipe, or what is selected of it.
    pub whole: &'static str,
    /// The pattern.
    pub pattern: String,
    /// What there is.
    pub there: Vec<String>,
}

impl Selection {
    /// Whether it leaves anything out.
    pub fn is_everything(&self) -> bool {
        self.targets.is_empty() && self.excluded.is_empty()
    }

    /// Whether a resource is picked by itself.
    pub fn contains(&self, address: &Address) -> bool {
        self.contains_one_of([address])
    }

    /// Whether something is picked that has these addresses: by any of them, and left alone by none.
    pub(super) fn contains_one_of<const N: usize>(&self, addresses: [&Address; N]) -> bool {
        let any = |patterns: &[AddressPattern]| {
            patterns.iter().any(|pattern| addresses.iter().any(|address| pattern.matches(address)))
        };
        (self.targets.is_empty() || any(&self.targets)) && !any(&self.excluded)
    }

    /// Whether something that has these addresses is to be left alone.
    pub(super) fn excludes_one_of<const N: usize>(&self, addresses: [&Address; N]) -> bool {
        let untargeted = Self { targets: Vec::new(), excluded: self.excluded.clone() };
        !untargeted.contains_one_of(addresses)
    }

    /// Checks that each of these patterns means something of what was picked.
    ///
    /// # Errors
    /// When one doesn't: it would have no effect.
    pub fn check(&self, patterns: &[AddressPattern], picked: &DesiredState) -> Result<(), NothingMeant> {
        check(patterns, &addresses(picked), self.whole())
    }

    /// The first of these patterns that means no task of what was picked.
    ///
    /// # Errors
    /// When a task can't be made from its recipe.
    pub fn without_tasks(
        &self,
        patterns: &[AddressPattern],
        picked: &DesiredState,
    ) -> Result<Option<NothingMeant>, TaskStreamError> {
        for pattern in patterns {
            let mut jobs = picked.jobs.iter().filter(|(key, _)| pattern.names_tasks_of(key));
            let mut is_meant = false;
            while let Some((key, job)) = jobs.next().filter(|_| !is_meant) {
                for task in job.tasks.iter() {
                    is_meant |= pattern.matches_task(key, &task?.id);
                    if is_meant {
                        break;
                    }
                }
            }
            if !is_meant {
                let there = picked.jobs.keys().map(|key| format!("{}.*", Address::tasks(key))).collect();
                return Ok(Some(NothingMeant { whole: self.whole(), pattern: pattern.to_string(), there }));
            }
        }
        Ok(None)
    }

    /// What patterns are looked for in, in words.
    fn whole(&self) -> &'static str {
        if self.is_everything() { "recipe" } else { "selection" }
    }

    /// What is picked of a recipe, and the pools that it needs.
    ///
    /// # Errors
    /// When a pattern means nothing in the recipe: it is more likely a slip than meant.
    pub fn of(&self, desired: &DesiredState) -> Result<DesiredState, NothingMeant> {
        check(self.targets.iter().chain(&self.excluded), &addresses(desired), "recipe")?;
        let mut picked = desired.clone();
        picked.jobs.retain(|key, _| self.contains(&Address::job(key)));
        picked.schedules.retain(|key, _| self.contains(&Address::schedule(key)));
        let of_jobs = picked.jobs.values().filter_map(|job| job.pool_key.as_ref());
        let of_schedules = picked.schedules.values().filter_map(|schedule| schedule.pool_key.as_ref());
        let needed: BTreeSet<String> = of_jobs.chain(of_schedules).cloned().collect();
        let excluded = |key: &str| self.excluded.iter().any(|pattern| pattern.matches(&Address::pool(key)));
        picked
            .pools
            .retain(|key, _| self.contains(&Address::pool(key)) || (needed.contains(key) && !excluded(key)));
        Ok(picked)
    }
}

/// The addresses of a recipe.
pub(super) fn addresses(desired: &DesiredState) -> Vec<Address> {
    let pools = desired.pools.keys().map(Address::pool);
    let jobs = desired.jobs.keys().map(Address::job);
    pools.chain(jobs).chain(desired.schedules.keys().map(Address::schedule)).collect()
}

/// Checks that each pattern means something of what is there.
pub(super) fn check<'a>(
    patterns: impl IntoIterator<Item = &'a AddressPattern>,
    there: &[Address],
    whole: &'static str,
) -> Result<(), NothingMeant> {
    for pattern in patterns {
        if !there.iter().any(|address| pattern.matches(address)) {
            let there = there.iter().map(Address::to_string).collect();
            return Err(NothingMeant { whole, pattern: pattern.to_string(), there });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::test_support;
    use super::*;

    fn recipe() -> DesiredState {
        let mut train = test_support::job(vec![]);
        train.pool_key = Some("gpu".into());
        let pools = ["gpu", "cpu"].map(|key| (key.to_owned(), test_support::pool(key)));
        DesiredState {
            recipe: crate::resource::RecipeName::new("r").unwrap(),
            pools: pools.into(),
            jobs: [("train".to_owned(), train)].into(),
            schedules: [].into(),
        }
    }

    fn picked(targets: &[&str], excluded: &[&str]) -> Result<Vec<String>, NothingMeant> {
        let parse = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let selection = Selection { targets: parse(targets), excluded: parse(excluded) };
        let picked = selection.of(&recipe())?;
        let pools = picked.pools.keys().map(Address::pool);
        Ok(pools.chain(picked.jobs.keys().map(Address::job)).map(|address| address.to_string()).collect())
    }

    #[test]
    fn a_job_brings_the_pool_that_it_needs() {
        assert_eq!(picked(&["jobs.train"], &[]).unwrap(), ["pools.gpu", "jobs.train"]);
        assert_eq!(picked(&["jobs.train.tasks"], &["pools.gpu"]).unwrap(), ["jobs.train"]);
        assert_eq!(picked(&["pools.*"], &["pools.cpu"]).unwrap(), ["pools.gpu"]);
        assert_eq!(picked(&[], &["jobs.*"]).unwrap(), ["pools.cpu", "pools.gpu"]);
        let error = picked(&["jobs.trian"], &[]).unwrap_err().to_string();
        assert!(error.contains("`jobs.trian`") && error.contains("jobs.train"), "{error}");
    }

    #[test]
    fn what_is_asked_of_something_that_is_not_selected_is_refused() {
        let selection = Selection { targets: vec!["pools.cpu".parse().unwrap()], excluded: Vec::new() };
        let picked = selection.of(&recipe()).unwrap();
        assert_eq!(selection.check(&["pools.cpu".parse().unwrap()], &picked), Ok(()));
        let refused = selection.check(&["pools.gpu".parse().unwrap()], &picked).unwrap_err().to_string();
        assert_eq!(refused, "nothing in the selection is meant by `pools.gpu`; it has pools.cpu");
        let tasks = selection.without_tasks(&["jobs.train".parse().unwrap()], &picked).unwrap();
        assert_eq!(tasks.unwrap().whole, "selection");
    }

    #[test]
    fn a_task_that_is_not_there_is_not_meant() {
        let mut recipe = recipe();
        recipe.jobs.insert("train".into(), test_support::job(vec![test_support::task("a", "run")]));
        let missing =
            |text: &str| Selection::default().without_tasks(&[text.parse().unwrap()], &recipe).unwrap();
        for there in ["jobs.train", "jobs.*.tasks", "jobs.train.tasks.a", "jobs.tr*.tasks.?"] {
            assert_eq!(missing(there), None, "{there}");
        }
        for nothing in ["jobs.train.tasks.b", "pools.gpu", "jobs.other.tasks.a"] {
            assert_eq!(missing(nothing).unwrap().there, ["jobs.train.tasks.*"], "{nothing}");
        }
    }
}
