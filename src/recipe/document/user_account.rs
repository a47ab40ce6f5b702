//! User accounts on a pool's nodes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::{Field, SecretReference, Word};
use crate::batch::model::{ElevationLevel, LoginMode};

/// A user account on every node of a pool. Tasks run as it with `user: <name>`.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["UserAccount"]))]
pub struct UserAccount {
    /// Where the password is found. Never the password itself.
    pub password: Field<SecretReference>,
    /// What the user may do.
    #[serde(rename(serialize = "elevationLevel"))]
    #[schemars(extend("default" = "non_admin"))]
    pub elevation: Option<Field<Word<ElevationLevel>>>,
    /// What the account has on Linux only.
    #[serde(rename(serialize = "linuxUserConfiguration"))]
    pub linux: Option<Field<LinuxUser>>,
    /// What the account has on Windows only.
    #[serde(rename(serialize = "windowsUserConfiguration"))]
    pub windows: Option<Field<WindowsUser>>,
}

/// What a user account has on Linux only.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["LinuxUserConfiguration"]))]
pub struct LinuxUser {
    /// The number of the user; comes with `gid`.
    #[schemars(range(min = 0))]
    pub uid: Option<Field<i32>>,
    /// The number of the user's group; comes with `uid`.
    #[schemars(range(min = 0))]
    pub gid: Option<Field<i32>>,
    /// Where a private key is found, without a passphrase, with which the user logs in from one node to another.
    pub ssh_private_key: Option<Field<SecretReference>>,
}

/// What a user account has on Windows only.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["WindowsUserConfiguration"]))]
pub struct WindowsUser {
    /// How the user logs in.
    pub login_mode: Option<Field<Word<LoginMode>>>,
}
