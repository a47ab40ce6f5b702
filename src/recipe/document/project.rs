//! Project files.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Any, Entries, Field, LanguageVersion, SecretReference};

/// A project file, `batchyard.yaml`: what the recipes below its folder have in common. It never holds a key.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// The version of the recipe language.
    pub api_version: Field<LanguageVersion>,
    /// The account to work on when the command line names none: `local`, `azure`, a URL, or one of `accounts`.
    #[schemars(length(min = 1))]
    pub default_account: Option<Field<String>>,
    /// Accounts by the names that `--account` takes.
    #[schemars(extend("propertyNames" = {
        "pattern": "^(?!(?:local|azure)$)[a-z0-9][a-z0-9_-]{0,63}$",
        "patternErrorMessage": "an account's name has lower-case letters, digits, hyphens and underscores, and is neither `local` nor `azure`",
    }))]
    pub accounts: Option<Field<Entries<ProjectAccount>>>,
    /// Where those who work on accounts elsewhere share who does at the moment, and what was done: a lock for each recipe, and its
    /// history.
    pub record: Option<Field<ProjectRecord>>,
    /// Values of parameters, for all recipes that declare them; the command line, parameter files and the environment win.
    pub parameters: Option<Field<Entries<Any>>>,
    /// Files that are laid over every recipe, by their paths from this file; a later one wins, and `--overlay` wins over all.
    #[schemars(inner(length(min = 1)), extend("examples" = [["overlays/prod.yaml"]]))]
    pub overlays: Option<Field<Vec<Field<String>>>>,
    /// Folders of recipes that `extends: library:NAME` finds, by their paths from this file; an earlier one wins.
    #[schemars(inner(length(min = 1)), extend("examples" = [["recipes"]]))]
    pub library: Option<Field<Vec<Field<String>>>>,
}

/// What proves to an account who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// The account's key.
    SharedKey,
    /// A token, by whichever of the following gives one, in this order.
    Default,
    /// A token for the service principal in AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET.
    Environment,
    /// A token for a workload identity of Kubernetes.
    WorkloadIdentity,
    /// A token for the machine's identity; that in AZURE_CLIENT_ID if it has several.
    ManagedIdentity,
    /// A token for whoever is signed in to the Azure CLI.
    AzureCli,
}

/// An account: on Azure, by its URL, or on this machine, by its folder.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "examples" = [
    { "endpoint": "https://myaccount.westeurope.batch.azure.com", "key": { "env": "MYACCOUNT_KEY" } },
    { "endpoint": "https://myaccount.westeurope.batch.azure.com", "credential": "azure_cli" },
    { "data": "state" },
]))]
pub struct ProjectAccount {
    /// The URL of the account.
    #[schemars(
        regex(pattern = r"^https?://[^/?#]+/?$"),
        example = &"https://myaccount.westeurope.batch.azure.com",
        extend("patternErrorMessage" = "expected the URL of an account: https://<account>.<region>.batch.azure.com")
    )]
    pub endpoint: Option<Field<String>>,
    /// The account's name; that in its URL if absent.
    #[schemars(length(min = 1))]
    pub account: Option<Field<String>>,
    /// Where the shared key is found; AZURE_BATCH_ACCESS_KEY if absent.
    pub key: Option<Field<SecretReference>>,
    /// What proves who asks, instead of `key`: a token of Microsoft Entra, or, with `shared_key`, AZURE_BATCH_ACCESS_KEY.
    /// BATCHYARD_CREDENTIAL if absent; else the key if there is one, and `default` if not.
    pub credential: Option<Field<CredentialKind>>,
    /// A PEM file of certificates to trust beside those that the machine trusts, by its path from this file; BATCHYARD_CA_FILE if
    /// absent. In a project's file it counts only for a key that lies in the project's folder; what is the user's own goes to
    /// servers that BATCHYARD_CA_FILE or the machine vouches for.
    #[schemars(length(min = 1))]
    pub ca_file: Option<Field<String>>,
    /// The folder of a local account's data, by its path from this file, instead of `endpoint`.
    #[schemars(length(min = 1))]
    pub data: Option<Field<String>>,
}

/// A container of Azure Blob Storage.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{ "container_url": { "env": "BATCHYARD_RECORD_URL" } }]))]
pub struct ProjectRecord {
    /// Where the container's URL is found, with a signature that allows to read, add, create, write and list.
    pub container_url: Field<SecretReference>,
}
