//! What no plan may contain, whoever made it. Run on every plan, also in release builds.

use std::collections::BTreeSet;

use crate::resource::ChangeClass;

use super::change::Plan;
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
        if changes.iter().any(|change| change.class == ChangeClass::Conflict || change.needs.is_some())
            && changes
                .iter()
                .any(|change| change.address == step.address && change.class == ChangeClass::Conflict)
        {
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
