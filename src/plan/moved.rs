//! What has moved since a plan was made: the answer to a condition that no longer holds.

use std::collections::BTreeSet;

use crate::batch::ApiVersion;
use crate::resource::{FieldSources, JobScheduleSpec, JobSpec, LiveJob, LivePool, LiveSchedule, PoolSpec};

use super::change::FieldChange;
use super::{job, pool, schedule};

/// What of a pool is not as wanted now.
pub fn pool_differences(wanted: &PoolSpec, live: &LivePool) -> Vec<FieldChange> {
    pool::diff(wanted, live, &FieldSources::new(), ApiVersion::CURRENT)
}

/// What of a job is not as wanted now.
pub fn job_differences(wanted: &JobSpec, live: &LiveJob) -> Vec<FieldChange> {
    job::diff(wanted, live, &FieldSources::new(), ApiVersion::CURRENT)
}

/// What of a job schedule is not as wanted now.
pub fn schedule_differences(wanted: &JobScheduleSpec, live: &LiveSchedule) -> Vec<FieldChange> {
    schedule::diff(wanted, live, &FieldSources::new(), ApiVersion::CURRENT)
}

/// The fields that are no longer what a plan found, from the differences that it found and those that there are now. A field
/// that neither names has not moved: it is what the recipe wants, then and now.
pub fn moved(planned: &[FieldChange], now: &[FieldChange]) -> Vec<String> {
    let of = |fields: &[FieldChange], path: &str| {
        fields.iter().find(|field| field.path == path).map(|field| field.before.clone())
    };
    let paths: BTreeSet<&str> = planned.iter().chain(now).map(|field| field.path.as_str()).collect();
    { paths.into_iter() }
        .filter_map(|path| match (of(planned, path), of(now, path)) {
            (then, now) if then == now => None,
            (Some(then), Some(now)) => Some(format!("`{path}` was {then} and is {now} now")),
            (None, Some(now)) => Some(format!("`{path}` was as the recipe wants it and is {now} now")),
            (then, None) => {
                let then = then.unwrap_or_default();
                Some(format!("`{path}` was {then} and is as the recipe wants it now"))
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Mutability;
    use serde_json::json;

    fn field(path: &str, before: i32) -> FieldChange {
        let mutability = Mutability::Live;
        FieldChange {
            path: path.to_owned(),
            before: json!(before),
            after: json!(9),
            mutability,
            source: None,
        }
    }

    #[test]
    fn a_field_has_moved_if_it_is_no_longer_what_the_plan_found() {
        let planned = [field("same", 1), field("changed", 1), field("done", 1)];
        let now = [field("same", 1), field("changed", 2), field("new", 3)];
        assert_eq!(
            moved(&planned, &now),
            [
                "`changed` was 1 and is 2 now",
                "`done` was 1 and is as the recipe wants it now",
                "`new` was as the recipe wants it and is 3 now",
            ]
        );
    }
}
