//! The planner: reads as a table of contents, and gives a reason for everything, also for doing nothing.

mod blue_green;
mod edits;
mod jobs;
mod leftovers;
mod next_job;
mod obstacles;
mod pools;
mod schedules;

use std::collections::BTreeMap;

use crate::batch::{MAX_ID_LENGTH, PoolId};
use crate::resource::{
    Address, ChangeClass, DesiredState, LiveState, Mutability, OnChange, Ownership, RecipeName,
    TaskStreamError,
};

use super::change::{ActionReason, Change, FieldChange, Plan, Policy, Versions};
use super::names::Names;
use super::selection::{NothingMeant, Selection};
use super::step::{Action, Step, StepId};
use super::tasks::TaskPlan;
use leftovers::Owned;

/// Decides everything that it takes to bring `live` to `desired`. `tasks` holds, for each job of the recipe that is there, how
/// its tasks differ.
///
/// # Errors
/// When a task can't be made from its recipe.
pub fn plan(
    desired: &DesiredState,
    live: &LiveState,
    tasks: &BTreeMap<String, TaskPlan>,
    policy: &Policy,
) -> Result<Plan, TaskStreamError> {
    let mut planner = Planner::new(&desired.recipe, policy, live);
    for (key, pool) in &desired.pools {
        planner.pool(key, pool, live.pools.get(&pool.spec.id));
    }
    planner.await_nodes_of_interrupted(desired, live);
    let moved = planner.with_moved_pools(desired);
    let wanted = moved.as_ref().unwrap_or(desired);
    for (key, job) in &wanted.jobs {
        let present = match tasks.get(key) {
            Some(plan) => plan.clone(),
            None => TaskPlan::for_new_job(job)?,
        };
        planner.job(key, job, live.jobs.get(&job.spec.id), present)?;
    }
    for (key, schedule) in &wanted.schedules {
        planner.schedule(key, schedule, live.schedules.get(&schedule.spec.id));
    }
    planner.retire_pools(desired, live);
    planner.note_hidden_edits(desired);
    if policy.selection.is_everything() {
        planner.leftovers(desired, live);
    }
    Ok(planner.finish())
}

/// Decides what it takes to destroy everything in `live` that a recipe owns, as far as it is selected. What the recipe says is asked
/// only for the names of things.
///
/// # Errors
/// When a pattern means nothing of what the recipe has or owns: it is more likely a slip than meant.
pub fn destroy(
    desired: &DesiredState,
    live: &LiveState,
    selection: &Selection,
) -> Result<Plan, NothingMeant> {
    let owned = Owned::of(&desired.recipe, live, &Names::of(desired));
    owned.check(selection, desired)?;
    let policy = Policy { prune: true, selection: selection.clone(), ..Policy::default() };
    let mut planner = Planner::new(&desired.recipe, &policy, live);
    let selected = owned.only(|name| selection.contains_one_of([&name.address, &name.shared]));
    planner.destroy_owned(selected, ActionReason::DestroyRequested);
    Ok(planner.finish())
}

struct Planner<'a> {
    recipe: &'a RecipeName,
    policy: &'a Policy,
    live: &'a LiveState,
    changes: Vec<Change>,
    steps: Vec<Step>,
    notes: Vec<String>,
    /// The last step that a pool of the recipe needs before jobs can be made for it.
    pool_ready: BTreeMap<String, StepId>,
    /// Pools of the recipe that another generation takes over from, by their keys: the id of that one.
    moved_pools: BTreeMap<String, PoolId>,
}

impl<'a> Planner<'a> {
    fn new(recipe: &'a RecipeName, policy: &'a Policy, live: &'a LiveState) -> Self {
        Self {
            recipe,
            policy,
            live,
            changes: Vec::new(),
            steps: Vec::new(),
            notes: Vec::new(),
            pool_ready: BTreeMap::new(),
            moved_pools: BTreeMap::new(),
        }
    }

    fn finish(mut self) -> Plan {
        self.changes.sort_by(|a, b| a.address.cmp(&b.address));
        if self.policy.refresh_only {
            self.keep_only_drift();
        }
        Plan {
            recipe: self.recipe.clone(),
            changes: self.changes,
            steps: self.steps,
            notes: self.notes,
            refresh_only: self.policy.refresh_only,
            versions: versions_of(self.live),
        }
    }

    /// Leaves of a plan what changed behind the recipe's back, and does nothing about it.
    fn keep_only_drift(&mut self) {
        self.steps.clear();
        self.leave_only_drift();
        for change in &mut self.changes {
            change.needs = None;
            change.obstacles.clear();
        }
    }

    fn step(&mut self, address: &Address, action: Action, after: impl IntoIterator<Item = StepId>) -> StepId {
        let id = StepId(self.steps.len());
        self.steps.push(Step { id, address: address.clone(), action, after: after.into_iter().collect() });
        id
    }

    /// Whether an object is this recipe's; if not, the conflict that it makes.
    /// `generation` is the number that its mark should record.
    fn ownership_of(
        &self,
        ownership: Option<&Ownership>,
        generation: Option<u32>,
    ) -> Result<Adoption, (ActionReason, String)> {
        match ownership {
            // What follows `train` as `train-r2` is not what the recipe calls so.
            Some(own) if own.recipe == *self.recipe && own.generation != generation => Err((
                ActionReason::OtherGeneration,
                "it is a later generation of something else in this recipe; choose another id".to_owned(),
            )),
            Some(ownership) if ownership.recipe == *self.recipe => Ok(Adoption::Owned),
            Some(other) => Err((
                ActionReason::OwnedByOther,
                format!("it belongs to the recipe `{}`; rename it here, or destroy it there", other.recipe),
            )),
            None if self.policy.adopt => Ok(Adoption::Adopted),
            None => Err((
                ActionReason::NotOwned,
                "it exists and no recipe owns it; choose another id, or take it over with --adopt".to_owned(),
            )),
        }
    }

    fn missing_permission(&self, class: ChangeClass, on_change: OnChange) -> Option<OnChange> {
        let needed = class.permission()?;
        (!self.permits(needed, on_change)).then_some(needed)
    }

    /// Whether that much is permitted, by the recipe or on the command line.
    fn permits(&self, needed: OnChange, on_change: OnChange) -> bool {
        on_change >= needed || self.policy.allow.iter().any(|allowed| *allowed >= needed)
    }
}

/// Whether an object was ours, or is being taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Adoption {
    Owned,
    Adopted,
}

impl Adoption {
    fn mark(self, change: &mut Change) {
        if self == Self::Adopted {
            change.class = ChangeClass::UpdateLive;
            change.reason = ActionReason::Adopted;
            change.remarks.push("it is taken over: from now on this recipe owns it".to_owned());
        }
    }
}

/// Says why nothing can follow an object under another id.
fn say_that_nothing_can_follow(change: &mut Change) {
    change.remarks.push(format!(
        "no other {} can follow it: with `-r2` the id would be longer than {MAX_ID_LENGTH} characters",
        change.address.kind
    ));
}

fn conflict(change: &mut Change, reason: ActionReason, remark: String) {
    change.class = ChangeClass::Conflict;
    change.reason = reason;
    change.remarks.push(remark);
}

pub(super) fn versions_of(live: &LiveState) -> Versions {
    let pools = live.pools.iter().filter_map(|(id, pool)| Some((id.clone(), pool.etag.clone()?)));
    let jobs = live.jobs.iter().filter_map(|(id, job)| Some((id.clone(), job.etag.clone()?)));
    let schedules = live.schedules.iter().filter_map(|(id, it)| Some((id.clone(), it.etag.clone()?)));
    Versions { pools: pools.collect(), jobs: jobs.collect(), schedules: schedules.collect() }
}

pub(super) fn hardest(fields: &[FieldChange]) -> Option<Mutability> {
    fields.iter().map(|field| field.mutability).max()
}
