//! What differs between a job of a recipe and the job that is there.

use crate::resource::{FieldSources, JobSpec, LiveJob, Mutability, OnComplete, job_mutability};

use super::change::FieldChange;
use super::diff::FieldDiff;

/// The fields of `live` that are not what `desired` asks for.
pub(super) fn diff(desired: &JobSpec, live: &LiveJob, sources: &FieldSources) -> Vec<FieldChange> {
    // Taken apart in full, so that a new field does not compile until somebody decides how it is compared.
    let JobSpec {
        id: _,
        display_name,
        pool,
        priority,
        retries,
        max_wall_time,
        environment,
        on_complete,
        uses_task_dependencies,
    } = desired;
    let had_no_secrets = live.had_no_secrets();
    let live = &live.spec;
    let mut diff = FieldDiff::new(sources, job_mutability);
    diff.field("display_name", &live.display_name, display_name);
    diff.field("pool", &live.pool, pool);
    diff.field("priority", &live.priority, priority);
    diff.field("retries", &live.retries, retries);
    diff.field("max_wall_time", &live.max_wall_time, max_wall_time);
    diff.environment(&live.environment, environment, had_no_secrets);
    diff.field("on_complete", &live.on_complete, on_complete);
    // A job that could have dependencies and has none needs no change.
    let enough = live.uses_task_dependencies || !uses_task_dependencies;
    diff.field_unless("depends_on", enough, &live.uses_task_dependencies, uses_task_dependencies);
    for change in &mut diff.changes {
        // `terminatejob` can't be taken back (REST reference of PATCH /jobs).
        if change.path == "on_complete" && *on_complete == OnComplete::Keep {
            change.mutability = Mutability::Replace;
        }
    }
    diff.changes
}

/// The fields of a job that is made.
pub(super) fn introduce(desired: &JobSpec, sources: &FieldSources) -> Vec<FieldChange> {
    let mut diff = FieldDiff::new(sources, job_mutability);
    diff.introduced("pool", &desired.pool);
    diff.introduced("priority", &desired.priority);
    diff.introduced("retries", &desired.retries);
    diff.introduced("max_wall_time", &desired.max_wall_time);
    diff.introduced("environment", &desired.environment);
    diff.introduced("on_complete", &desired.on_complete);
    diff.changes
}
