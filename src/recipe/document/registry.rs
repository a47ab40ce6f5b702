//! Container registries, and references to secrets.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Field;

/// A container registry and how to log in to it: with user name and password, or with a managed identity of the pool.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
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
    #[schemars(regex(pattern = r"^/"), extend("patternErrorMessage" = "expected an ARM id that begins with /subscriptions/"))]
    pub identity: Option<Field<String>>,
}

/// Where a secret is found when it is needed. Exactly one of the keys.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct SecretReference {
    /// Name of an environment variable of the process that applies the recipe.
    #[schemars(length(min = 1), example = &"ACR_PASSWORD")]
    pub env: Option<Field<String>>,
    /// Path of a file; relative paths start at the recipe's folder. A final line break is dropped.
    #[schemars(length(min = 1), example = &"secrets/acr-password")]
    pub file: Option<Field<String>>,
    /// URL of a secret in an Azure Key Vault.
    #[schemars(
        regex(pattern = r"^https://[^/]+/secrets/[^/]+"),
        example = &"https://myvault.vault.azure.net/secrets/acr-password",
        extend("patternErrorMessage" = "expected the URL of a secret: https://<vault>/secrets/<name>")
    )]
    pub key_vault: Option<Field<String>>,
}
