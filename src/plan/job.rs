//! What differs between a job of a recipe and the job that is there.

use crate::batch::ApiVersion;
use crate::batch::model::BatchTaskFailureMode;
use crate::resource::{FieldSources, JobPool, JobSpec, LiveJob, Mutability, MutabilityTable, OnComplete};

use super::change::FieldChange;
use super::diff::{FieldDiff, Known, written};

/// The fields of `live` that are not what `desired` asks for.
pub(super) fn diff(
    desired: &JobSpec,
    live: &LiveJob,
    sources: &FieldSources,
    version: ApiVersion,
) -> Vec<FieldChange> {
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
        on_task_failure,
        max_parallel_tasks,
        allow_task_preemption,
        uses_task_dependencies,
        network,
        manager_task,
        preparation_task,
        release_task,
        metadata,
    } = desired;
    let applied = live.ownership.as_ref().and_then(|owner| owner.digest.as_ref());
    let known =
        Known { as_applied: applied == Some(&desired.digest()), had_no_secrets: live.had_no_secrets() };
    let live = &live.spec;
    let mut diff = FieldDiff::new(sources, MutabilityTable::of_jobs(version));
    diff.field("display_name", &live.display_name, display_name);
    diff_pool(&mut diff, &live.pool, pool, known);
    diff.field("priority", &live.priority, priority);
    diff.field("retries", &live.retries, retries);
    diff.field("max_wall_time", &live.max_wall_time.map(written), &max_wall_time.map(written));
    diff.environment(&live.environment, environment, known.had_no_secrets);
    diff.field("on_complete", &live.on_complete, on_complete);
    diff.field("on_task_failure", &live.on_task_failure, on_task_failure);
    diff.field("max_parallel_tasks", &live.max_parallel_tasks, max_parallel_tasks);
    diff.field("allow_task_preemption", &live.allow_task_preemption, allow_task_preemption);
    // A job that could have dependencies and has none needs no change.
    let enough = live.uses_task_dependencies || !uses_task_dependencies;
    diff.field_unless("depends_on", enough, &live.uses_task_dependencies, uses_task_dependencies);
    diff.part("network", (&live.network, network), known);
    diff.part("manager_task", (&live.manager_task, manager_task), known);
    diff.part("preparation_task", (&live.preparation_task, preparation_task), known);
    diff.part("release_task", (&live.release_task, release_task), known);
    diff.metadata(&live.metadata, metadata);
    // Between a pool of its own and another, nothing can be changed.
    let touches_auto = [&live.pool, pool].into_iter().any(|pool| matches!(pool, JobPool::Auto { .. }));
    for change in &mut diff.changes {
        // `terminatejob` can't be taken back, and `PATCH /jobs` can't remove a network (REST reference).
        let is_one_way = change.path == "on_complete" && *on_complete == OnComplete::Keep;
        if is_one_way
            || (change.path == "network" && change.after.is_null())
            || (change.path == "pool" && touches_auto)
        {
            change.mutability = Mutability::Replace;
        }
    }
    diff.changes
}

/// Of a pool that the service made for the job, only whether it stays can be changed.
fn diff_pool(diff: &mut FieldDiff<'_>, live: &JobPool, desired: &JobPool, known: Known) {
    match (live, desired) {
        (JobPool::Existing(live), JobPool::Existing(desired)) => diff.field("pool", live, desired),
        (JobPool::Auto { auto: live }, JobPool::Auto { auto: desired }) => {
            diff.part("pool.auto", (live, desired), known);
        }
        _ => diff.part("pool", (live, desired), known),
    }
}

/// The fields of a job that is made.
pub(super) fn introduce(desired: &JobSpec, sources: &FieldSources) -> Vec<FieldChange> {
    let mut diff = FieldDiff::new(sources, MutabilityTable::of_jobs(ApiVersion::CURRENT));
    diff.introduced("display_name", &desired.display_name);
    diff.introduced_part("pool", &desired.pool);
    diff.introduced("priority", &desired.priority);
    diff.introduced("retries", &desired.retries);
    diff.introduced("max_wall_time", &desired.max_wall_time.map(written));
    diff.introduced("environment", &desired.environment);
    diff.introduced("on_complete", &desired.on_complete);
    if desired.on_task_failure != BatchTaskFailureMode::NoAction {
        diff.introduced("on_task_failure", &desired.on_task_failure);
    }
    if desired.max_parallel_tasks != -1 {
        diff.introduced("max_parallel_tasks", &desired.max_parallel_tasks);
    }
    diff.introduced("allow_task_preemption", &desired.allow_task_preemption);
    diff.introduced_part("network", &desired.network);
    diff.introduced_part("manager_task", &desired.manager_task);
    diff.introduced_part("preparation_task", &desired.preparation_task);
    diff.introduced_part("release_task", &desired.release_task);
    diff.introduced("metadata", &desired.metadata);
    diff.changes
}
