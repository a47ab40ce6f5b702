//! Which account a command works on.

use std::collections::BTreeMap;
use std::path::PathBuf;

use url::Url;

use super::credential::{CredentialChoice, EntraChoice};
use super::error::{Proof, SettingsError};
use super::origin::{Origin, Sourced};
use super::secrets::secret_source;
use super::trust;
use super::variables::Variables;
use crate::env_vars;
use crate::secret::{Secret, SecretRef};

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
        /// What proves who asks.
        identity: Identity,
        /// A file of certificates that are trusted beside those that the machine trusts.
        ca_file: Option<PathBuf>,
    },
}

/// What proves who asks.
#[derive(Debug, Clone)]
pub enum Identity {
    /// The account's key.
    SharedKey {
        /// The account's name.
        account: String,
        /// Its key, base64.
        key: Secret,
    },
    /// A token of Microsoft Entra.
    Entra(EntraChoice),
}

impl AccountName {
    fn parse(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("local") {
            return Some(Self::Local);
        }
        if text.eq_ignore_ascii_case("azure") {
            return Some(Self::Azure);
        }
        match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.host().is_some() => {
                Some(Self::Url(url))
            }
            _ => None,
        }
    }
}

/// An account that a project file gives a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedAccount {
    /// On Azure, or an emulator elsewhere.
    Remote {
        /// Its URL.
        endpoint: String,
        /// Its name, if its URL does not tell.
        account: Option<String>,
        /// Where its key is found; in the environment's usual place if absent.
        key: Option<SecretRef>,
        /// What proves who asks, if not the key.
        credential: Option<Sourced<CredentialChoice>>,
        /// A file of certificates to trust.
        ca_file: Option<PathBuf>,
        /// Where paths of key files begin.
        folder: PathBuf,
        /// Whether the file is the user's own rather than that of a project, which may be somebody else's.
        is_users: bool,
    },
    /// On this machine, with its data in this folder.
    Local(PathBuf),
}

/// What was said about the account to work on.
#[derive(Debug, Default)]
pub struct AccountChoice<'a> {
    /// The flag.
    pub flag: Option<&'a str>,
    /// The folder of the local account's data, by a flag.
    pub data: Option<PathBuf>,
    /// What project files say, the nearest first.
    pub defaults: Vec<Sourced<String>>,
    /// The accounts that project files name, by these names.
    pub named: BTreeMap<String, NamedAccount>,
}

impl AccountChoice<'_> {
    /// The name that wins: the flag's, else the environment's, else that of the nearest project file, else `local`.
    /// `AZURE_BATCH_ENDPOINT` alone never makes a command leave this machine: that costs money, so it must be asked for.
    pub fn name(&self, variables: &Variables) -> Sourced<String> {
        let flag = self.flag.map(|name| (name, Origin::Flag("--account")));
        let variable = variables.get(env_vars::BATCHYARD_ACCOUNT);
        let variable = variable.map(|name| (name, Origin::Variable(env_vars::BATCHYARD_ACCOUNT)));
        let said = flag.or(variable).map(|(name, origin)| Sourced { value: name.to_owned(), origin });
        said.or_else(|| self.defaults.first().cloned())
            .unwrap_or_else(|| Sourced { value: "local".to_owned(), origin: Origin::Default })
    }
}

impl AccountSettings {
    /// Works out the account.
    ///
    /// # Errors
    /// When what the user gave is not enough.
    pub fn resolve(choice: &AccountChoice<'_>, variables: &Variables) -> Result<Self, SettingsError> {
        let name = choice.name(variables);
        if let Some(named) = choice.named.get(&name.value) {
            return Self::of_named(named, choice.data.as_ref(), variables);
        }
        let unknown = |name: Sourced<String>| SettingsError::Account {
            name: trust::without_password(&name.value),
            origin: name.origin,
            named: choice.named.keys().cloned().collect(),
        };
        match AccountName::parse(&name.value) {
            None => Err(unknown(name)),
            Some(AccountName::Local) => {
                let data = choice.data.clone().or_else(|| variables.data_folder());
                Ok(Self::Local { data: data.ok_or(SettingsError::NoDataFolder)? })
            }
            Some(AccountName::Url(endpoint)) => {
                let is_users = match &name.origin {
                    Origin::File(path) => variables.is_user_file(path),
                    _ => true,
                };
                Remote { is_by_project: !is_users, ..Remote::at(endpoint) }.resolve(variables)
            }
            Some(AccountName::Azure) => {
                let text = variables.get(env_vars::AZURE_BATCH_ENDPOINT).ok_or(SettingsError::NoEndpoint)?;
                let origin = Origin::Variable(env_vars::AZURE_BATCH_ENDPOINT);
                let given = Sourced { value: text.to_owned(), origin };
                // `az` prints a bare host.
                let is_host = !text.contains("://") && text.contains('.');
                let text = if is_host { format!("https://{text}") } else { text.to_owned() };
                match AccountName::parse(&text) {
                    Some(AccountName::Url(endpoint)) => Remote::at(endpoint).resolve(variables),
                    _ => Err(unknown(given)),
                }
            }
        }
    }

    /// A folder that a flag names wins over that of a project file.
    fn of_named(
        named: &NamedAccount,
        flag: Option<&PathBuf>,
        variables: &Variables,
    ) -> Result<Self, SettingsError> {
        match named {
            NamedAccount::Local(data) => Ok(Self::Local { data: flag.unwrap_or(data).clone() }),
            NamedAccount::Remote { endpoint, account, key, credential, ca_file, folder, is_users } => {
                let url = Url::parse(endpoint)
                    .map_err(|_| SettingsError::NoUrl(trust::without_password(endpoint)))?;
                refuse_user_info(&url)?;
                let has_own_key =
                    matches!(key, Some(SecretRef::File(file)) if trust::is_within(folder, file.as_ref()));
                let find = secret_source(variables.clone(), folder.clone());
                let key = key.as_ref().map(|reference| {
                    find(reference).map_err(|reason| SettingsError::Key { endpoint: url.clone(), reason })
                });
                let named = Remote {
                    endpoint: url,
                    account: account.clone(),
                    key: key.transpose()?,
                    credential: credential.clone(),
                    ca_file: ca_file.clone(),
                    is_by_project: !is_users,
                    has_own_key,
                };
                named.resolve(variables)
            }
        }
    }
}

/// What is said about an account elsewhere, before the environment is asked.
struct Remote {
    endpoint: Url,
    account: Option<String>,
    key: Option<Secret>,
    credential: Option<Sourced<CredentialChoice>>,
    ca_file: Option<PathBuf>,
    /// Whether only a project file says that it is there: whoever wrote that may want nothing but a token, or signatures.
    is_by_project: bool,
    /// Whether the key lies in the project's own folder, so that it is no secret to the project.
    has_own_key: bool,
}

impl Remote {
    fn at(endpoint: Url) -> Self {
        Self {
            endpoint,
            account: None,
            key: None,
            credential: None,
            ca_file: None,
            is_by_project: false,
            has_own_key: false,
        }
    }

    fn resolve(self, variables: &Variables) -> Result<AccountSettings, SettingsError> {
        let endpoint = self.endpoint.clone();
        refuse_user_info(&endpoint)?;
        let choice = self.choose(variables)?;
        let proof = match &choice {
            Some((CredentialChoice::Entra(_), _)) => Proof::Token,
            _ => Proof::Signature,
        };
        match &choice {
            Some((CredentialChoice::Entra(_), origin)) if endpoint.scheme() != "https" => {
                return Err(SettingsError::TokenInTheClear { endpoint, origin: origin.clone() });
            }
            _ if self.is_by_project => self.refuse_to_leak(proof)?,
            _ => {}
        }
        let ca_file = self.trusted(proof, variables)?;
        let identity = match choice {
            Some((CredentialChoice::Entra(choice), _)) => Identity::Entra(choice),
            Some((CredentialChoice::SharedKey, _)) | None => self.shared_key(variables)?,
        };
        Ok(AccountSettings::Remote { endpoint, identity, ca_file })
    }

    /// Refuses to send a proof where a project file wants it to go, unless that is Azure Batch or this machine, or the proof is the
    /// project's anyway.
    fn refuse_to_leak(&self, proof: Proof) -> Result<(), SettingsError> {
        let endpoint = &self.endpoint;
        let is_here = trust::is_loopback(endpoint);
        if !(is_here || self.has_own_key || trust::is_azure_batch(endpoint)) {
            return Err(SettingsError::ForeignHost { endpoint: endpoint.clone(), proof });
        }
        if !is_here && endpoint.scheme() != "https" {
            return Err(SettingsError::ProofInTheClear { endpoint: endpoint.clone(), proof });
        }
        Ok(())
    }

    /// The certificates to trust. Those of a project file don't vouch for who gets a proof that is not the project's: on this
    /// machine, anybody may listen at a port, and elsewhere be between.
    fn trusted(&self, proof: Proof, variables: &Variables) -> Result<Option<PathBuf>, SettingsError> {
        let of_environment = variables.path(env_vars::BATCHYARD_CA_FILE);
        let Some(ca_file) = self.ca_file.clone() else { return Ok(of_environment) };
        if !self.is_by_project || self.has_own_key {
            return Ok(Some(ca_file));
        }
        match of_environment {
            Some(file) => Ok(Some(file)),
            None => {
                let endpoint = self.endpoint.clone();
                Err(SettingsError::ForeignCertificate { endpoint, ca_file, proof })
            }
        }
    }

    /// The credential that was asked for: by the account's own words, else by the environment; else the key, wherever there is one;
    /// else a token, which needs TLS.
    fn choose(&self, variables: &Variables) -> Result<Option<(CredentialChoice, Origin)>, SettingsError> {
        if self.key.is_some() {
            return Ok(None);
        }
        if let Some(Sourced { value, origin }) = &self.credential {
            return Ok(Some((*value, origin.clone())));
        }
        let word = |name| word(name, variables);
        if let Some(choice) = word(env_vars::BATCHYARD_CREDENTIAL)? {
            return Ok(Some(choice));
        }
        let is_key_there = variables.get(env_vars::AZURE_BATCH_ACCESS_KEY).is_some();
        if is_key_there || self.endpoint.scheme() != "https" {
            return Ok(None);
        }
        let any = (CredentialChoice::Entra(EntraChoice::Any), Origin::Default);
        Ok(Some(word(env_vars::AZURE_TOKEN_CREDENTIALS)?.unwrap_or(any)))
    }

    fn shared_key(self, variables: &Variables) -> Result<Identity, SettingsError> {
        let Self { endpoint, account, key, .. } = self;
        let account = account
            // What the environment says is about the account that it names, not about one that has a name of its own.
            .or_else(|| if key.is_some() { account_in(&endpoint) } else { None })
            .or_else(|| variables.get(env_vars::AZURE_BATCH_ACCOUNT).map(str::to_owned))
            .or_else(|| account_in(&endpoint))
            .ok_or_else(|| SettingsError::NoName { endpoint: endpoint.clone() })?;
        let key = key.or_else(|| variables.get(env_vars::AZURE_BATCH_ACCESS_KEY).map(Secret::new));
        Ok(Identity::SharedKey { account, key: key.ok_or(SettingsError::NoKey { endpoint })? })
    }
}

/// The credential that a variable names.
fn word(
    name: &'static str,
    variables: &Variables,
) -> Result<Option<(CredentialChoice, Origin)>, SettingsError> {
    let Some(word) = variables.get(name) else { return Ok(None) };
    match CredentialChoice::parse(word) {
        Some(choice) => Ok(Some((choice, Origin::Variable(name)))),
        None => Err(SettingsError::Credential { word: word.to_owned(), origin: Origin::Variable(name) }),
    }
}

/// Such a URL is told by its host only: what else it carries may be a secret.
fn refuse_user_info(endpoint: &Url) -> Result<(), SettingsError> {
    if endpoint.username().is_empty() && endpoint.password().is_none() {
        return Ok(());
    }
    Err(SettingsError::UserInfo { host: endpoint.host_str().unwrap_or_default().to_owned() })
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

    fn resolve(flag: Option<&str>, variables: &Variables) -> Result<AccountSettings, SettingsError> {
        AccountSettings::resolve(&AccountChoice { flag, ..AccountChoice::default() }, variables)
    }

    fn shared_key(settings: Result<AccountSettings, SettingsError>) -> (String, Secret) {
        match settings {
            Ok(AccountSettings::Remote { identity: Identity::SharedKey { account, key }, .. }) => {
                (account, key)
            }
            other => panic!("{other:?}"),
        }
    }

    fn entra(settings: Result<AccountSettings, SettingsError>) -> EntraChoice {
        match settings {
            Ok(AccountSettings::Remote { identity: Identity::Entra(choice), .. }) => choice,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_account_without_a_key_takes_tokens_and_the_environment_chooses_which() {
        let url = Some("https://mine.westeurope.batch.azure.com");
        assert_eq!(entra(resolve(url, &Variables::from_pairs([]))), EntraChoice::Any);
        let sdk = Variables::from_pairs([("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")]);
        assert_eq!(entra(resolve(url, &sdk)), EntraChoice::ManagedIdentity);
        let key = ("AZURE_BATCH_ACCESS_KEY", "c2VjcmV0");
        shared_key(resolve(url, &Variables::from_pairs([key, ("AZURE_TOKEN_CREDENTIALS", "dev")])));
        let ours = Variables::from_pairs([key, ("BATCHYARD_CREDENTIAL", "azure_cli")]);
        assert_eq!(entra(resolve(url, &ours)), EntraChoice::AzureCli);
        let typo = Variables::from_pairs([("BATCHYARD_CREDENTIAL", "azure_clu")]);
        let error = resolve(url, &typo).unwrap_err().to_string();
        assert!(error.starts_with("`azure_clu` (BATCHYARD_CREDENTIAL) is no credential"), "{error}");
        let key = Variables::from_pairs([("BATCHYARD_CREDENTIAL", "shared_key")]);
        assert!(matches!(resolve(url, &key), Err(SettingsError::NoKey { .. })));
        let clear = resolve(Some("http://127.0.0.1:1"), &ours);
        assert!(matches!(clear, Err(SettingsError::TokenInTheClear { .. })), "{clear:?}");
    }

    #[test]
    fn a_project_file_sends_no_token_to_hosts_that_are_not_azures() {
        let resolve = |endpoint: &str| {
            let named = NamedAccount::Remote {
                endpoint: endpoint.to_owned(),
                account: None,
                key: None,
                credential: Some(Sourced {
                    value: CredentialChoice::Entra(EntraChoice::AzureCli),
                    origin: Origin::File("batchyard.yaml".into()),
                }),
                ca_file: None,
                folder: PathBuf::new(),
                is_users: false,
            };
            let named = BTreeMap::from([("prod".to_owned(), named)]);
            let choice = AccountChoice { flag: Some("prod"), named, ..AccountChoice::default() };
            AccountSettings::resolve(&choice, &Variables::from_pairs([]))
        };
        for azure in [
            "https://a.westeurope.batch.azure.com",
            "https://a.chinanorth2.batch.azure.cn",
            "https://a.usgovvirginia.batch.usgovcloudapi.net",
            "https://localhost:10100",
            "https://[::1]:10100",
        ] {
            assert_eq!(entra(resolve(azure)), EntraChoice::AzureCli, "{azure}");
        }
        for foreign in ["https://a.batch.azure.com.evil.example", "https://evil.example", "https://10.0.0.1"]
        {
            assert!(matches!(resolve(foreign), Err(SettingsError::ForeignHost { .. })), "{foreign}");
        }
        let clear = resolve("http://127.0.0.1:1").unwrap_err();
        assert!(matches!(clear, SettingsError::TokenInTheClear { .. }), "{clear}");
        assert!(clear.to_string().contains("batchyard.yaml"), "{clear}");
        entra(self::resolve(Some("https://gateway.example"), &Variables::from_pairs([])));
    }

    /// An account `mine` of a project file, before it is changed.
    fn of_project(endpoint: &str) -> Remote {
        Remote {
            account: Some("mine".to_owned()),
            is_by_project: true,
            ..Remote::at(Url::parse(endpoint).unwrap())
        }
    }

    #[test]
    fn a_project_file_has_nothing_signed_for_hosts_that_are_not_azures() {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("project");
        std::fs::create_dir(&project).unwrap();
        std::fs::write(project.join("own"), "b3du").unwrap();
        std::fs::write(folder.path().join("outside"), "b3V0").unwrap();
        std::os::unix::fs::symlink(folder.path().join("outside"), project.join("link")).unwrap();
        let at = |endpoint: &str, key: Option<SecretRef>, is_users| {
            let named = NamedAccount::Remote {
                endpoint: endpoint.to_owned(),
                account: Some("mine".to_owned()),
                key,
                credential: None,
                ca_file: None,
                folder: project.clone(),
                is_users,
            };
            let named = BTreeMap::from([("prod".to_owned(), named)]);
            let choice = AccountChoice { flag: Some("prod"), named, ..AccountChoice::default() };
            let variables = Variables::from_pairs([("AZURE_BATCH_ACCESS_KEY", "c2VjcmV0")]);
            AccountSettings::resolve(&choice, &variables)
        };
        let file = |path: &str| Some(SecretRef::File(path.into()));
        let environments = || Some(SecretRef::Env("AZURE_BATCH_ACCESS_KEY".into()));
        for azure in ["https://a.westeurope.batch.azure.com", "http://127.0.0.1:1", "https://localhost:1"] {
            shared_key(at(azure, None, false));
            shared_key(at(azure, environments(), false));
        }
        let foreign = "https://evil.example";
        for key in [None, environments(), file("../outside"), file("link")] {
            let error = at(foreign, key, false).unwrap_err();
            assert!(matches!(error, SettingsError::ForeignHost { proof: Proof::Signature, .. }), "{error}");
            assert!(error.hint().unwrap().contains("--account URL"));
        }
        shared_key(at(foreign, file("own"), false));
        for clear in ["http://evil.example", "http://a.westeurope.batch.azure.com"] {
            let error = at(clear, file("own"), false).unwrap_err();
            assert!(matches!(error, SettingsError::ProofInTheClear { .. }), "{error}");
        }
        shared_key(at(foreign, None, true));
        shared_key(at("http://10.0.0.1", None, true));
    }

    #[test]
    fn a_url_that_a_project_file_has_for_its_default_is_that_of_a_project_file() {
        let variables = Variables::from_pairs([
            ("HOME", "/home/ada"),
            ("AZURE_BATCH_ACCESS_KEY", "c2VjcmV0"),
            ("AZURE_BATCH_ACCOUNT", "mine"),
        ]);
        let of_file = |file: &str| {
            let origin = Origin::File(file.into());
            let defaults = vec![Sourced { value: "https://gateway.example".to_owned(), origin }];
            AccountSettings::resolve(&AccountChoice { defaults, ..AccountChoice::default() }, &variables)
        };
        assert!(matches!(of_file("/src/batchyard.yaml"), Err(SettingsError::ForeignHost { .. })));
        shared_key(of_file("/home/ada/.config/batchyard/batchyard.yaml"));
    }

    #[test]
    fn the_certificates_of_a_project_file_vouch_for_nobody_who_gets_what_is_not_the_projects() {
        let trusted = |change: fn(&mut Remote), variables: &Variables| {
            let mut remote = of_project("https://localhost:10100");
            remote.ca_file = Some("theirs.pem".into());
            change(&mut remote);
            match remote.resolve(variables) {
                Ok(AccountSettings::Remote { ca_file, .. }) => Ok(ca_file.unwrap().display().to_string()),
                Err(error) => Err(error),
                other => panic!("{other:?}"),
            }
        };
        let none = Variables::from_pairs([]);
        let key = Variables::from_pairs([("AZURE_BATCH_ACCESS_KEY", "c2VjcmV0")]);
        for variables in [&none, &key] {
            let error = trusted(|_| (), variables).unwrap_err();
            assert!(matches!(error, SettingsError::ForeignCertificate { .. }), "{error}");
            assert!(error.hint().unwrap().contains("BATCHYARD_CA_FILE"));
        }
        let mine = Variables::from_pairs([("BATCHYARD_CA_FILE", "mine.pem")]);
        assert_eq!(trusted(|_| (), &mine).unwrap(), "mine.pem");
        assert_eq!(trusted(|remote| remote.is_by_project = false, &mine).unwrap(), "theirs.pem");
        let own = |remote: &mut Remote| (remote.key, remote.has_own_key) = (Some(Secret::new("b3du")), true);
        assert_eq!(trusted(own, &none).unwrap(), "theirs.pem");
    }

    #[test]
    fn a_password_in_a_url_is_refused_and_not_repeated() {
        let url = "https://ada:hunter2@evil.example";
        let project = of_project(url).resolve(&Variables::from_pairs([])).unwrap_err();
        assert_eq!(
            project.to_string(),
            "the URL of the account at evil.example carries a user name or password, which no account takes"
        );
        for text in [url, "https://ada:hunter2@evil.example:99999"] {
            let error = resolve(Some(text), &Variables::from_pairs([])).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_bare_host_in_the_environment_as_az_prints_it_is_one_of_https() {
        let variables = Variables::from_pairs([
            ("AZURE_BATCH_ENDPOINT", "mine.westeurope.batch.azure.com"),
            ("AZURE_BATCH_ACCESS_KEY", "c2VjcmV0"),
        ]);
        match resolve(Some("azure"), &variables) {
            Ok(AccountSettings::Remote { endpoint, .. }) => {
                assert_eq!(endpoint.as_str(), "https://mine.westeurope.batch.azure.com/");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_account_is_local_unless_something_else_is_said() {
        let home = Variables::from_pairs([("HOME", "/home/ada")]);
        assert!(matches!(resolve(None, &home), Ok(AccountSettings::Local { .. })));
        let error = resolve(Some("nowhere"), &home).unwrap_err().to_string();
        assert!(error.starts_with("`nowhere` (--account) is not an account"), "{error}");
    }

    #[test]
    fn an_account_by_url_takes_its_key_from_the_environment() {
        let url = "https://mine.westeurope.batch.azure.com";
        let http =
            resolve(Some("http://127.0.0.1:1"), &Variables::from_pairs([("AZURE_BATCH_ACCOUNT", "a")]));
        assert!(matches!(http, Err(SettingsError::NoKey { .. })));
        let with = Variables::from_pairs([("AZURE_BATCH_ACCESS_KEY", "c2VjcmV0")]);
        let (account, _) = shared_key(resolve(Some(url), &with));
        assert_eq!(account, "mine");
        let other = Variables::from_pairs([("AZURE_BATCH_ACCESS_KEY", "c2VjcmV0")]);
        assert!(matches!(resolve(Some("http://127.0.0.1:1"), &other), Err(SettingsError::NoName { .. })));
    }

    #[test]
    fn the_flag_wins_over_the_environment_over_the_nearest_file() {
        let from = |file: &str| Sourced { value: file.to_owned(), origin: Origin::File(file.into()) };
        let defaults = vec![from("project"), from("user")];
        let name = |flag, variables: &Variables, defaults: &[Sourced<String>]| {
            let choice = AccountChoice { flag, defaults: defaults.to_vec(), ..AccountChoice::default() };
            let name = choice.name(variables);
            (name.value, name.origin.to_string())
        };
        let variables = Variables::from_pairs([("BATCHYARD_ACCOUNT", "env")]);
        let none = Variables::from_pairs([]);
        let pair = |name: &str, origin: &str| (name.to_owned(), origin.to_owned());
        assert_eq!(name(Some("flag"), &variables, &defaults), pair("flag", "--account"));
        assert_eq!(name(None, &variables, &defaults), pair("env", "BATCHYARD_ACCOUNT"));
        assert_eq!(name(None, &none, &defaults), pair("project", "project"));
        assert_eq!(name(None, &none, &[]), pair("local", "by default"));
    }

    #[test]
    fn a_named_account_has_its_own_key_and_name() {
        let remote = |account: Option<&str>, key| NamedAccount::Remote {
            endpoint: "https://prod.westeurope.batch.azure.com".into(),
            account: account.map(str::to_owned),
            key,
            credential: None,
            ca_file: None,
            folder: PathBuf::new(),
            is_users: false,
        };
        let resolve = |named: NamedAccount, variables: &Variables| {
            let named = BTreeMap::from([("prod".to_owned(), named)]);
            let choice = AccountChoice { flag: Some("prod"), named, ..AccountChoice::default() };
            AccountSettings::resolve(&choice, variables)
        };
        let variables = Variables::from_pairs([
            ("AZURE_BATCH_ACCOUNT", "other"),
            ("AZURE_BATCH_ACCESS_KEY", "b3RoZXI="),
            ("PROD_KEY", "cHJvZA=="),
        ]);
        let of_env = |name: &str| Some(SecretRef::Env(name.into()));
        let (account, key) = shared_key(resolve(remote(None, of_env("PROD_KEY")), &variables));
        assert_eq!((account.as_str(), key.expose()), ("prod", "cHJvZA=="));
        let (account, _) = shared_key(resolve(remote(Some("mine"), None), &variables));
        assert_eq!(account, "mine");
        let error = resolve(remote(None, of_env("NOPE")), &variables).unwrap_err().to_string();
        assert!(error.contains("NOPE is not set"), "{error}");
        let local = resolve(NamedAccount::Local("x".into()), &variables);
        assert!(matches!(local, Ok(AccountSettings::Local { data }) if data.as_os_str() == "x"));
    }

    #[test]
    fn the_folder_of_a_flag_wins_over_the_named_accounts_and_that_over_the_environments() {
        let variables = Variables::from_pairs([("BATCHYARD_DATA", "/env"), ("HOME", "/home/ada")]);
        let data = |account: &'static str, flag: Option<&str>| {
            let named = BTreeMap::from([("scratch".to_owned(), NamedAccount::Local("file".into()))]);
            let data = flag.map(PathBuf::from);
            let choice = AccountChoice { flag: Some(account), data, named, ..AccountChoice::default() };
            match AccountSettings::resolve(&choice, &variables) {
                Ok(AccountSettings::Local { data }) => data.display().to_string(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(data("scratch", Some("flag")), "flag");
        assert_eq!(data("scratch", None), "file");
        assert_eq!(data("local", Some("flag")), "flag");
        assert_eq!(data("local", None), "/env");
    }
}
