//! What happens to objects of a recipe that it no longer has.

use crate::batch::model::{BatchJobScheduleState, BatchJobState, BatchPoolState};
use crate::batch::{JobId, JobScheduleId, PoolId};
use crate::resource::{
    Address, ChangeClass, DesiredState, LiveJob, LivePool, LiveSchedule, LiveState, Observed, Ownership,
    RecipeName,
};

use super::super::change::{ActionReason, Change};
use super::super::names::{Name, Names};
use super::super::selection::{self, NothingMeant, Selection};
use super::super::step::{Action, StepId};
use super::Planner;

/// What carries a recipe's mark.
pub(super) struct Owned<'a> {
    schedules: Vec<(Name, &'a JobScheduleId, &'a Observed<LiveSchedule>)>,
    jobs: Vec<(Name, &'a JobId, &'a Observed<LiveJob>)>,
    pools: Vec<(Name, &'a PoolId, &'a Observed<LivePool>)>,
}

impl<'a> Owned<'a> {
    pub(super) fn of(recipe: &RecipeName, live: &'a LiveState, names: &Names<'_>) -> Self {
        let own = |mark: &'a Option<Ownership>| mark.as_ref().filter(|mark| mark.recipe == *recipe);
        let schedules = live.schedules.iter().filter_map(|(id, there)| {
            own(&there.value.ownership)?;
            Some((names.schedule(id), id, there))
        });
        let jobs = live.jobs.iter().filter_map(|(id, there)| {
            let mark = own(&there.value.ownership)?;
            Some((names.job(id, Some(mark)), id, there))
        });
        let pools = live.pools.iter().filter_map(|(id, there)| {
            let mark = own(&there.value.ownership)?;
            Some((names.pool(id, Some(mark)), id, there))
        });
        Self { schedules: schedules.collect(), jobs: jobs.collect(), pools: pools.collect() }
    }

    /// Checks that each pattern of a selection means something that the recipe has, or owns.
    pub(super) fn check(&self, selection: &Selection, desired: &DesiredState) -> Result<(), NothingMeant> {
        let mut there = selection::addresses(desired);
        let schedules = self.schedules.iter().map(|(name, ..)| name);
        let names = schedules.chain(self.jobs.iter().map(|(name, ..)| name));
        for name in names.chain(self.pools.iter().map(|(name, ..)| name)) {
            for address in [&name.shared, &name.address] {
                if !there.contains(address) {
                    there.push(address.clone());
                }
            }
        }
        selection::check(selection.targets.iter().chain(&selection.excluded), &there, "recipe")
    }

    /// The part of it with such names.
    #[must_use]
    pub(super) fn only(mut self, is_meant: impl Fn(&Name) -> bool) -> Self {
        self.schedules.retain(|(name, ..)| is_meant(name));
        self.jobs.retain(|(name, ..)| is_meant(name));
        self.pools.retain(|(name, ..)| is_meant(name));
        self
    }

    /// All of it, in the words of a note.
    fn ids(&self) -> Vec<String> {
        let schedules = self.schedules.iter().map(|(_, id, _)| format!("job schedule {id}"));
        let jobs = self.jobs.iter().map(|(_, id, _)| format!("job {id}"));
        schedules.chain(jobs).chain(self.pools.iter().map(|(_, id, _)| format!("pool {id}"))).collect()
    }
}

impl Planner<'_> {
    /// What carries this recipe's mark and is no longer in it.
    pub(super) fn leftovers(&mut self, desired: &DesiredState, live: &LiveState) {
        let left = Owned::of(self.recipe, live, &Names::of(desired)).only(|name| !name.is_wanted);
        let ids = left.ids();
        if ids.is_empty() {
            return;
        }
        let has_nothing = desired.pools.is_empty() && desired.jobs.is_empty() && desired.schedules.is_empty();
        if self.policy.prune && !has_nothing {
            self.destroy_owned(left, ActionReason::NotInRecipe);
        } else {
            let advice =
                if has_nothing { "use `destroy` to remove them" } else { "use --prune to destroy them" };
            self.notes
                .push(format!("no longer in the recipe, but still there: {}; {advice}", ids.join(", ")));
        }
    }

    /// The address of what the recipe no longer has: its id, unless that is the key of something that it has under another id.
    pub(super) fn free_address(&self, address: Address) -> Address {
        if self.changes.iter().any(|change| change.address == address) {
            return Address { key: format!("{}~old", address.key), ..address };
        }
        address
    }

    /// Destroys what is the recipe's: schedules first, which would make new jobs, then jobs, so that no task is put back in the queue of
    /// a job that is about to go, and pools after everything else.
    pub(super) fn destroy_owned(&mut self, owned: Owned<'_>, reason: ActionReason) {
        let destroyed = |name: Name, id: String| Change {
            id,
            class: ChangeClass::Destroy,
            reason: reason.clone(),
            ..Change::unchanged(name.address)
        };
        let Owned { schedules, jobs, pools } = owned;
        for (name, id, schedule) in schedules {
            let mut change = destroyed(name, id.to_string());
            change.remarks.push("its jobs, their tasks and their files are deleted with it".to_owned());
            self.disturb_schedule(&mut change, id);
            let action = match schedule.value.state {
                BatchJobScheduleState::Deleting => Action::AwaitScheduleGone { schedule: id.clone() },
                _ => Action::DeleteSchedule { schedule: id.clone(), etag: schedule.etag.clone() },
            };
            self.step(&change.address, action, []);
            self.changes.push(change);
        }
        for (name, id, job) in jobs {
            let mut change = destroyed(name, id.to_string());
            self.disturb_job(&mut change, id);
            let action = match job.value.state {
                BatchJobState::Deleting => Action::AwaitJobGone { job: id.clone() },
                _ => Action::DeleteJob { job: id.clone(), etag: job.etag.clone() },
            };
            self.step(&change.address, action, []);
            self.changes.push(change);
        }
        let before: Vec<StepId> = self.steps.iter().map(|step| step.id).collect();
        for (name, id, pool) in pools {
            let mut change = destroyed(name, id.to_string());
            self.disturb_pool(&mut change, &pool.value);
            let action = match pool.value.state {
                BatchPoolState::Deleting => Action::AwaitPoolGone { pool: id.clone() },
                _ => Action::DeletePool { pool: id.clone(), etag: pool.etag.clone() },
            };
            self.step(&change.address, action, before.clone());
            self.changes.push(change);
        }
    }
}
