//! What no plan may contain, whoever made it. Run on every plan, also in release builds.

use std::collections::BTreeSet;

use crate::resource::{Address, ChangeClass, DesiredState, LiveState, Ownership, RecipeName, ResourceKind};

use super::change::{Change, Plan, Policy};
use super::names::{Name, Names};
use super::selection::Selection;
use super::step::Action;

/// A plan that must not be applied, because the planner made a mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokenInvariant {
    /// A step comes before one that it depends on.
    #[error("step {step} depends on step {dependency}, which does not come before it")]
    Order {
        /// The step.
        step: usize,
        /// What it depends on.
        dependency: usize,
    },
    /// A step is about a resource that doesn't change.
    #[error("a step would {verb} {target}, and the plan says that {address} does not change")]
    StepWithoutChange {
        /// What the step does.
        verb: &'static str,
        /// The object.
        target: String,
        /// The resource.
        address: String,
    },
    /// A step touches a resource that must not be touched.
    #[error("a step would {verb} {target}, which is in conflict or not permitted")]
    Forbidden {
        /// What the step does.
        verb: &'static str,
        /// The object.
        target: String,
    },
    /// Something would be deleted that the plan doesn't name.
    #[error("a step would {verb} {target} without the plan saying so")]
    UnannouncedDeletion {
        /// What the step does.
        verb: &'static str,
        /// The object.
        target: String,
    },
    /// Something would be deleted that is not the recipe's.
    #[error("a step would {verb} {target}, which the recipe does not own")]
    NotOwned {
        /// What the step does.
        verb: &'static str,
        /// The object.
        target: String,
    },
    /// Something would be deleted that was not selected.
    #[error("a step would {verb} {target}, which is {address} and was not selected")]
    NotSelected {
        /// What the step does.
        verb: &'static str,
        /// The object.
        target: String,
        /// What it is called.
        address: String,
    },
    /// A resource has two changes.
    #[error("{0} has more than one change")]
    TwoChanges(String),
}

/// Looks for what no plan may contain.
pub fn check(plan: &Plan) -> Vec<BrokenInvariant> {
    let mut broken = Vec::new();
    let mut addresses = BTreeSet::new();
    for change in &plan.changes {
        if !addresses.insert(change.address.to_string()) {
            broken.push(BrokenInvariant::TwoChanges(change.address.to_string()));
        }
    }
    for step in &plan.steps {
        for dependency in step.after.iter().filter(|dependency| **dependency >= step.id) {
            broken.push(BrokenInvariant::Order { step: step.id.0, dependency: dependency.0 });
        }
        let (verb, target) = (step.action.verb(), step.action.target().to_owned());
        let changes: Vec<_> = plan.changes.iter().filter(|change| change.id == target).collect();
        if plan.changes.iter().any(|change| is_refused(change) && is_about(&step.address, change)) {
            broken.push(BrokenInvariant::Forbidden { verb, target: target.clone() });
        }
        if changes.iter().all(|change| change.class == ChangeClass::Unchanged) {
            let address = step.address.to_string();
            broken.push(BrokenInvariant::StepWithoutChange { verb, target: target.clone(), address });
        }
        let deletes = matches!(
            step.action,
            Action::DeletePool { .. } | Action::DeleteJob { .. } | Action::DeleteSchedule { .. }
        );
        let announced = |class| matches!(class, ChangeClass::Replace | ChangeClass::Destroy);
        if deletes && !changes.iter().any(|change| announced(change.class)) {
            broken.push(BrokenInvariant::UnannouncedDeletion { verb, target });
        }
    }
    broken
}

fn is_refused(change: &Change) -> bool {
    change.class == ChangeClass::Conflict || change.needs.is_some()
}

/// Whether a step of that address carries out this change. The tasks of a job go with it.
fn is_about(address: &Address, change: &Change) -> bool {
    let of_job = address.kind == ResourceKind::Tasks && change.address.kind == ResourceKind::Job;
    change.address == *address || (of_job && change.address.key == address.key)
}

/// What a plan may delete.
#[derive(Debug, Clone, Copy)]
pub enum MayDelete<'a> {
    /// What the planned part of a recipe has; where all of it is planned, also what it no longer has, if that is asked for.
    Planned(&'a DesiredState, &'a Policy),
    /// What is selected of all that a recipe owns.
    Destroyed(&'a DesiredState, &'a Selection),
}

impl MayDelete<'_> {
    fn is_owned(&self, mark: Option<&Ownership>, recipe: &RecipeName) -> bool {
        let adopts = matches!(self, Self::Planned(_, policy) if policy.adopt);
        mark.map_or(adopts, |mark| mark.recipe == *recipe)
    }

    fn is_selected(&self, name: &Name) -> bool {
        let addresses = [&name.address, &name.shared];
        match self {
            Self::Planned(_, Policy { selection, prune, .. }) => {
                let is_pruned = *prune && selection.is_everything();
                (name.is_wanted || is_pruned) && !selection.excludes_one_of(addresses)
            }
            Self::Destroyed(_, selection) => selection.contains_one_of(addresses),
        }
    }
}

/// Looks for deletions of what is not the recipe's, or was not meant. Of what is not in `live` nothing is known, so that it may not be
/// deleted.
pub fn check_deletions(plan: &Plan, live: &LiveState, may: &MayDelete<'_>) -> Vec<BrokenInvariant> {
    let (MayDelete::Planned(desired, _) | MayDelete::Destroyed(desired, _)) = may;
    let names = Names::of(desired);
    let mut broken = Vec::new();
    for step in &plan.steps {
        let (verb, target) = (step.action.verb(), step.action.target().to_owned());
        let (mark, name) = match &step.action {
            Action::DeletePool { pool, .. } => {
                let mark = live.pools.get(pool).and_then(|there| there.value.ownership.as_ref());
                (mark, names.pool(pool, mark))
            }
            Action::DeleteJob { job, .. } => {
                let mark = live.jobs.get(job).and_then(|there| there.value.ownership.as_ref());
                (mark, names.job(job, mark))
            }
            Action::DeleteSchedule { schedule, .. } => {
                let there = live.schedules.get(schedule);
                (there.and_then(|there| there.value.ownership.as_ref()), names.schedule(schedule))
            }
            _ => continue,
        };
        if !may.is_owned(mark, &plan.recipe) {
            broken.push(BrokenInvariant::NotOwned { verb, target });
        } else if !may.is_selected(&name) {
            let address = name.shared.to_string();
            broken.push(BrokenInvariant::NotSelected { verb, target, address });
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::super::change::{ActionReason, Versions};
    use super::super::step::{Step, StepId};
    use super::super::test_support;
    use super::*;
    use crate::batch::PoolId;
    use crate::resource::{Digest, LivePool, Observed, OnChange};

    fn recipe() -> RecipeName {
        RecipeName::new("r").unwrap()
    }

    /// A plan that deletes the pool `real`, which the recipe calls `gpu`.
    fn deletion() -> Plan {
        let address = Address::pool("gpu");
        let delete = Action::DeletePool { pool: PoolId::new("real").unwrap(), etag: None };
        let change = Change {
            id: "real".into(),
            class: ChangeClass::Destroy,
            reason: ActionReason::DestroyRequested,
            ..Change::unchanged(address.clone())
        };
        Plan {
            recipe: recipe(),
            changes: vec![change],
            steps: vec![Step { id: StepId(0), address, action: delete, after: vec![] }],
            notes: vec![],
            refresh_only: false,
            versions: Versions::default(),
        }
    }

    #[test]
    fn nothing_is_done_that_is_in_conflict_or_not_permitted() {
        let mut plan = deletion();
        assert_eq!(check(&plan), []);
        plan.changes[0].needs = Some(OnChange::Recreate);
        let forbidden = BrokenInvariant::Forbidden { verb: "delete pool", target: "real".into() };
        assert_eq!(check(&plan), std::slice::from_ref(&forbidden));
        plan.changes[0] = Change { needs: None, class: ChangeClass::Conflict, ..plan.changes[0].clone() };
        assert!(check(&plan).contains(&forbidden));
        // Another object of that id is none of it.
        plan = deletion();
        let needs = Some(OnChange::Recreate);
        plan.changes.push(Change { id: "real".into(), needs, ..Change::unchanged(Address::job("real")) });
        assert_eq!(check(&plan), []);
    }

    #[test]
    fn tasks_go_with_a_job_that_is_refused() {
        let mut plan = deletion();
        plan.changes[0].address = Address::job("train");
        plan.changes[0].needs = Some(OnChange::Recreate);
        plan.steps[0].address = Address::tasks("train");
        assert!(matches!(check(&plan)[..], [BrokenInvariant::Forbidden { .. }]), "{:?}", check(&plan));
    }

    #[test]
    fn nothing_is_deleted_that_is_not_owned_and_selected() {
        let mut desired = DesiredState::nothing(recipe());
        desired.pools.insert("gpu".into(), test_support::pool("real"));
        let with_owner = |owner: Option<&str>| {
            let mark = owner.map(|name| {
                Ownership::new(&RecipeName::new(name).unwrap(), Digest::of(&()), &Default::default())
            });
            let id = PoolId::new("real").unwrap();
            let pool = serde_json::json!({
                "id": id, "metadata": mark.map(|mark| mark.to_metadata(&[])), "vmSize": "S",
            });
            let pool = Observed::<LivePool>::from_wire(&serde_json::from_value(pool).unwrap());
            LiveState { pools: [(id, pool)].into(), ..LiveState::default() }
        };
        let destroyed = |live: &LiveState, targets: &[&str], excluded: &[&str]| {
            let parse = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
            let selection = Selection { targets: parse(targets), excluded: parse(excluded) };
            check_deletions(&deletion(), live, &MayDelete::Destroyed(&desired, &selection))
        };
        let ours = with_owner(Some("r"));
        assert_eq!(destroyed(&ours, &[], &[]), []);
        assert_eq!(destroyed(&ours, &["pools.gpu"], &[]), []);
        let (verb, target) = ("delete pool", "real".to_owned());
        let not_selected =
            [BrokenInvariant::NotSelected { verb, target: target.clone(), address: "pools.gpu".into() }];
        assert_eq!(destroyed(&ours, &["jobs.*"], &[]), not_selected);
        assert_eq!(destroyed(&ours, &[], &["pools.gpu"]), not_selected);
        let not_owned = [BrokenInvariant::NotOwned { verb, target }];
        for live in [with_owner(Some("other")), with_owner(None), LiveState::default()] {
            assert_eq!(destroyed(&live, &[], &[]), not_owned);
        }
        let planned = |live: &LiveState, policy: &Policy| {
            check_deletions(&deletion(), live, &MayDelete::Planned(&desired, policy))
        };
        assert_eq!(planned(&ours, &Policy::default()), []);
        assert_eq!(planned(&with_owner(None), &Policy::default()), not_owned);
        assert_eq!(planned(&with_owner(None), &Policy { adopt: true, ..Policy::default() }), []);
        let nothing = DesiredState::nothing(recipe());
        let left = |prune| {
            let policy = Policy { prune, ..Policy::default() };
            check_deletions(&deletion(), &ours, &MayDelete::Planned(&nothing, &policy)).len()
        };
        assert_eq!((left(false), left(true)), (1, 0));
    }
}
