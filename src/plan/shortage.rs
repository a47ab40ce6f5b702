//! Asking again for nodes that a pool did not get.

use crate::batch::PoolId;
use crate::resource::{Address, ChangeClass, LiveState, RecipeName};

use super::change::{ActionReason, Change, Plan};
use super::planner::versions_of;
use super::step::{Action, PoolResize, Step, StepId};

/// Tells pools anew how many nodes they should have, although they know: the service gives up when the account's quota is used up, and
/// does not try again by itself. Pools whose nodes are just changing, or whose size a formula sets, are left alone.
pub fn ask_again(recipe: &RecipeName, live: &LiveState, pools: &[(Address, PoolId)]) -> Plan {
    let mut plan = Plan {
        recipe: recipe.clone(),
        changes: Vec::new(),
        steps: Vec::new(),
        notes: Vec::new(),
        refresh_only: false,
        versions: versions_of(live),
    };
    for (address, pool) in pools {
        let Some(there) = live.pools.get(pool).filter(|there| there.value.lacks_nodes()) else { continue };
        let spec = &there.value.spec;
        let size = PoolResize {
            dedicated: spec.dedicated_nodes,
            spot: spec.spot_nodes,
            timeout: spec.resize_timeout,
            interrupts: false,
        };
        plan.changes.push(Change {
            id: pool.to_string(),
            class: ChangeClass::UpdateLive,
            reason: ActionReason::NodesMissing,
            remarks: vec!["it is asked again for the nodes that it did not get".to_owned()],
            etag: there.etag.clone(),
            ..Change::unchanged(address.clone())
        });
        let action = Action::ResizePool { pool: pool.clone(), size };
        let id = StepId(plan.steps.len());
        plan.steps.push(Step { id, address: address.clone(), action, after: Vec::new() });
    }
    plan
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::batch::model::{AllocationState, BatchPoolState};
    use crate::resource::{AutoscaleSpec, LivePool, Observed, PoolSpec};

    use super::super::check::check;
    use super::super::test_support;
    use super::*;

    #[test]
    fn only_pools_that_wait_for_nobody_are_asked_again() {
        let recipe = RecipeName::new("r").unwrap();
        let mut live = LiveState::default();
        let mut pools = Vec::new();
        for id in ["short", "full", "moving", "formula"] {
            let mut spec = PoolSpec { dedicated_nodes: 5, ..test_support::pool(id).spec };
            if id == "formula" {
                let (formula, evaluation_interval) = (String::new(), Duration::from_secs(900));
                spec.autoscale = Some(AutoscaleSpec { formula, evaluation_interval });
            }
            let allocation_state =
                if id == "moving" { AllocationState::Resizing } else { AllocationState::Steady };
            let pool = LivePool {
                spec,
                ownership: None,
                metadata: Vec::new(),
                state: BatchPoolState::Active,
                allocation_state,
                current_dedicated: if id == "full" { 5 } else { 2 },
                current_spot: 0,
                resize_errors: Vec::new(),
            };
            let id = PoolId::new(id).unwrap();
            live.pools.insert(id.clone(), Observed { value: pool, etag: None });
            pools.push((Address::pool(id.as_str()), id));
        }
        let plan = ask_again(&recipe, &live, &pools);
        let asked: Vec<_> = plan.steps.iter().map(|step| step.action.target()).collect();
        assert_eq!(asked, ["short"]);
        assert_eq!(check(&plan), []);
        assert!(
            matches!(&plan.steps[0].action, Action::ResizePool { size, .. } if (size.dedicated, size.spot) == (5, 0))
        );
    }
}
