//! Takeovers that are taken back: a recipe that asks for what an older generation of a pool is gets that one again.

use crate::batch::ApiVersion;
use crate::batch::PoolId;
use crate::batch::model::BatchPoolState;
use crate::resource::{Address, DesiredPool, DesiredState, Generation, LiveState, Mutability, PoolSpec};

use super::change::Change;
use super::planner::hardest;
use super::pool;

/// What a recipe wants, with each pool in the generation that fits it: in the youngest, unless that would have to be drained or
/// made anew while an older one that is still there would not.
#[must_use]
pub fn with_pools_taken_back(mut desired: DesiredState, live: &LiveState) -> DesiredState {
    let generations = live.generations(&desired.recipe).pools;
    let mut taken_back = Vec::new();
    for (key, pool) in &desired.pools {
        if fits(pool, &pool.generation, live) {
            continue;
        }
        let others = generations.others(&pool.generation).into_iter().rev();
        let older = others.into_iter().find(|generation| fits(pool, generation, live));
        taken_back.extend(older.and_then(|older| Some((key.clone(), older.id()?, older))));
    }
    for (key, id, generation) in taken_back {
        if let Some(pool) = desired.pools.get_mut(&key) {
            pool.spec.id = id.clone();
            pool.generation = generation;
        }
        desired.use_pool(&key, &id);
    }
    desired
}

/// Whether a generation of a pool is there, and can be made what is wanted while its nodes work.
fn fits(wanted: &DesiredPool, generation: &Generation<PoolId>, live: &LiveState) -> bool {
    let Some(there) = generation.id().and_then(|id| live.pools.get(&id)) else { return false };
    let spec = PoolSpec { id: there.value.spec.id.clone(), ..wanted.spec.clone() };
    let fields = pool::diff(&spec, &there.value, &wanted.sources, ApiVersion::CURRENT);
    let mut change = Change { fields, ..Change::unchanged(Address::pool(spec.id.as_str())) };
    change.ignore(&wanted.ignored);
    let is_easy = hardest(&change.fields).is_none_or(|hardest| hardest < Mutability::AtZeroNodes);
    there.value.state == BatchPoolState::Active && is_easy
}
