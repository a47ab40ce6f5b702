//! Upgrades of the operating system of nodes.

use serde::{Deserialize, Serialize};
use serde_with::{DisplayFromStr, PickFirst, serde_as, skip_serializing_none};

use crate::batch::WireDuration;
use crate::batch::wire_enum::wire_enum;

wire_enum!(
    /// How nodes are upgraded.
    UpgradeMode {
        /// All at once.
        Automatic = "automatic",
        /// When the user says so.
        Manual = "manual",
        /// In batches.
        Rolling = "rolling",
    }
);

/// How the nodes of a pool are upgraded.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpgradePolicy {
    /// How.
    pub mode: UpgradeMode,
    /// Upgrades of the operating system that come by themselves.
    #[serde(rename = "automaticOSUpgradePolicy")]
    pub automatic_os_upgrade_policy: Option<AutomaticOsUpgradePolicy>,
    /// Upgrades in batches.
    pub rolling_upgrade_policy: Option<RollingUpgradePolicy>,
}

/// Upgrades of the operating system that come by themselves.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AutomaticOsUpgradePolicy {
    /// Whether a failed upgrade is left as it is.
    pub disable_automatic_rollback: Option<bool>,
    /// Whether newer images are taken.
    #[serde(rename = "enableAutomaticOSUpgrade")]
    pub enable_automatic_os_upgrade: Option<bool>,
    /// Whether they are rolled out in batches.
    pub use_rolling_upgrade_policy: Option<bool>,
    /// Whether nodes with running tasks wait.
    pub os_rolling_upgrade_deferral: Option<bool>,
}

/// Upgrades in batches.
#[serde_as]
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RollingUpgradePolicy {
    /// Whether a batch may span zones.
    pub enable_cross_zone_upgrade: Option<bool>,
    /// The largest part of the nodes in a batch, 5 to 100.
    #[serde_as(as = "Option<PickFirst<(_, DisplayFromStr)>>")]
    #[serde(default)]
    pub max_batch_instance_percent: Option<i32>,
    /// The largest part of the nodes that may be unhealthy, 5 to 100.
    #[serde_as(as = "Option<PickFirst<(_, DisplayFromStr)>>")]
    #[serde(default)]
    pub max_unhealthy_instance_percent: Option<i32>,
    /// The largest part of the upgraded nodes that may be unhealthy, 0 to 100.
    #[serde_as(as = "Option<PickFirst<(_, DisplayFromStr)>>")]
    #[serde(default)]
    pub max_unhealthy_upgraded_instance_percent: Option<i32>,
    /// The pause between batches.
    pub pause_time_between_batches: Option<WireDuration>,
    /// Whether unhealthy nodes come first.
    pub prioritize_unhealthy_instances: Option<bool>,
    /// Whether failed nodes go back when a limit is passed.
    pub rollback_failed_instances_on_policy_breach: Option<bool>,
}
