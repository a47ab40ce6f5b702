//! What can be changed, and how: a table.
//!
//! Sources: the REST reference of `PATCH /pools`, `POST /pools/resize`, `PATCH /jobs` and `PATCH /jobschedules`, api-version 2025-06-01.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::OnChange;

/// How a field of a live object can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mutability {
    /// At once, disturbing nothing.
    Live,
    /// At once; nodes that are there keep the old value until they reboot.
    LiveAfterReboot,
    /// Only while the pool has no nodes.
    AtZeroNodes,
    /// Never: the object must be made anew.
    Replace,
}

/// The fields of a pool, by their paths in the recipe.
const POOL: &[(&str, Mutability)] = &[
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
const JOB: &[(&str, Mutability)] = &[
    ("priority", Mutability::Live),
    ("retries", Mutability::Live),
    ("max_wall_time", Mutability::Live),
    ("on_complete", Mutability::Live),
    ("max_parallel_tasks", Mutability::Live),
    ("allow_task_preemption", Mutability::Live),
    ("network", Mutability::Live),
    ("metadata", Mutability::Live),
    ("on_task_failure", Mutability::Replace),
    ("uses_task_dependencies", Mutability::Replace),
    ("manager_task", Mutability::Replace),
    ("preparation_task", Mutability::Replace),
    ("release_task", Mutability::Replace),
    ("pool", Mutability::Replace),
    ("display_name", Mutability::Replace),
    ("environment", Mutability::Replace),
    ("depends_on", Mutability::Replace),
];

/// The fields of a job schedule, by their paths in the recipe.
const SCHEDULE: &[(&str, Mutability)] = &[
    ("recurrence", Mutability::Live),
    // Jobs that are there keep what they have.
    ("job", Mutability::Live),
    ("metadata", Mutability::Live),
    ("display_name", Mutability::Replace),
];

fn look_up(table: &[(&str, Mutability)], field: &str) -> Mutability {
    let row = |path: &str| table.iter().find(|(name, _)| *name == path).map(|(_, mutability)| *mutability);
    let around = std::iter::successors(Some(field), |path| Some(path.rsplit_once('.')?.0));
    // A field that no row names is treated as the most disruptive: a plan may ask for too much, never for too little.
    { around }.find_map(row).unwrap_or(Mutability::Replace)
}

/// How a field of a pool can be changed.
pub fn pool_mutability(field: &str) -> Mutability {
    look_up(POOL, field)
}

/// How a field of a job can be changed.
pub fn job_mutability(field: &str) -> Mutability {
    look_up(JOB, field)
}

/// How a field of a job schedule can be changed.
pub fn schedule_mutability(field: &str) -> Mutability {
    look_up(SCHEDULE, field)
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
            Self::UpdateLiveAfterReboot => {
                "will be updated in place; nodes keep the old start task until they reboot"
            }
            Self::DrainAndUpdate => "will be drained, updated at zero nodes, and scaled back",
            Self::Replace => "will be deleted and created anew",
            Self::Destroy => "will be destroyed",
            Self::Conflict => "is in conflict",
        }
    }

    /// What a recipe must permit for a change of this class to be applied.
    pub fn permission(self) -> Option<OnChange> {
        match self {
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
        assert_eq!(pool_mutability("vm_size"), Mutability::AtZeroNodes);
        assert_eq!(pool_mutability("no_such_field"), Mutability::Replace);
        assert_eq!(job_mutability("priority"), Mutability::Live);
        assert_eq!(
            job_mutability("metadata.owner"),
            Mutability::Live,
            "what is inside a field is like the field"
        );
    }
}
