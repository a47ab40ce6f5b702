//! What differs between a job schedule of a recipe and the one that is there.

use crate::batch::ApiVersion;
use crate::resource::{FieldSources, JobScheduleSpec, LiveSchedule, MutabilityTable};

use super::change::FieldChange;
use super::diff::{FieldDiff, Known};

/// The fields of `live` that are not what `desired` asks for.
pub(super) fn diff(
    desired: &JobScheduleSpec,
    live: &LiveSchedule,
    sources: &FieldSources,
    version: ApiVersion,
) -> Vec<FieldChange> {
    // Taken apart in full, so that a new field does not compile until somebody decides how it is compared.
    let JobScheduleSpec { id: _, display_name, recurrence, job, metadata } = desired;
    let applied = live.ownership.as_ref().and_then(|owner| owner.digest.as_ref());
    let known =
        Known { as_applied: applied == Some(&desired.digest()), had_no_secrets: live.had_no_secrets() };
    let live = &live.spec;
    let mut diff = FieldDiff::new(sources, MutabilityTable::of_schedules(version));
    diff.field("display_name", &live.display_name, display_name);
    diff.part("recurrence", (&live.recurrence, recurrence), known);
    diff.part("job", (&live.job, job), known);
    diff.metadata(&live.metadata, metadata);
    diff.changes
}

/// The fields of a schedule that is made.
pub(super) fn introduce(desired: &JobScheduleSpec, sources: &FieldSources) -> Vec<FieldChange> {
    let mut diff = FieldDiff::new(sources, MutabilityTable::of_schedules(ApiVersion::CURRENT));
    diff.introduced_part("recurrence", &desired.recurrence);
    diff.introduced_part("job", &desired.job);
    diff.introduced("metadata", &desired.metadata);
    diff.changes
}
