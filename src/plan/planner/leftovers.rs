//! What happens to objects of a recipe that it no longer has.

use crate::batch::model::{BatchJobState, BatchPoolState};
use crate::resource::{Address, ChangeClass, DesiredState, LiveJob, LivePool, LiveState, Ownership};

use super::super::change::{ActionReason, Change};
use super::super::step::Action;
use super::{Planner, unchanged};

impl Planner<'_> {
    /// What carries this recipe's mark and is no longer in it.
    pub(super) fn leftovers(&mut self, desired: &DesiredState, live: &LiveState) {
        let wanted_pools: Vec<_> = desired.pools.values().map(|pool| &pool.spec.id).collect();
        let wanted_jobs: Vec<_> = desired.jobs.values().map(|job| &job.spec.id).collect();
        let recipe_is_empty = wanted_pools.is_empty() && wanted_jobs.is_empty();
        let is_left = |ownership: Option<&Ownership>| ownership.is_some_and(|own| own.recipe == *self.recipe);
        let left_pools = live.pools.values().filter(|pool| {
            is_left(pool.value.ownership.as_ref()) && !wanted_pools.contains(&&pool.value.spec.id)
        });
        let left_jobs = live.jobs.values().filter(|job| {
            is_left(job.value.ownership.as_ref()) && !wanted_jobs.contains(&&job.value.spec.id)
        });
        let left: Vec<String> = left_jobs
            .map(|job| format!("job {}", job.value.spec.id))
            .chain(left_pools.map(|pool| format!("pool {}", pool.value.spec.id)))
            .collect();
        if left.is_empty() {
            return;
        }
        if self.policy.prune && !recipe_is_empty {
            self.destroy_owned(
                live,
                ActionReason::NotInRecipe,
                |pool| !wanted_pools.contains(&&pool.spec.id),
                |job| !wanted_jobs.contains(&&job.spec.id),
            );
        } else {
            let advice =
                if recipe_is_empty { "use `destroy` to remove them" } else { "use --prune to destroy them" };
            self.notes
                .push(format!("no longer in the recipe, but still there: {}; {advice}", left.join(", ")));
        }
    }

    pub(super) fn destroy_owned(
        &mut self,
        live: &LiveState,
        reason: ActionReason,
        pools: impl Fn(&LivePool) -> bool,
        jobs: impl Fn(&LiveJob) -> bool,
    ) {
        let ours = |ownership: Option<&Ownership>| ownership.is_some_and(|own| own.recipe == *self.recipe);
        let destroyed = |address, id: String| Change {
            id,
            class: ChangeClass::Destroy,
            reason: reason.clone(),
            ..unchanged(address)
        };
        let left_jobs: Vec<_> =
            live.jobs.values().filter(|job| ours(job.value.ownership.as_ref()) && jobs(&job.value)).collect();
        let left_pools: Vec<_> = live
            .pools
            .values()
            .filter(|pool| ours(pool.value.ownership.as_ref()) && pools(&pool.value))
            .collect();
        let mut jobs_gone = Vec::new();
        for job in left_jobs {
            let id = job.value.spec.id.clone();
            let mut change = destroyed(Address::job(id.as_str()), id.to_string());
            self.disturb_job(&mut change, &id);
            let action = match job.value.state {
                BatchJobState::Deleting => Action::AwaitJobGone { job: id },
                _ => Action::DeleteJob { job: id, etag: job.etag.clone() },
            };
            jobs_gone.push(self.step(&change.address, action, []));
            self.changes.push(change);
        }
        for pool in left_pools {
            let id = pool.value.spec.id.clone();
            let mut change = destroyed(Address::pool(id.as_str()), id.to_string());
            self.disturb_pool(&mut change, &pool.value);
            let action = match pool.value.state {
                BatchPoolState::Deleting => Action::AwaitPoolGone { pool: id },
                _ => Action::DeletePool { pool: id, etag: pool.etag.clone() },
            };
            // Jobs go first, so that no task is put back in the queue of a job that is about to go.
            self.step(&change.address, action, jobs_gone.clone());
            self.changes.push(change);
        }
    }
}
