//! What can be changed, and how: a table per version of the REST API.
//!
//! Sources: the REST reference of `PATCH /pools`, `POST /pools/resize`, `PATCH /jobs` and `PATCH /jobschedules`, api-versions
//! 2024-02-01.19.0 to 2025-06-01.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::OnChange;
use crate::batch::ApiVersion;

/// How a field of a live object can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mutability {
    /// At once, disturbing nothing.
    Live,
    /// At once; nodes that are there keep the old value until they reboot.
    LiveAfterReboot,
    /// Only while the job is disabled: its running tasks go back to the queue.
    WhileDisabled,
    /// Only while the pool has no nodes.
    AtZeroNodes,
    /// Never: the object must be made anew.
    Replace,
}

/// A field, by its path in the recipe, and how the newest version changes it.
type Row = (&'static str, Mutability);

/// The fields of a pool, by their paths in the recipe.
const POOL: &[Row] = &[
    ("nodes.dedicated", Mutability::Live),
    ("nodes.spot", Mutability::Live),
    ("start_task", Mutability::LiveAfterReboot),
    ("display_name", Mutability::AtZeroNodes),
    ("vm_size", Mutability::AtZeroNodes),
    ("image", Mutability::AtZeroNodes),
    ("container", Mutability::AtZeroNodes),
    ("container.type", Mutability::AtZeroNodes),
    ("container.prefetch", Mutability::AtZeroNodes),
    ("container.registries", Mutability::AtZeroNodes),
    ("slots_per_node", Mutability::AtZeroNodes),
    ("nodes.autoscale", Mutability::Live),
    ("nodes.autoscale.formula", Mutability::Live),
    ("nodes.autoscale.evaluation_interval", Mutability::Live),
    // Kept from the last resize; a new one takes effect with the next.
    ("resize_timeout", Mutability::Live),
    ("metadata", Mutability::Live),
    ("application_packages", Mutability::LiveAfterReboot),
    ("scheduling_policy", Mutability::AtZeroNodes),
    ("inter_node_communication", Mutability::AtZeroNodes),
    ("network", Mutability::AtZeroNodes),
    ("mounts", Mutability::AtZeroNodes),
    ("user_accounts", Mutability::AtZeroNodes),
    ("os_disk", Mutability::AtZeroNodes),
    // "This cannot be updated", says the reference of the property.
    ("data_disks", Mutability::Replace),
    ("disk_encryption", Mutability::AtZeroNodes),
    ("node_placement", Mutability::AtZeroNodes),
    ("security_profile", Mutability::AtZeroNodes),
    ("extensions", Mutability::AtZeroNodes),
    ("windows", Mutability::AtZeroNodes),
    ("license_type", Mutability::AtZeroNodes),
    ("service_artifact", Mutability::AtZeroNodes),
    ("upgrade_policy", Mutability::AtZeroNodes),
];

/// The fields of a job, by their paths in the recipe.
const JOB: &[Row] = &[
    ("priority", Mutability::Live),
    ("retries", Mutability::Live),
    ("max_wall_time", Mutability::Live),
    ("on_complete", Mutability::Live),
    ("max_parallel_tasks", Mutability::Live),
    ("allow_task_preemption", Mutability::Live),
    ("network", Mutability::Live),
    ("metadata", Mutability::Live),
    ("on_task_failure", Mutability::Replace),
    ("manager_task", Mutability::Replace),
    ("preparation_task", Mutability::Replace),
    ("release_task", Mutability::Replace),
    // Another pool by its id. Between a pool of its own and another, nothing can be changed.
    ("pool", Mutability::WhileDisabled),
    ("pool.auto", Mutability::Replace),
    ("display_name", Mutability::Replace),
    ("environment", Mutability::Replace),
    ("depends_on", Mutability::Replace),
];

/// The fields of a job schedule, by their paths in the recipe.
const SCHEDULE: &[Row] = &[
    ("recurrence", Mutability::Live),
    // Jobs that are there keep what they have.
    ("job", Mutability::Live),
    ("metadata", Mutability::Live),
    ("display_name", Mutability::Replace),
];

/// How the fields of one kind of object can be changed, in one version of the REST API.
#[derive(Debug, Clone, Copy)]
pub struct MutabilityTable {
    rows: &'static [Row],
    version: ApiVersion,
}

impl MutabilityTable {
    /// That of pools.
    pub fn of_pools(version: ApiVersion) -> Self {
        Self { rows: POOL, version }
    }

    /// That of jobs.
    pub fn of_jobs(version: ApiVersion) -> Self {
        Self { rows: JOB, version }
    }

    /// That of job schedules.
    pub fn of_schedules(version: ApiVersion) -> Self {
        Self { rows: SCHEDULE, version }
    }

    /// That of tasks, of which the service changes none: what it can change, their constraints, decides how they run, so a task
    /// that is told otherwise is another task.
    pub fn of_tasks(version: ApiVersion) -> Self {
        Self { rows: &[], version }
    }

    /// How a field can be changed, by its path in the recipe. What is inside a field is like the field; a field that no row names is
    /// treated as the most disruptive: a plan may ask for too much, never for too little.
    pub fn of(&self, field: &str) -> Mutability {
        let row = |path: &str| self.rows.iter().find(|(name, _)| *name == path);
        let around = std::iter::successors(Some(field), |path| Some(path.rsplit_once('.')?.0));
        { around }.find_map(row).map_or(Mutability::Replace, |row| self.in_this_version(row))
    }

    /// The fields that have a row, with how they can be changed.
    pub fn rows(&self) -> impl Iterator<Item = (&'static str, Mutability)> {
        self.rows.iter().map(|row| (row.0, self.in_this_version(row)))
    }

    /// Before 2024-07-01.20.0, `PATCH` knew few of a pool's properties, and no network of a job.
    fn in_this_version(&self, &(field, mutability): &Row) -> Mutability {
        let is_late = mutability == Mutability::AtZeroNodes || (self.is_of_jobs() && field == "network");
        if is_late && self.version < ApiVersion::V2024_07_01 { Mutability::Replace } else { mutability }
    }

    fn is_of_jobs(&self) -> bool {
        std::ptr::eq(self.rows, JOB)
    }
}

/// What a change does to an object, from the harmless to the destructive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeClass {
    /// Nothing.
    Unchanged,
    /// Made.
    Create,
    /// Changed in place.
    UpdateLive,
    /// Changed in place; nodes keep the old value until they reboot.
    UpdateLiveAfterReboot,
    /// Disabled, changed, enabled again; running tasks go back to the queue.
    UpdateWhileDisabled,
    /// Made anew under another id, which takes the place of the old one before that goes.
    CreateFirst,
    /// The nodes are taken away, the pool is changed, the nodes come back.
    DrainAndUpdate,
    /// Deleted and made anew.
    Replace,
    /// Deleted.
    Destroy,
    /// Not ours to change.
    Conflict,
}

impl ChangeClass {
    /// The glyph that stands for it in a plan.
    pub fn glyph(self) -> &'static str {
        match self {
            Self::Unchanged => "=",
            Self::Create => "+",
            Self::UpdateLive => "~",
            Self::UpdateLiveAfterReboot => "~r",
            Self::UpdateWhileDisabled => "~d",
            Self::CreateFirst => "+/-",
            Self::DrainAndUpdate => "~0",
            Self::Replace => "-/+",
            Self::Destroy => "-",
            Self::Conflict => "!",
        }
    }

    /// What a person would call it.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Unchanged => "stays as it is",
            Self::Create => "will be created",
            Self::UpdateLive => "will be updated in place",
            Self::UpdateLiveAfterReboot => "will be updated in place; nodes go by it once they have rebooted",
            Self::UpdateWhileDisabled => "will be disabled, updated, and enabled again",
            Self::CreateFirst => "will be created and take the place of the one that is there",
            Self::DrainAndUpdate => "will be drained, updated at zero nodes, and scaled back",
            Self::Replace => "will be deleted and created anew",
            Self::Destroy => "will be destroyed",
            Self::Conflict => "is in conflict",
        }
    }

    /// What a recipe must permit for a change of this class to be applied.
    pub fn permission(self) -> Option<OnChange> {
        match self {
            Self::CreateFirst => Some(OnChange::BlueGreen),
            Self::DrainAndUpdate => Some(OnChange::Drain),
            Self::Replace => Some(OnChange::Recreate),
            _ => None,
        }
    }
}

impl fmt::Display for ChangeClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.phrase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_field_asks_for_the_most() {
        let (pools, jobs) =
            (MutabilityTable::of_pools(ApiVersion::CURRENT), MutabilityTable::of_jobs(ApiVersion::CURRENT));
        assert_eq!(pools.of("vm_size"), Mutability::AtZeroNodes);
        assert_eq!(pools.of("no_such_field"), Mutability::Replace);
        assert_eq!(jobs.of("priority"), Mutability::Live);
        assert_eq!(jobs.of("metadata.owner"), Mutability::Live, "what is inside a field is like the field");
    }

    #[test]
    fn older_versions_change_less() {
        let then = ApiVersion::V2024_02_01;
        assert_eq!(MutabilityTable::of_pools(then).of("container.prefetch"), Mutability::Replace);
        assert_eq!(MutabilityTable::of_pools(then).of("start_task"), Mutability::LiveAfterReboot);
        assert_eq!(MutabilityTable::of_jobs(then).of("network"), Mutability::Replace);
        assert_eq!(MutabilityTable::of_jobs(ApiVersion::V2024_07_01).of("network"), Mutability::Live);
        assert_eq!(MutabilityTable::of_jobs(then).of("pool"), Mutability::WhileDisabled);
    }
}
