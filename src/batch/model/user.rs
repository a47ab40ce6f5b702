//! Who a task runs as.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use crate::batch::wire_enum::wire_enum;

wire_enum!(
    /// Where an auto user lives.
    AutoUserScope {
        /// A user of the task's own.
        Task = "task",
        /// One user shared by the tasks of a node.
        Pool = "pool",
    }
);

wire_enum!(
    /// What a user may do.
    ElevationLevel {
        /// An ordinary user.
        NonAdmin = "nonadmin",
        /// Root, or a member of the administrators.
        Admin = "admin",
    }
);

/// The user that a task runs as: a named one, or an automatic one.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserIdentity {
    /// A user account of the pool. Excludes `auto_user`.
    pub username: Option<String>,
    /// A user that the service makes. Excludes `username`.
    pub auto_user: Option<AutoUserSpecification>,
}

/// A user that the service makes.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AutoUserSpecification {
    /// Where the user lives; default `pool`.
    pub scope: Option<AutoUserScope>,
    /// What it may do; default `nonadmin`.
    pub elevation_level: Option<ElevationLevel>,
}
