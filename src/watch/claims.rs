//! Which objects the recipes that are there ask for. They stay, even if the recipe that made them has left: it may be the same one, by
//! another name.

use std::collections::BTreeMap;

use crate::batch::{JobId, JobScheduleId, PoolId};
use crate::plan::{Change, Plan};
use crate::resource::{ChangeClass, DesiredState, Generation, ObjectId, RecipeName, ResourceKind};

/// What recipes ask for, by id.
#[derive(Debug, Default)]
pub(super) struct Claims {
    pools: BTreeMap<PoolId, RecipeName>,
    jobs: BTreeMap<JobId, RecipeName>,
    schedules: BTreeMap<JobScheduleId, RecipeName>,
}

impl Claims {
    /// Adds what a recipe asks for.
    pub(super) fn add(&mut self, desired: &DesiredState) {
        let whose = || desired.recipe.clone();
        self.pools.extend(desired.pools.values().map(|pool| (pool.spec.id.clone(), whose())));
        self.jobs.extend(desired.jobs.values().map(|job| (job.spec.id.clone(), whose())));
        self.schedules.extend(desired.schedules.values().map(|it| (it.spec.id.clone(), whose())));
    }

    /// What is asked for of that which a plan destroys, and by whom.
    pub(super) fn on(&self, plan: &Plan) -> Option<String> {
        let mut destroyed = plan.changes.iter().filter(|change| change.class == ChangeClass::Destroy);
        destroyed.find_map(|change| {
            let whose = self.claimant(change)?;
            Some(format!("the recipe `{whose}` asks for its {} `{}`", change.address.kind, change.id))
        })
    }

    fn claimant(&self, change: &Change) -> Option<&RecipeName> {
        let id = change.id.as_str();
        match change.address.kind {
            ResourceKind::Pool => of_generation(&self.pools, &PoolId::new(id).ok()?),
            ResourceKind::Job | ResourceKind::Tasks => of_generation(&self.jobs, &JobId::new(id).ok()?),
            ResourceKind::Schedule => self.schedules.get(&JobScheduleId::new(id).ok()?),
        }
    }
}

/// Who asks for an object whose generation this may be.
fn of_generation<'a, Id: ObjectId>(claims: &'a BTreeMap<Id, RecipeName>, id: &Id) -> Option<&'a RecipeName> {
    claims.iter().find(|(first, _)| Generation::may_be_of(id, *first)).map(|(_, claimant)| claimant)
}
