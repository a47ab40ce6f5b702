//! Container registries.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Field, Identity, SecretReference};

/// A container registry and how to log in to it: with user name and password, or with a managed identity of the pool.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-rest" = ["ContainerRegistryReference"]))]
pub struct Registry {
    /// Host and port of the registry; `docker.io` if absent.
    #[schemars(length(min = 1), example = &"myregistry.azurecr.io")]
    pub server: Option<Field<String>>,
    /// The user to log in as.
    #[schemars(length(min = 1))]
    pub username: Option<Field<String>>,
    /// Where the password is found. Never the password itself.
    pub password: Option<Field<SecretReference>>,
    /// ARM id of a user-assigned managed identity, instead of user name and password.
    pub identity: Option<Field<Identity>>,
}
