//! Credentials: what is a secret, how the recipe refers to it, and what the environment has to hold instead.

use std::collections::HashSet;

use super::names;
use super::section::Section;
use crate::import::log::Log;
use crate::import::yaml::{Map, Yaml};

/// The shortest value that is looked for as a secret wherever texts go.
const SHORTEST: usize = 6;

/// The credentials of a configuration.
#[derive(Debug)]
pub(super) struct Account<'a> {
    credentials: Section<'a>,
    secrets: Vec<Secret>,
}

/// A secret of the credentials: never shown, only looked for.
#[derive(Debug)]
struct Secret {
    value: String,
    path: String,
}

/// A storage account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StorageAccount {
    /// The name by which the configuration calls it.
    pub(super) link: String,
    /// Its name.
    pub(super) name: String,
    /// What its domains end with.
    pub(super) endpoint: String,
}

/// Keys of credentials that hold secrets.
const SECRET_KEYS: &[&str] =
    &["account_key", "password", "auth_key", "instrumentation_key", "db_password", "passphrase"];

impl<'a> Account<'a> {
    /// Reads the credentials.
    pub(super) fn new(credentials: Section<'a>, config: &Section<'a>) -> Self {
        let mut secrets = Vec::new();
        collect(&credentials, &mut secrets);
        collect(&config.at("encryption.pfx"), &mut secrets);
        Self { credentials, secrets }
    }

    /// Says where the account's own credentials go.
    pub(super) fn note_service(&self) {
        let batch = self.credentials.get("batch");
        let log = self.credentials.log();
        let url = batch.get("account_service_url").word().filter(|url| !url.contains('<'));
        if let Some(url) = url {
            let host = url.trim_start_matches("https://").trim_end_matches('/');
            log.variable("AZURE_BATCH_ENDPOINT", format!("https://{host}, for `--account azure`"));
            if let Some(account) =
                host.split('.').next().filter(|name| names::slug(name).as_deref() == Some(name))
            {
                log.variable("AZURE_BATCH_ACCOUNT", format!("{account}, for `--account azure`"));
            }
        } else if batch.is_present() {
            log.variable("AZURE_BATCH_ENDPOINT", "the URL of the Batch account, for `--account azure`");
        }
        if batch.get("account_key").is_present() || batch.get("account_key_keyvault_secret_id").is_present() {
            log.variable("AZURE_BATCH_ACCESS_KEY", from(&batch, "account_key"));
        }
    }

    /// The storage account behind a link. One that the credentials lack is noted.
    pub(super) fn storage(&self, link: &Section<'_>) -> Option<StorageAccount> {
        let name = link.word()?;
        let found = self.credentials.get("storage").get(&name);
        let account = found.get("account").word().unwrap_or_else(|| {
            link.changed(format!(
                "the credentials have no storage account `{name}`; it is taken for the account's name"
            ));
            name.clone()
        });
        let endpoint = found.get("endpoint").word().unwrap_or_else(|| "core.windows.net".to_owned());
        Some(StorageAccount { link: name, name: account, endpoint })
    }

    /// A reference to the key of a storage account.
    pub(super) fn storage_key(&self, account: &StorageAccount) -> Yaml {
        let name = names::variable(&[&account.link, "KEY"]);
        let section = self.credentials.get("storage").get(&account.link);
        self.credentials.log().variable(&name, from(&section, "account_key"));
        Yaml::env(&name)
    }

    /// A reference to the URL of a container, with a signature that allows what is asked for.
    pub(super) fn container_url(&self, account: &StorageAccount, container: &str) -> Yaml {
        let name = names::variable(&[&account.link, container, "URL"]);
        // Somebody may copy this into a shell.
        let is_name = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c));
        if ![account.name.as_str(), account.endpoint.as_str(), container].into_iter().all(is_name) {
            let holds = "the container's URL with a signature; the configuration calls it by names that none can have";
            self.credentials.log().variable(&name, holds);
            return Yaml::env(&name);
        }
        let holds = format!(
            "the container's URL with a signature: https://{}.blob.{}/{container}?$(az storage container generate-sas \
             --account-name {} --name {container} --permissions racwl --expiry … --output tsv)",
            account.name, account.endpoint, account.name
        );
        self.credentials.log().variable(&name, holds);
        Yaml::env(&name)
    }

    /// The registries that are needed, of those that there are logins for: keys and definitions.
    pub(super) fn registries(&self, needed: &[String]) -> Map {
        let mut registries = Map::default();
        let mut taken = HashSet::new();
        for (server, login) in self.credentials.get("docker_registry").entries() {
            let is_hub = server == "hub";
            let host = if is_hub { "docker.io" } else { server };
            if !needed.iter().any(|needed| needed == host) {
                login.dropped("no image of this configuration comes from this registry");
                continue;
            }
            let short = if is_hub { "hub" } else { server.split('.').next().unwrap_or(server) };
            let key = names::unique(&names::slug(short).unwrap_or_else(|| "registry".to_owned()), &mut taken);
            let mut registry = Map::default();
            if !is_hub {
                registry.put("server", Yaml::text(server));
            }
            let variable = names::variable(&["REGISTRY", &key, "PASSWORD"]);
            registry.put("username", Yaml::text(login.get("username").word().unwrap_or_default()));
            registry.put("password", Yaml::env(&variable));
            self.credentials.log().variable(&variable, from(&login, "password"));
            registries.put(&key, registry.in_short());
        }
        registries
    }

    /// The ARM subscription.
    pub(super) fn subscription(&self) -> Option<String> {
        self.credentials.at("management.subscription_id").word()
    }

    /// The resource group of the Batch account.
    pub(super) fn resource_group(&self) -> Option<String> {
        self.credentials.at("batch.resource_group").word()
    }

    /// The key under which the credentials hold a secret that is part of a text.
    pub(super) fn secret_in(&self, text: &str) -> Option<&str> {
        self.secrets.iter().find(|secret| text.contains(&secret.value)).map(|secret| secret.path.as_str())
    }

    /// Takes the secrets of the credentials, and what looks like a secret, out of a text.
    pub(super) fn clean(&self, text: &mut String) {
        for secret in &self.secrets {
            if text.contains(&secret.value) {
                *text = text.replace(&secret.value, &format!("<{}>", secret.path));
            }
        }
        if let Some(what) = crate::recipe::known_secret(text) {
            *text = format!("<{what}, left out>");
        }
    }
}

/// Where a secret comes from, for the person who sets the variable.
fn from(section: &Section<'_>, key: &str) -> String {
    let vault = section.get(&format!("{key}_keyvault_secret_id"));
    match vault.word() {
        Some(id) if crate::recipe::known_secret(&id).is_none() => {
            format!("`az keyvault secret show --id {id} --query value --output tsv`")
        }
        _ => format!("`{}.{key}`", section.path()),
    }
}

fn collect(section: &Section<'_>, secrets: &mut Vec<Secret>) {
    if !section.is_map() {
        return;
    }
    for (key, value) in section.entries() {
        if value.is_map() {
            collect(&value, secrets);
        } else if SECRET_KEYS.contains(&key)
            && let Some(secret) = value.word()
            && secret.len() >= SHORTEST
            && !names::is_placeholder(&secret)
        {
            secrets.push(Secret { value: secret, path: value.path().to_owned() });
        }
    }
}

/// An environment of a task or pool: what looks like a secret becomes a reference.
pub(super) fn environment(variables: &Section<'_>, account: &Account<'_>, log: &Log) -> Map {
    let mut environment = Map::default();
    for (name, value) in variables.entries() {
        let Some(text) = value.text() else { continue };
        if !is_variable_name(name) {
            value.dropped("this is no name of an environment variable");
            continue;
        }
        let looks_secret = crate::recipe::is_secret_name(name) && crate::recipe::may_be_secret(&text);
        if looks_secret || crate::recipe::known_secret(&text).is_some() || account.secret_in(&text).is_some()
        {
            value.changed(format!(
                "a secret: the recipe refers to the variable {name}; the value is not copied"
            ));
            log.variable(name, format!("`{}`", value.path()));
            environment.put(name, Yaml::env(name));
        } else {
            environment.put(name, Yaml::text(crate::import::expressions::inert(&text)));
        }
    }
    environment
}

fn is_variable_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0']) && !name.contains(char::is_whitespace)
}
