//! Users of a node, for logging in to it.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::written_secret;
use crate::batch::DateTime;
use crate::secret::Secret;

/// The body of `POST /pools/{poolId}/nodes/{nodeId}/users`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchNodeUserCreateOptions {
    /// The user's name.
    pub name: String,
    /// Whether the user is an administrator; default false.
    pub is_admin: Option<bool>,
    /// When the account ends; default in a day.
    pub expiry_time: Option<DateTime>,
    /// The password; write-only.
    #[serde(default, with = "written_secret")]
    pub password: Option<Secret>,
    /// A public key to log in with, on Linux.
    pub ssh_public_key: Option<String>,
}

/// The body of `PUT /pools/{poolId}/nodes/{nodeId}/users/{userName}`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchNodeUserReplaceOptions {
    /// The password; write-only.
    #[serde(default, with = "written_secret")]
    pub password: Option<Secret>,
    /// When the account ends; default in a day.
    pub expiry_time: Option<DateTime>,
    /// A public key to log in with, on Linux.
    pub ssh_public_key: Option<String>,
}
