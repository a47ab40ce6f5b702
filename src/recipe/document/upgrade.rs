//! Upgrades of the operating system of a pool's nodes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::{DurationText, Field, Word};
use crate::batch::model::UpgradeMode;

/// How the operating system of the nodes is upgraded.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["UpgradePolicy"]))]
pub struct Upgrade {
    /// How nodes are upgraded.
    pub mode: Field<Word<UpgradeMode>>,
    /// Upgrades that come by themselves.
    #[serde(rename(serialize = "automaticOSUpgradePolicy"))]
    pub automatic_os_upgrade_policy: Option<Field<AutomaticOsUpgrade>>,
    /// Upgrades in batches.
    pub rolling_upgrade_policy: Option<Field<RollingUpgrade>>,
}

/// Upgrades that come by themselves.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["AutomaticOsUpgradePolicy"]))]
pub struct AutomaticOsUpgrade {
    /// Whether a failed upgrade is left as it is.
    pub disable_automatic_rollback: Option<Field<bool>>,
    /// Whether newer images are taken by themselves.
    #[serde(rename(serialize = "enableAutomaticOSUpgrade"))]
    pub enable_automatic_os_upgrade: Option<Field<bool>>,
    /// Whether they come in batches.
    pub use_rolling_upgrade_policy: Option<Field<bool>>,
    /// Whether the upgrade of a node waits for its tasks.
    pub os_rolling_upgrade_deferral: Option<Field<bool>>,
}

/// Upgrades in batches.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["RollingUpgradePolicy"]))]
pub struct RollingUpgrade {
    /// Whether a batch may span zones.
    pub enable_cross_zone_upgrade: Option<Field<bool>>,
    /// The largest part of the nodes in one batch, in percent.
    #[schemars(range(min = 5, max = 100))]
    pub max_batch_instance_percent: Option<Field<i32>>,
    /// The largest part of the nodes that may be unhealthy at any time, in percent.
    #[schemars(range(min = 5, max = 100))]
    pub max_unhealthy_instance_percent: Option<Field<i32>>,
    /// The largest part of the upgraded nodes that may be unhealthy, in percent.
    #[schemars(range(min = 0, max = 100))]
    pub max_unhealthy_upgraded_instance_percent: Option<Field<i32>>,
    /// The pause between two batches.
    pub pause_time_between_batches: Option<Field<DurationText>>,
    /// Whether unhealthy nodes come first.
    pub prioritize_unhealthy_instances: Option<Field<bool>>,
    /// Whether failed nodes go back to the old version when a limit is passed.
    pub rollback_failed_instances_on_policy_breach: Option<Field<bool>>,
}
