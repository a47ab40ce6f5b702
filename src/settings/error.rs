//! Why an account can't be reached with what the user gave.

use std::fmt;
use std::path::PathBuf;

use url::Url;

use super::credential::CredentialChoice;
use super::origin::Origin;
use crate::env_vars;

/// What a server gets to see that proves who the user is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Requests that are signed with the account's key. The signature covers neither host nor body, so who gets one can send it
    /// on to the account with another body.
    Signature,
    /// Tokens of Microsoft Entra.
    Token,
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Signature => "requests that are signed with an account's key",
            Self::Token => "tokens of Microsoft Entra",
        })
    }
}

/// Why an account can't be reached with what the user gave.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The account's name is neither `local` nor a URL, and no project file gives it.
    #[error(
        "`{name}` ({origin}) is not an account: use `local`, `azure` (the account in {endpoint}), {named}or a URL such as https://<account>.<region>.batch.azure.com",
        endpoint = env_vars::AZURE_BATCH_ENDPOINT,
        named = named.iter().map(|name| format!("`{name}`, ")).collect::<String>()
    )]
    Account {
        /// What was given.
        name: String,
        /// Who gave it.
        origin: Origin,
        /// The names that project files give.
        named: Vec<String>,
    },
    /// A project file gives an account a URL that is none.
    #[error("`{0}` is no URL")]
    NoUrl(String),
    /// The key of an account can't be found where a project file says that it is.
    #[error("no key for the account {endpoint}: {reason}")]
    Key {
        /// The account's URL.
        endpoint: Url,
        /// Why not.
        reason: String,
    },
    /// `azure` without a URL in the environment.
    #[error("no account to use: set {} to its URL, as for `az batch`", env_vars::AZURE_BATCH_ENDPOINT)]
    NoEndpoint,
    /// No folder for the local account's data.
    #[error(
        "no folder for the local account's data: set HOME or {}, or pass --data",
        env_vars::BATCHYARD_DATA
    )]
    NoDataFolder,
    /// A URL without a key.
    #[error("no key for the account {endpoint}: set {} to its shared key", env_vars::AZURE_BATCH_ACCESS_KEY)]
    NoKey {
        /// The account's URL.
        endpoint: Url,
    },
    /// A credential that is none.
    #[error("`{word}` ({origin}) is no credential; there are {}", CredentialChoice::WORDS)]
    Credential {
        /// What was given.
        word: String,
        /// Who gave it.
        origin: Origin,
    },
    /// Tokens for a URL without TLS.
    #[error(
        "tokens of Microsoft Entra ({origin}) are sent over https only, and the account is at {endpoint}"
    )]
    TokenInTheClear {
        /// The account's URL.
        endpoint: Url,
        /// Who wants tokens.
        origin: Origin,
    },
    /// A proof of who the user is, for a host that only a project file names.
    #[error("{proof} are not sent to {endpoint}, which a project file names: it is no host of Azure Batch")]
    ForeignHost {
        /// The account's URL.
        endpoint: Url,
        /// What it would get.
        proof: Proof,
    },
    /// A URL without TLS that only a project file names.
    #[error(
        "{proof} are sent over https only to an account that a project file names, and this one is at {endpoint}"
    )]
    ProofInTheClear {
        /// The account's URL.
        endpoint: Url,
        /// What would be sent.
        proof: Proof,
    },
    /// A project file's certificates, for a server that gets more than what the project has.
    #[error(
        "{proof} are not sent to {endpoint} on the word of {}: a project file names that certificate as well as the account",
        ca_file.display()
    )]
    ForeignCertificate {
        /// The account's URL.
        endpoint: Url,
        /// The file of certificates.
        ca_file: PathBuf,
        /// What the server would get.
        proof: Proof,
    },
    /// A URL with a password.
    #[error("the URL of the account at {host} carries a user name or password, which no account takes")]
    UserInfo {
        /// Its host.
        host: String,
    },
    /// A URL whose account has no name.
    #[error(
        "the name of the account {endpoint} can't be told from its URL: set {}",
        env_vars::AZURE_BATCH_ACCOUNT
    )]
    NoName {
        /// The account's URL.
        endpoint: Url,
    },
}

impl SettingsError {
    /// What a person could try.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::NoEndpoint => {
                "`az batch account show --resource-group GROUP --name NAME --query accountEndpoint` prints it; \
                 `--account local` works on this machine"
            }
            Self::NoKey { .. } => "`az batch account keys list --resource-group GROUP --name NAME` prints it",
            Self::TokenInTheClear { .. } => {
                "`batchyard emulator --tls` serves over https; an account's key works without"
            }
            Self::ForeignHost { proof: Proof::Token, .. } => {
                "if you trust that host, name its URL yourself: --account URL, or your own batchyard.yaml in ~/.config/batchyard"
            }
            Self::ForeignHost { proof: Proof::Signature, .. } => {
                "if you trust that host, name its URL yourself: --account URL, AZURE_BATCH_ENDPOINT with --account azure, or your own \
                 batchyard.yaml in ~/.config/batchyard; a key that is the project's is a file in its folder, `key: { file: PATH }`"
            }
            Self::ProofInTheClear { .. } => {
                "write https:// if it is served there; if you trust all who are between here and there, name its URL yourself: --account URL"
            }
            Self::ForeignCertificate { .. } => {
                "if you trust that certificate, name it yourself: BATCHYARD_CA_FILE"
            }
            Self::UserInfo { .. } => {
                "write https://<account>.<region>.batch.azure.com, and give the key by AZURE_BATCH_ACCESS_KEY"
            }
            Self::Account { .. }
            | Self::Credential { .. }
            | Self::NoUrl(_)
            | Self::Key { .. }
            | Self::NoName { .. }
            | Self::NoDataFolder => return None,
        };
        Some(text.to_owned())
    }
}
