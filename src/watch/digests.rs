//! Digests of what a recipe wants, and of what a plan would do.

use std::collections::BTreeMap;

use crate::plan::{Plan, Policy};
use crate::resource::{AddressPattern, DesiredJob, DesiredState, Digest, TaskStreamError, TaskTally};

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

/// What is remembered of a recipe of this digest once the account is what it asks for, as far as a pass of this policy looks; after
/// that what is remembered by passes that look at more. A pass that left something out says nothing about the rest.
pub(super) fn settled_marks(digest: Digest, policy: &Policy) -> Vec<String> {
    let texts = |patterns: &[AddressPattern]| patterns.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mark = |targets: &[AddressPattern], excluded: &[AddressPattern], prune: bool| {
        Digest::of(&(digest, texts(targets), texts(excluded), prune)).to_string()
    };
    let selection = &policy.selection;
    let (everything, all_but_leftovers) = (mark(&[], &[], true), mark(&[], &[], false));
    match (selection.is_everything(), policy.prune) {
        (true, true) => vec![everything],
        (true, false) => vec![all_but_leftovers, everything],
        // What has left the recipe is no part of what is selected.
        (false, _) => {
            vec![mark(&selection.targets, &selection.excluded, false), all_but_leftovers, everything]
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Selection;

    #[test]
    fn a_pass_that_left_something_out_says_nothing_about_the_rest() {
        let policy = |excluded: &[&str], prune| {
            let excluded = excluded.iter().map(|text| text.parse().unwrap()).collect();
            Policy { prune, selection: Selection { targets: Vec::new(), excluded }, ..Policy::default() }
        };
        let digest = Digest::of(&"a recipe");
        let marks = |policy: &Policy| settled_marks(digest, policy);
        let settles = |done: &Policy, looked: &Policy| marks(looked).contains(&marks(done)[0]);
        let (pruned, whole) = (policy(&[], true), policy(&[], false));
        let (partly, otherwise) = (policy(&["pools.p"], true), policy(&["jobs.j"], false));
        assert!(settles(&pruned, &whole) && settles(&pruned, &partly) && settles(&whole, &otherwise));
        assert!(!settles(&whole, &pruned) && !settles(&partly, &whole) && !settles(&partly, &otherwise));
        assert!(settles(&partly, &policy(&["pools.p"], false)), "nothing is pruned with a selection");
        assert_ne!(marks(&whole), settled_marks(Digest::of(&"another"), &whole));
    }
}
