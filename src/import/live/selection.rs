//! Which objects of an account become a recipe.

use std::collections::{BTreeMap, BTreeSet};

use crate::batch::{JobId, JobScheduleId, PoolId};
use crate::resource::{Address, AddressPattern, JobPool, LiveState, Ownership, RecipeName};

/// What a user asks for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Objects by their addresses; none means all.
    pub addresses: Vec<AddressPattern>,
    /// Of these only what that recipe owns.
    pub recipe: Option<RecipeName>,
}

/// Which objects become a recipe.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selected {
    /// Pools.
    pub pools: BTreeSet<PoolId>,
    /// Jobs.
    pub jobs: BTreeSet<JobId>,
    /// Job schedules.
    pub schedules: BTreeSet<JobScheduleId>,
    /// Objects that are meant and can't be in a recipe, by address, with the reason.
    pub left_out: BTreeMap<String, String>,
    /// The recipes that own what is selected.
    pub owners: BTreeSet<RecipeName>,
    /// Whether something is selected that no recipe owns.
    pub has_unowned: bool,
}

/// Nothing is meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NothingSelected {
    /// An address means nothing in the account.
    #[error("`{pattern}` means nothing in the account")]
    Pattern {
        /// The address.
        pattern: String,
        /// Some of what is there.
        there: Vec<String>,
    },
    /// The recipe owns nothing.
    #[error("the recipe `{recipe}` owns nothing in the account")]
    Recipe {
        /// The recipe.
        recipe: String,
        /// The recipes that do.
        others: Vec<String>,
    },
    /// There is nothing.
    #[error("the account has nothing that could be in a recipe")]
    Account,
}

/// So many addresses are named to somebody who names one that isn't there.
const NAMED: usize = 12;

/// Decides which objects of an account become a recipe.
///
/// # Errors
/// When none is meant, or an address means none.
pub fn select(live: &LiveState, wanted: &Wanted) -> Result<Selected, NothingSelected> {
    check(live, wanted)?;
    let mut selected = Selected::default();
    let made_for_jobs = auto_pools(live);
    let followed = Followed::of(live);
    for (id, pool) in &live.pools {
        let address = Address::pool(id.as_str());
        if made_for_jobs.contains(id) {
            if wanted.means(&address, None) {
                let why = "the service made it for a job, which describes it".to_owned();
                selected.left_out.insert(address.to_string(), why);
            }
        } else if !wanted.means(&address, pool.value.ownership.as_ref()) {
        } else if followed.pools.contains(id) {
            let why = "another generation of the pool takes over from it".to_owned();
            selected.left_out.insert(address.to_string(), why);
        } else {
            selected.pools.insert(id.clone());
        }
    }
    for (id, job) in &live.jobs {
        let address = Address::job(id.as_str());
        if !wanted.means(&address, job.value.ownership.as_ref()) {
            continue;
        }
        if followed.jobs.contains(id) {
            let why = "another generation of the job has followed it".to_owned();
            selected.left_out.insert(address.to_string(), why);
        } else {
            selected.jobs.insert(id.clone());
        }
    }
    for (id, schedule) in &live.schedules {
        if wanted.means(&Address::schedule(id.as_str()), schedule.value.ownership.as_ref()) {
            selected.schedules.insert(id.clone());
        }
    }
    for id in live.scheduled.keys().filter(|id| wanted.means(&Address::job(id.as_str()), None)) {
        let why = "a schedule made it, and makes the next one".to_owned();
        selected.left_out.insert(Address::job(id.as_str()).to_string(), why);
    }
    selected.add_pools_of_same_recipe(live);
    selected.find_owners(live);
    if selected.pools.is_empty()
        && selected.jobs.is_empty()
        && selected.schedules.is_empty()
        && selected.left_out.is_empty()
    {
        return Err(nothing(live, wanted));
    }
    Ok(selected)
}

impl Wanted {
    fn means(&self, address: &Address, ownership: Option<&Ownership>) -> bool {
        let by_address =
            self.addresses.is_empty() || self.addresses.iter().any(|pattern| pattern.matches(address));
        let by_owner = self.recipe.is_none() || ownership.map(|own| &own.recipe) == self.recipe.as_ref();
        by_address && by_owner
    }
}

impl Selected {
    /// A job that a recipe owns brings the pool that the same recipe owns.
    fn add_pools_of_same_recipe(&mut self, live: &LiveState) {
        let jobs = self.jobs.iter().filter_map(|id| {
            let job = &live.jobs.get(id)?.value;
            Some((job.spec.pool.id()?, job.ownership.as_ref()?))
        });
        let schedules = self.schedules.iter().filter_map(|id| {
            let schedule = &live.schedules.get(id)?.value;
            Some((schedule.spec.pool()?, schedule.ownership.as_ref()?))
        });
        let brought = jobs.chain(schedules).filter(|(pool, owner)| {
            let of_pool = live.pools.get(pool).and_then(|pool| pool.value.ownership.as_ref());
            of_pool.is_some_and(|of_pool| of_pool.recipe == owner.recipe)
        });
        let brought: Vec<PoolId> = brought.map(|(pool, _)| pool.clone()).collect();
        self.pools.extend(brought);
    }

    fn find_owners(&mut self, live: &LiveState) {
        let pools = self.pools.iter().filter_map(|id| Some(live.pools.get(id)?.value.ownership.as_ref()));
        let jobs = self.jobs.iter().filter_map(|id| Some(live.jobs.get(id)?.value.ownership.as_ref()));
        let schedules =
            self.schedules.iter().filter_map(|id| Some(live.schedules.get(id)?.value.ownership.as_ref()));
        let all: Vec<Option<&Ownership>> = pools.chain(jobs).chain(schedules).collect();
        self.has_unowned = all.iter().any(Option::is_none);
        self.owners = all.into_iter().flatten().map(|owner| owner.recipe.clone()).collect();
    }

    /// What the recipe is called by itself: as the one that owns what is in it, or as the first object. `None` if several recipes
    /// own what is in it.
    pub fn name(&self) -> Option<RecipeName> {
        let mut owners = self.owners.iter();
        match (owners.next(), owners.next()) {
            (Some(only), None) => Some(only.clone()),
            (Some(_), Some(_)) => None,
            (None, _) => {
                let job = self.jobs.first().map(JobId::as_str);
                let schedule = self.schedules.first().map(JobScheduleId::as_str);
                let pool = self.pools.first().map(PoolId::as_str);
                let id = job.or(schedule).or(pool).unwrap_or("imported");
                let name = id.to_ascii_lowercase().replace('_', "-");
                let name = name.trim_matches('-');
                RecipeName::new(name).or_else(|_| RecipeName::new("imported")).ok()
            }
        }
    }
}

/// What another generation has followed, whosever it is.
struct Followed {
    pools: BTreeSet<PoolId>,
    jobs: BTreeSet<JobId>,
}

impl Followed {
    fn of(live: &LiveState) -> Self {
        let pools = live.pools.values().filter_map(|pool| pool.value.ownership.as_ref());
        let jobs = live.jobs.values().filter_map(|job| job.value.ownership.as_ref());
        let owners: BTreeSet<&RecipeName> = pools.chain(jobs).map(|owner| &owner.recipe).collect();
        let all: Vec<_> = owners.into_iter().map(|recipe| live.generations(recipe)).collect();
        Self {
            pools: all.iter().flat_map(|all| all.pools.followed()).collect(),
            jobs: all.iter().flat_map(|all| all.jobs.followed()).collect(),
        }
    }
}

/// Pools that the service made for jobs.
fn auto_pools(live: &LiveState) -> BTreeSet<PoolId> {
    let jobs = live.jobs.values().chain(live.scheduled.values());
    let auto = jobs.filter(|job| matches!(job.value.spec.pool, JobPool::Auto { .. }));
    auto.filter_map(|job| job.value.runs_on.clone()).collect()
}

fn check(live: &LiveState, wanted: &Wanted) -> Result<(), NothingSelected> {
    for pattern in &wanted.addresses {
        if !addresses(live).any(|address| pattern.matches(&address)) {
            let there = addresses(live).take(NAMED).map(|address| address.to_string()).collect();
            return Err(NothingSelected::Pattern { pattern: pattern.to_string(), there });
        }
    }
    Ok(())
}

fn addresses(live: &LiveState) -> impl Iterator<Item = Address> {
    let pools = live.pools.keys().map(|id| Address::pool(id.as_str()));
    let jobs = live.jobs.keys().chain(live.scheduled.keys()).map(|id| Address::job(id.as_str()));
    let schedules = live.schedules.keys().map(|id| Address::schedule(id.as_str()));
    pools.chain(jobs).chain(schedules)
}

fn nothing(live: &LiveState, wanted: &Wanted) -> NothingSelected {
    let Some(recipe) = &wanted.recipe else { return NothingSelected::Account };
    let pools = live.pools.values().filter_map(|pool| pool.value.ownership.as_ref());
    let jobs = live.jobs.values().filter_map(|job| job.value.ownership.as_ref());
    let schedules = live.schedules.values().filter_map(|schedule| schedule.value.ownership.as_ref());
    let others: BTreeSet<String> =
        pools.chain(jobs).chain(schedules).map(|owner| owner.recipe.to_string()).collect();
    NothingSelected::Recipe { recipe: recipe.to_string(), others: others.into_iter().collect() }
}
