//! What plans call the objects of an account: as the recipe calls what they stand for, or else by their ids.

use std::collections::BTreeMap;

use crate::batch::{JobId, JobScheduleId, PoolId};
use crate::resource::{Address, DesiredState, Generation, ObjectId, Ownership};

/// What an object of an account is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    /// Its address in a plan, which no other object of the account has.
    pub(super) address: Address,
    /// The address that all of its generations share.
    pub(super) shared: Address,
    /// Whether the recipe has it.
    pub(super) is_wanted: bool,
}

/// The names of everything that a recipe owns. What the recipe does not have is called by its id, unless that is the key of something
/// else in the recipe.
#[derive(Debug)]
pub(super) struct Names<'a> {
    desired: &'a DesiredState,
    pools: BTreeMap<&'a PoolId, &'a str>,
    jobs: BTreeMap<&'a JobId, &'a str>,
    schedules: BTreeMap<&'a JobScheduleId, &'a str>,
}

impl<'a> Names<'a> {
    /// What a recipe calls what it has.
    pub(super) fn of(desired: &'a DesiredState) -> Self {
        let pools = desired.pools.iter().map(|(key, pool)| (&pool.generation.first, key.as_str()));
        let jobs = desired.jobs.iter().map(|(key, job)| (&job.generation.first, key.as_str()));
        let schedules = desired.schedules.iter().map(|(key, it)| (&it.spec.id, key.as_str()));
        Self { desired, pools: pools.collect(), jobs: jobs.collect(), schedules: schedules.collect() }
    }

    /// The name of a pool that has this mark.
    pub(super) fn pool(&self, id: &PoolId, mark: Option<&Ownership>) -> Name {
        let is_key = |id: &str| self.desired.pools.contains_key(id);
        name((id, mark), &self.pools, is_key, Address::pool)
    }

    /// The name of a job that has this mark.
    pub(super) fn job(&self, id: &JobId, mark: Option<&Ownership>) -> Name {
        let is_key = |id: &str| self.desired.jobs.contains_key(id);
        name((id, mark), &self.jobs, is_key, Address::job)
    }

    /// The name of a job schedule.
    pub(super) fn schedule(&self, id: &JobScheduleId) -> Name {
        let key = self.schedules.get(id);
        let free = || free(id.as_str(), self.desired.schedules.contains_key(id.as_str()));
        let address = Address::schedule(key.map_or_else(free, |key| (*key).to_owned()));
        Name { shared: address.clone(), address, is_wanted: key.is_some() }
    }
}

fn name<Id: ObjectId>(
    (id, mark): (&Id, Option<&Ownership>),
    keys: &BTreeMap<&Id, &str>,
    is_key: impl Fn(&str) -> bool,
    address: impl Fn(String) -> Address,
) -> Name {
    let generation = Generation::of(id, mark.and_then(|mark| mark.generation));
    let free = |id: &Id| free(id.text(), is_key(id.text()));
    let key = keys.get(&generation.first).map(|key| (*key).to_owned());
    let is_wanted = key.is_some();
    let shared = key.unwrap_or_else(|| free(&generation.first));
    let own = if generation.number == 1 { shared.clone() } else { free(id) };
    Name { address: address(own), shared: address(shared), is_wanted }
}

/// An id in place of a key that is not taken.
fn free(id: &str, is_key: bool) -> String {
    if is_key { format!("{id}~old") } else { id.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::test_support;
    use super::*;
    use crate::resource::RecipeName;

    fn mark(generation: u32) -> Option<Ownership> {
        let recipe = RecipeName::new("r").unwrap();
        let mark = Ownership::new(&recipe, crate::resource::Digest::of(&()), &Default::default());
        Some(Ownership { generation: Some(generation).filter(|number| *number > 1), ..mark })
    }

    #[test]
    fn objects_are_called_as_in_the_recipe_and_each_otherwise() {
        let mut recipe = DesiredState::nothing(RecipeName::new("r").unwrap());
        for (key, id) in [("gpu", "real"), ("real-r3", "other")] {
            recipe.pools.insert(key.to_owned(), test_support::pool(id));
        }
        let names = Names::of(&recipe);
        let name = |id: &str, generation| {
            let name = names.pool(&PoolId::new(id).unwrap(), mark(generation).as_ref());
            (name.address.key, name.shared.key, name.is_wanted)
        };
        let is = |address: &str, shared: &str, wanted| (address.to_owned(), shared.to_owned(), wanted);
        assert_eq!(name("real", 1), is("gpu", "gpu", true));
        assert_eq!(name("REAL", 1), is("gpu", "gpu", true), "ids compare without their case");
        assert_eq!(name("real-r2", 2), is("real-r2", "gpu", true), "another generation of it");
        assert_eq!(name("real-r3", 3), is("real-r3~old", "gpu", true), "whose id is a key of the recipe");
        assert_eq!(name("other", 1), is("real-r3", "real-r3", true));
        assert_eq!(name("gpu", 1), is("gpu~old", "gpu~old", false), "left of another recipe of that name");
        assert_eq!(name("left-r2", 2), is("left-r2", "left", false));
    }
}
