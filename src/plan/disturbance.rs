//! Whose work a plan disturbs.

use std::collections::BTreeSet;

use crate::batch::JobId;
use crate::resource::{ChangeClass, LiveState, ResourceKind};

use super::change::Plan;
use super::step::Action;

/// The jobs whose work a plan would end or interrupt. What they hold must be known before the plan can say what is lost.
pub fn disturbed(plan: &Plan, live: &LiveState) -> BTreeSet<JobId> {
    let mut jobs = BTreeSet::new();
    for change in &plan.changes {
        let ends = matches!(change.class, ChangeClass::Replace | ChangeClass::Destroy);
        let is_it = |id: &str| id.eq_ignore_ascii_case(&change.id);
        match change.address.kind {
            ResourceKind::Job if ends || change.class == ChangeClass::UpdateWhileDisabled => {
                jobs.extend(live.jobs.keys().filter(|id| is_it(id.as_str())).cloned());
            }
            ResourceKind::Schedule if ends => {
                let made = |job: &JobId| job.schedule().is_some_and(|schedule| is_it(schedule.as_str()));
                jobs.extend(live.scheduled.keys().filter(|job| made(job)).cloned());
            }
            ResourceKind::Pool
                if ends || change.class == ChangeClass::DrainAndUpdate || reboots(plan, &change.id) =>
            {
                let neighbours = live.neighbours.iter().filter(|(_, job)| is_it(job.pool.as_str()));
                jobs.extend(neighbours.map(|(id, _)| id.clone()));
                let own = live.jobs.iter().chain(&live.scheduled).filter(|(_, job)| !job.value.is_over());
                let here = own
                    .filter(|(_, job)| job.value.runs_on.as_ref().is_some_and(|pool| is_it(pool.as_str())));
                jobs.extend(here.map(|(id, _)| id.clone()));
            }
            _ => {}
        }
    }
    jobs
}

fn reboots(plan: &Plan, id: &str) -> bool {
    plan.steps
        .iter()
        .any(|step| matches!(&step.action, Action::RebootNodes { pool, .. } if pool.as_str() == id))
}
