//! Pools that are made anew while the old ones still work: another generation is made, the jobs move there, the old one goes.

use serde_json::Value;

use crate::batch::PoolId;
use crate::resource::{
    Address, ChangeClass, DesiredPool, DesiredState, Generation, LivePool, LiveState, Observed, OnChange,
    PoolSpec,
};

use super::super::change::{ActionReason, Change, FieldChange};
use super::super::step::{Action, StepId};
use super::Planner;

/// The generation that comes after a pool.
pub(super) fn next_generation(desired: &DesiredPool) -> Option<DesiredPool> {
    let generation = desired.next_generation.clone()?;
    let spec = PoolSpec { id: generation.id()?, ..desired.spec.clone() };
    Some(DesiredPool { spec, generation, next_generation: None, ..desired.clone() })
}

/// Whether a job is on another generation of the pool that it should be on.
pub(super) fn is_the_same_pool(field: &FieldChange) -> bool {
    let pool = |of: &Value| PoolId::new(of.as_str().unwrap_or_default()).ok();
    let (before, after) = (pool(&field.before), pool(&field.after));
    let first = after.and_then(|after| Generation::in_id(&after)).map(|generation| generation.first);
    field.path == "pool"
        && before.zip(first).is_some_and(|(before, first)| Generation::may_be_of(&before, &first))
}

impl Planner<'_> {
    /// Whether a pool that has to be drained or made anew is made under another id first.
    pub(super) fn creates_first(&self, on_change: OnChange) -> bool {
        on_change == OnChange::BlueGreen || self.policy.allow.contains(&OnChange::BlueGreen)
    }

    /// Makes the next generation of a pool, and has jobs wait until its nodes can work.
    pub(super) fn create_first(
        &mut self,
        change: &mut Change,
        key: &str,
        next: &DesiredPool,
        live: &LivePool,
    ) {
        change.class = ChangeClass::CreateFirst;
        change.id = next.spec.id.to_string();
        change.remarks.push(format!(
            "both have their nodes until those of `{}` can work; then the jobs move, and `{}` is deleted",
            next.spec.id, live.spec.id
        ));
        let uploaded = self.upload_files(&change.address, next);
        self.create_pool(change, key, next, uploaded.into_iter().collect());
        self.await_nodes(&change.address, key, next);
        self.moved_pools.insert(key.to_owned(), next.spec.id.clone());
    }

    fn await_nodes(&mut self, address: &Address, key: &str, pool: &DesiredPool) {
        let action = Action::AwaitNodes { pool: pool.spec.id.clone() };
        let made = self.pool_ready.get(key).copied();
        let ready = self.step(address, action, made);
        self.pool_ready.insert(key.to_owned(), ready);
    }

    /// Has jobs wait for the nodes of a pool whose older generation is still there: an earlier apply was interrupted.
    pub(super) fn await_nodes_of_interrupted(&mut self, desired: &DesiredState, live: &LiveState) {
        let generations = live.generations(self.recipe).pools;
        for (key, pool) in &desired.pools {
            let is_followed = !generations.others(&pool.generation).is_empty();
            let is_taken_back = generations.current(&pool.generation.first) != pool.generation;
            let address = Address::pool(key);
            let change = self.changes.iter_mut().find(|change| change.address == address);
            let Some(change) = change.filter(|_| is_followed && !self.moved_pools.contains_key(key)) else {
                continue;
            };
            if change.needs.is_some() || change.class == ChangeClass::Conflict {
                continue;
            }
            if change.class == ChangeClass::Unchanged {
                change.class = ChangeClass::UpdateLive;
                change.reason = ActionReason::Interrupted;
            }
            let remark = if is_taken_back {
                "another pool had begun to take over from it, and the recipe no longer asks for that"
            } else {
                "an earlier apply ended before this pool had taken over"
            };
            change.remarks.push(remark.to_owned());
            self.await_nodes(&address, key, pool);
        }
    }

    /// What the recipe wants once the pools are there that take over.
    pub(super) fn with_moved_pools(&self, desired: &DesiredState) -> Option<DesiredState> {
        let mut moved = (!self.moved_pools.is_empty()).then(|| desired.clone())?;
        self.moved_pools.iter().for_each(|(key, id)| moved.use_pool(key, id));
        Some(moved)
    }

    /// Deletes the pools that others have taken over from, after everything else.
    pub(super) fn retire_pools(&mut self, desired: &DesiredState, live: &LiveState) {
        let generations = live.generations(self.recipe).pools;
        for (key, pool) in &desired.pools {
            let moved = self.moved_pools.contains_key(key).then(|| pool.spec.id.clone());
            let others = generations.others(&pool.generation).into_iter();
            for id in others.filter_map(|generation| generation.id()).chain(moved) {
                if let Some(old) = live.pools.get(&id) {
                    self.retire_pool(old);
                }
            }
        }
    }

    fn retire_pool(&mut self, old: &Observed<LivePool>) {
        let id = &old.value.spec.id;
        let mut change = Change {
            id: id.to_string(),
            class: ChangeClass::Destroy,
            reason: ActionReason::Followed,
            ..Change::unchanged(self.free_address(Address::pool(id.as_str())))
        };
        self.disturb_pool(&mut change, &old.value);
        let before: Vec<StepId> = self.steps.iter().map(|step| step.id).collect();
        let delete = Action::DeletePool { pool: id.clone(), etag: old.etag.clone() };
        self.step(&change.address, delete, before);
        self.changes.push(change);
    }
}
