//! Digests of what a recipe wants, and of what a plan would do.

use std::collections::BTreeMap;

use crate::plan::Plan;
use crate::resource::{DesiredJob, DesiredState, Digest, TaskStreamError, TaskTally};

/// The digest of all that a recipe wants, its tasks and the content of their local files included.
pub(super) fn digest_of(desired: &DesiredState) -> Result<Digest, TaskStreamError> {
    let mut jobs = BTreeMap::new();
    for (key, job) in &desired.jobs {
        jobs.insert(key, (job.spec.digest(), tally_of(job)?));
    }
    let pools: BTreeMap<_, _> =
        desired.pools.iter().map(|(key, pool)| (key, Digest::of(&pool.spec))).collect();
    let schedules: BTreeMap<_, _> =
        desired.schedules.iter().map(|(key, schedule)| (key, Digest::of(&schedule.spec))).collect();
    Ok(Digest::of(&(desired.recipe.as_str(), pools, jobs, schedules)))
}

/// The tally of a job's tasks, as its metadata records it.
pub(super) fn tally_of(job: &DesiredJob) -> Result<String, TaskStreamError> {
    let mut tally = TaskTally::default();
    for task in job.tasks.iter() {
        let task = task?;
        tally.add(task.id.as_str(), task.digest());
    }
    Ok(tally.to_string())
}

/// The digest of what a plan would do, for a recipe of this digest: the same for as long as neither the recipe nor the account
/// changes.
pub(super) fn fingerprint(plan: &Plan, desired: Digest) -> Digest {
    let changes: Vec<_> = plan
        .changes
        .iter()
        .map(|change| {
            let fields: Vec<_> =
                change.fields.iter().map(|field| (&field.path, &field.before, &field.after)).collect();
            (change.address.to_string(), change.class, &change.reason, fields, &change.remarks, &change.tasks)
        })
        .collect();
    Digest::of(&(desired, changes))
}
