//! Which account a command works on.

use std::path::PathBuf;

use url::Url;

use super::Variables;
use crate::env_vars;
use crate::secret::Secret;

/// The account that a user named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountName {
    /// The embedded Azure Batch on this machine.
    Local,
    /// The account that `az batch` would use: its URL is in the environment.
    Azure,
    /// An account by its URL.
    Url(Url),
}

/// Everything that it takes to reach an account.
#[derive(Debug, Clone)]
pub enum AccountSettings {
    /// The embedded Azure Batch, with its data in this folder.
    Local {
        /// The folder.
        data: PathBuf,
    },
    /// An account of Azure Batch, or an emulator elsewhere.
    Remote {
        /// Its URL.
        endpoint: Url,
        /// Its name.
        account: String,
        /// Its shared key, base64.
        key: Secret,
    },
}

/// Why an account can't be reached with what the user gave.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The account's name is neither `local` nor a URL.
    #[error(
        "`{0}` is not an account: use `local`, `azure` (the account in {endpoint}), or a URL such as https://<account>.<region>.batch.azure.com",
        endpoint = env_vars::AZURE_BATCH_ENDPOINT
    )]
    Account(String),
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
                "`az batch account show --resource-group GROUP --name NAME --query accountEndpoint` prints it, \
                 without https://; without --account a command works on this machine"
            }
            Self::NoKey { .. } => "`az batch account keys list --resource-group GROUP --name NAME` prints it",
            Self::NoName { .. } | Self::Account(_) | Self::NoDataFolder => return None,
        };
        Some(text.to_owned())
    }
}

impl AccountName {
    fn parse(text: &str) -> Result<Self, SettingsError> {
        if text.eq_ignore_ascii_case("local") {
            return Ok(Self::Local);
        }
        if text.eq_ignore_ascii_case("azure") {
            return Ok(Self::Azure);
        }
        match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.host().is_some() => Ok(Self::Url(url)),
            _ => Err(SettingsError::Account(text.to_owned())),
        }
    }
}

impl AccountSettings {
    /// Works out the account: the flag, else the environment's, else the local one. `AZURE_BATCH_ENDPOINT` alone never makes a
    /// command leave this machine: that costs money, so it must be asked for.
    ///
    /// # Errors
    /// When what the user gave is not enough.
    pub fn resolve(
        account: Option<&str>,
        data: Option<PathBuf>,
        variables: &Variables,
    ) -> Result<Self, SettingsError> {
        let named = account.or_else(|| variables.get(env_vars::BATCHYARD_ACCOUNT));
        let endpoint = match named.map(AccountName::parse).transpose()? {
            None | Some(AccountName::Local) => {
                let data = data.or_else(|| variables.data_folder()).ok_or(SettingsError::NoDataFolder)?;
                return Ok(Self::Local { data });
            }
            Some(AccountName::Url(endpoint)) => endpoint,
            Some(AccountName::Azure) => {
                let text = variables.get(env_vars::AZURE_BATCH_ENDPOINT).ok_or(SettingsError::NoEndpoint)?;
                match AccountName::parse(text)? {
                    AccountName::Url(endpoint) => endpoint,
                    AccountName::Local | AccountName::Azure => {
                        return Err(SettingsError::Account(text.to_owned()));
                    }
                }
            }
        };
        let account = variables
            .get(env_vars::AZURE_BATCH_ACCOUNT)
            .map(str::to_owned)
            .or_else(|| account_in(&endpoint))
            .ok_or_else(|| SettingsError::NoName { endpoint: endpoint.clone() })?;
        let key = variables
            .get(env_vars::AZURE_BATCH_ACCESS_KEY)
            .ok_or_else(|| SettingsError::NoKey { endpoint: endpoint.clone() })?;
        let key = Secret::new(key);
        Ok(Self::Remote { endpoint, account, key })
    }
}

/// The account's name in `https://<account>.<region>.batch.azure.com`.
fn account_in(endpoint: &Url) -> Option<String> {
    let host = endpoint.domain()?;
    let (name, rest) = host.split_once('.')?;
    rest.contains(".batch.").then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_is_local_unless_something_else_is_said() {
        let home = Variables::from_pairs([("HOME", "/home/ada")]);
        assert!(matches!(AccountSettings::resolve(None, None, &home), Ok(AccountSettings::Local { .. })));
        assert!(matches!(
            AccountSettings::resolve(Some("nowhere"), None, &home),
            Err(SettingsError::Account(_))
        ));
    }

    #[test]
    fn an_account_by_url_takes_its_key_from_the_environment() {
        let url = "https://mine.westeurope.batch.azure.com";
        let without = Variables::from_pairs([]);
        assert!(matches!(
            AccountSettings::resolve(Some(url), None, &without),
            Err(SettingsError::NoKey { .. })
        ));
        let with = Variables::from_pairs([("AZURE_BATCH_ACCESS_KEY", "c2VjcmV0")]);
        let Ok(AccountSettings::Remote { account, .. }) = AccountSettings::resolve(Some(url), None, &with)
        else {
            panic!("the account is remote");
        };
        assert_eq!(account, "mine");
        let other = Variables::from_pairs([("AZURE_BATCH_ACCESS_KEY", "c2VjcmV0")]);
        assert!(matches!(
            AccountSettings::resolve(Some("http://127.0.0.1:1"), None, &other),
            Err(SettingsError::NoName { .. })
        ));
    }
}
