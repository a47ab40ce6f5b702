//! Who a task runs as.

use serde::{Deserialize, Serialize};
use serde_with::{DisplayFromStr, PickFirst, serde_as, skip_serializing_none};

use super::Confidential;
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

wire_enum!(
    /// How a Windows user logs in.
    LoginMode {
        /// As a batch job: for long work without a desktop.
        Batch = "batch",
        /// As if at the screen.
        Interactive = "interactive",
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

/// A user account on every node of a pool.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserAccount {
    /// Its name, at most 20 characters.
    pub name: String,
    /// Its password; write-only.
    pub password: Option<Confidential>,
    /// What it may do; default `nonadmin`.
    pub elevation_level: Option<ElevationLevel>,
    /// What only Linux has.
    pub linux_user_configuration: Option<LinuxUserConfiguration>,
    /// What only Windows has.
    pub windows_user_configuration: Option<WindowsUserConfiguration>,
}

impl UserAccount {
    /// The longest name, in characters (REST reference, `UserAccount.name`).
    pub const LONGEST_NAME: usize = 20;

    /// The account without what must not be seen.
    pub fn without_secrets(&self) -> Self {
        let linux = self.linux_user_configuration.clone();
        Self {
            password: None,
            linux_user_configuration: linux
                .map(|linux| LinuxUserConfiguration { ssh_private_key: None, ..linux }),
            ..self.clone()
        }
    }

    /// Whether this is the account of that name. As Windows does not tell names apart by case, no pool has two that differ in it
    /// alone.
    pub fn is_called(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// What a user account has on Linux only.
#[serde_as]
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LinuxUserConfiguration {
    /// The number of the user; comes with `gid`.
    #[serde_as(as = "Option<PickFirst<(_, DisplayFromStr)>>")]
    #[serde(default)]
    pub uid: Option<i32>,
    /// The number of its group; comes with `uid`.
    #[serde_as(as = "Option<PickFirst<(_, DisplayFromStr)>>")]
    #[serde(default)]
    pub gid: Option<i32>,
    /// A private key for SSH between nodes, without a passphrase; write-only.
    pub ssh_private_key: Option<Confidential>,
}

/// What a user account has on Windows only.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WindowsUserConfiguration {
    /// How it logs in.
    pub login_mode: Option<LoginMode>,
}
