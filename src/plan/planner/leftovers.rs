//! What happens to objects of a recipe that it no longer has.

use std::collections::BTreeSet;

use crate::batch::model::{BatchJobScheduleState, BatchJobState, BatchPoolState};
use crate::batch::{JobId, JobScheduleId, PoolId};
use crate::resource::{
    Address, ChangeClass, DesiredState, Generation, LiveJob, LivePool, LiveSchedule, LiveState, Observed,
    Ownership, RecipeName,
};

use super::super::change::{ActionReason, Change};
use super::super::selection::Selection;
use super::super::step::Action;
use super::Planner;

/// Ids of what a recipe has, which is not destroyed: of pools and jobs those of the first generation, which stand for all.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pools: BTreeSet<PoolId>,
    jobs: BTreeSet<JobId>,
    schedules: BTreeSet<JobScheduleId>,
}

impl Kept {
    fn of(desired: &DesiredState) -> Self {
        Self {
            pools: desired.pools.values().map(|pool| pool.generation.first.clone()).collect(),
            jobs: desired.jobs.values().map(|job| job.generation.first.clone()).collect(),
            schedules: desired.schedules.values().map(|schedule| schedule.spec.id.clone()).collect(),
        }
    }

    fn has_pool(&self, id: &PoolId, pool: &Observed<LivePool>) -> bool {
        let recorded = pool.value.ownership.as_ref().and_then(|owner| owner.generation);
        self.pools.contains(&Generation::of(id, recorded).first)
    }

    fn has_job(&self, id: &JobId, job: &Observed<LiveJob>) -> bool {
        let recorded = job.value.ownership.as_ref().and_then(|owner| owner.generation);
        self.jobs.contains(&Generation::of(id, recorded).first)
    }

    fn is_empty(&self) -> bool {
        self.pools.is_empty() && self.jobs.is_empty() && self.schedules.is_empty()
    }
}

/// What carries a recipe's mark and is not kept.
struct Owned<'a> {
    schedules: Vec<(&'a JobScheduleId, &'a Observed<LiveSchedule>)>,
    jobs: Vec<(&'a JobId, &'a Observed<LiveJob>)>,
    pools: Vec<(&'a PoolId, &'a Observed<LivePool>)>,
}

impl<'a> Owned<'a> {
    fn of(recipe: &RecipeName, live: &'a LiveState, kept: &Kept, selection: &Selection) -> Self {
        let ours =
            |ownership: &Option<Ownership>| ownership.as_ref().is_some_and(|own| own.recipe == *recipe);
        let schedules = live.schedules.iter().filter(|(id, _)| !kept.schedules.contains(*id));
        let jobs = live.jobs.iter().filter(|(id, job)| !kept.has_job(id, job));
        let pools = live.pools.iter().filter(|(id, pool)| !kept.has_pool(id, pool));
        let schedules = schedules.filter(|(id, _)| selection.contains(&Address::schedule(id.as_str())));
        let jobs = jobs.filter(|(id, _)| selection.contains(&Address::job(id.as_str())));
        let pools = pools.filter(|(id, _)| selection.contains(&Address::pool(id.as_str())));
        Self {
            schedules: schedules.filter(|(_, schedule)| ours(&schedule.value.ownership)).collect(),
            jobs: jobs.filter(|(_, job)| ours(&job.value.ownership)).collect(),
            pools: pools.filter(|(_, pool)| ours(&pool.value.ownership)).collect(),
        }
    }

    /// All of it, in the words of a note.
    fn names(&self) -> Vec<String> {
        let schedules = self.schedules.iter().map(|(id, _)| format!("job schedule {id}"));
        let jobs = self.jobs.iter().map(|(id, _)| format!("job {id}"));
        schedules.chain(jobs).chain(self.pools.iter().map(|(id, _)| format!("pool {id}"))).collect()
    }
}

impl Planner<'_> {
    /// What carries this recipe's mark and is no longer in it.
    pub(super) fn leftovers(&mut self, desired: &DesiredState, live: &LiveState) {
        let kept = Kept::of(desired);
        let left = Owned::of(self.recipe, live, &kept, &self.policy.selection).names();
        if left.is_empty() {
            return;
        }
        if self.policy.prune && !kept.is_empty() {
            self.destroy_owned(live, ActionReason::NotInRecipe, &kept);
        } else {
            let advice =
                if kept.is_empty() { "use `destroy` to remove them" } else { "use --prune to destroy them" };
            self.notes
                .push(format!("no longer in the recipe, but still there: {}; {advice}", left.join(", ")));
        }
    }

    /// The address of what the recipe no longer has: its id, unless that is the key of something that it has under another id.
    pub(super) fn free_address(&self, address: Address) -> Address {
        if self.changes.iter().any(|change| change.address == address) {
            return Address { key: format!("{}~old", address.key), ..address };
        }
        address
    }

    /// Destroys what is the recipe's and not kept: schedules first, which would make new jobs, then jobs, so that no task is put back
    /// in the queue of a job that is about to go, then pools.
    pub(super) fn destroy_owned(&mut self, live: &LiveState, reason: ActionReason, kept: &Kept) {
        let destroyed = |address, id: String| Change {
            id,
            class: ChangeClass::Destroy,
            reason: reason.clone(),
            ..Change::unchanged(address)
        };
        let Owned { schedules, jobs, pools } = Owned::of(self.recipe, live, kept, &self.policy.selection);
        let mut gone = Vec::new();
        for (id, schedule) in schedules {
            let address = self.free_address(Address::schedule(id.as_str()));
            let mut change = destroyed(address, id.to_string());
            change.remarks.push("its jobs, their tasks and their files are deleted with it".to_owned());
            let action = match schedule.value.state {
                BatchJobScheduleState::Deleting => Action::AwaitScheduleGone { schedule: id.clone() },
                _ => Action::DeleteSchedule { schedule: id.clone(), etag: schedule.etag.clone() },
            };
            gone.push(self.step(&change.address, action, []));
            self.changes.push(change);
        }
        for (id, job) in jobs {
            let address = self.free_address(Address::job(id.as_str()));
            let mut change = destroyed(address, id.to_string());
            self.disturb_job(&mut change, id);
            let action = match job.value.state {
                BatchJobState::Deleting => Action::AwaitJobGone { job: id.clone() },
                _ => Action::DeleteJob { job: id.clone(), etag: job.etag.clone() },
            };
            gone.push(self.step(&change.address, action, []));
            self.changes.push(change);
        }
        for (id, pool) in pools {
            let address = self.free_address(Address::pool(id.as_str()));
            let mut change = destroyed(address, id.to_string());
            self.disturb_pool(&mut change, &pool.value);
            let action = match pool.value.state {
                BatchPoolState::Deleting => Action::AwaitPoolGone { pool: id.clone() },
                _ => Action::DeletePool { pool: id.clone(), etag: pool.etag.clone() },
            };
            self.step(&change.address, action, gone.clone());
            self.changes.push(change);
        }
    }
}
