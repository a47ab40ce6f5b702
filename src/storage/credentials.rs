//! What the user proves to an account of Azure Storage, and to which account only.

use url::Url;

use super::container_url::ContainerUrl;
use super::error::{Asked, StorageError};
use super::shared_key::SharedKey;
use crate::env_vars::{
    AZURE_STORAGE_ACCOUNT, AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN,
    AZURE_STORAGE_SERVICE_ENDPOINT,
};
use crate::secret::Secret;

/// The account of Azurite, and its key: published, and the same everywhere.
const AZURITE_ACCOUNT: &str = "devstoreaccount1";
const AZURITE_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// What the environment says, as `az storage` reads it.
#[derive(Debug, Clone, Default)]
pub struct CredentialOptions {
    /// The account that the key and the token belong to; that of the container's URL if absent.
    pub account: Option<String>,
    /// The account's key, in base64.
    pub key: Option<Secret>,
    /// A shared access signature.
    pub sas_token: Option<Secret>,
    /// A connection string. It wins over key and token.
    pub connection_string: Option<Secret>,
    /// The blob endpoint of the account, where its URL is not Azure's own.
    pub endpoint: Option<String>,
}

/// What the user can prove, the strongest first.
#[derive(Debug, Clone, Default)]
pub struct Credentials(Vec<Credential>);

/// One proof, and whom it may be shown to.
#[derive(Debug, Clone)]
struct Credential {
    variable: &'static str,
    proof: Proof,
    account: Option<String>,
    endpoint: Option<Url>,
}

/// What a request proves itself with.
#[derive(Debug, Clone)]
pub(super) enum Proof {
    Key(SharedKey),
    Sas(Secret),
}

/// How a container is asked.
#[derive(Debug, Clone)]
pub(super) struct Access {
    /// For those who want to know.
    pub(super) asked: Asked,
    /// The proof, and the account that it is of; none for a container that may be open to everyone.
    pub(super) shown: Option<(Proof, String)>,
}

impl Credentials {
    /// Takes what the environment says.
    ///
    /// # Errors
    /// When a variable holds what cannot be used.
    pub fn new(options: CredentialOptions) -> Result<Self, StorageError> {
        let CredentialOptions { account, key, sas_token, connection_string, endpoint } = options;
        let mut all = Vec::new();
        if let Some(text) = connection_string {
            all.push(connection(&text)?);
        }
        let endpoint =
            endpoint.as_deref().map(|text| url(AZURE_STORAGE_SERVICE_ENDPOINT, text)).transpose()?;
        let mut add = |variable, proof| {
            all.push(Credential { variable, proof, account: account.clone(), endpoint: endpoint.clone() });
        };
        if let Some(text) = key {
            add(AZURE_STORAGE_KEY, key_in(AZURE_STORAGE_KEY, &text)?);
        }
        if let Some(text) = sas_token {
            add(AZURE_STORAGE_SAS_TOKEN, sas_in(AZURE_STORAGE_SAS_TOKEN, text.expose())?);
        }
        Ok(Self(all))
    }

    /// How to ask a container: with the first proof that belongs to its account, else without.
    pub(super) fn access(&self, container: &ContainerUrl) -> Access {
        let access = self.0.iter().find_map(|credential| {
            let account = credential.account_at(container)?;
            let shown = Some((credential.proof.clone(), account));
            Some(Access { asked: Asked::With(credential.variable), shown })
        });
        access.unwrap_or_else(|| {
            let unused = self.0.first().map(|credential| credential.why_unused(container));
            Access { asked: Asked::Anonymously { unused }, shown: None }
        })
    }
}

impl Credential {
    /// The account that this is shown to at a container; none if it does not belong there.
    fn account_at(&self, container: &ContainerUrl) -> Option<String> {
        if self.endpoint.as_ref().is_some_and(|endpoint| container.is_at(endpoint)) {
            let account = self.account.as_deref().or(container.account());
            return match &self.proof {
                Proof::Key(_) => account.map(str::to_owned),
                Proof::Sas(_) => Some(account.unwrap_or_default().to_owned()),
            };
        }
        let account = container.account()?;
        let named = self.account.as_deref();
        // An endpoint without a name says that this belongs there and nowhere else.
        let belongs = named.map_or(self.endpoint.is_none(), |named| named == account);
        belongs.then(|| account.to_owned())
    }

    fn why_unused(&self, container: &ContainerUrl) -> String {
        let variable = self.variable;
        match (&self.account, container.account()) {
            (Some(own), Some(account)) if own != account => {
                format!("{variable} was not used: it belongs to the account `{own}`, and this is `{account}`")
            }
            _ if container.url().scheme() == "http" => format!(
                "{variable} was not used: without TLS it is only sent to this machine, and to the endpoint in \
                 {AZURE_STORAGE_CONNECTION_STRING} or {AZURE_STORAGE_SERVICE_ENDPOINT}"
            ),
            _ => format!(
                "{variable} was not used: nothing says that {} belongs to its account; a connection string with a \
                 BlobEndpoint does, or {AZURE_STORAGE_SERVICE_ENDPOINT} with {AZURE_STORAGE_ACCOUNT}",
                container.url().origin().ascii_serialization()
            ),
        }
    }
}

/// Reads a connection string: `Name=value;…`.
fn connection(text: &Secret) -> Result<Credential, StorageError> {
    const VARIABLE: &str = AZURE_STORAGE_CONNECTION_STRING;
    let refuse = |reason| StorageError::Credential { variable: VARIABLE, reason };
    let mut pairs = Vec::new();
    for part in text.expose().split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let pair = part.split_once('=').ok_or_else(|| refuse("it is not a list of Name=value;Name=value"))?;
        pairs.push((pair.0.trim(), pair.1.trim()));
    }
    let value =
        |name: &str| pairs.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| *value);
    if value("UseDevelopmentStorage").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        let proof = key_in(VARIABLE, &Secret::new(AZURITE_KEY))?;
        let account = Some(AZURITE_ACCOUNT.to_owned());
        return Ok(Credential { variable: VARIABLE, proof, account, endpoint: None });
    }
    let account = value("AccountName").map(str::to_owned);
    let endpoint = match (value("BlobEndpoint"), &account) {
        (Some(endpoint), _) => Some(url(VARIABLE, endpoint)?),
        (None, Some(account)) => {
            let scheme = value("DefaultEndpointsProtocol").unwrap_or("https");
            let suffix = value("EndpointSuffix").unwrap_or("core.windows.net");
            Some(url(VARIABLE, &format!("{scheme}://{account}.blob.{suffix}"))?)
        }
        (None, None) => return Err(refuse("it has neither an AccountName nor a BlobEndpoint")),
    };
    let proof = match (value("AccountKey"), value("SharedAccessSignature")) {
        (Some(_), _) if account.is_none() => return Err(refuse("it has an AccountKey and no AccountName")),
        (Some(key), _) => key_in(VARIABLE, &Secret::new(key))?,
        (None, Some(sas)) => sas_in(VARIABLE, sas)?,
        (None, None) => return Err(refuse("it has neither an AccountKey nor a SharedAccessSignature")),
    };
    Ok(Credential { variable: VARIABLE, proof, account, endpoint })
}

fn key_in(variable: &'static str, text: &Secret) -> Result<Proof, StorageError> {
    let reason = "its key is not base64; copy it whole, with its final `=` signs";
    SharedKey::new(text).map(Proof::Key).ok_or(StorageError::Credential { variable, reason })
}

fn sas_in(variable: &'static str, text: &str) -> Result<Proof, StorageError> {
    let token = text.trim().trim_start_matches('?');
    let signed = token.split('&').any(|pair| pair.starts_with("sig="));
    if !signed || token.chars().any(|c| c.is_whitespace() || c.is_control() || c == '#') {
        let reason = "that is no shared access signature, which looks like sv=…&sp=rl&sig=…";
        return Err(StorageError::Credential { variable, reason });
    }
    Ok(Proof::Sas(Secret::new(token)))
}

fn url(variable: &'static str, text: &str) -> Result<Url, StorageError> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "https" | "http"));
    let reason = "its blob endpoint is not a URL, https://…";
    url.ok_or(StorageError::Credential { variable, reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINE: &str = "https://mine.blob.core.windows.net/in";

    fn secret(text: &str) -> Option<Secret> {
        Some(Secret::new(text))
    }

    fn with_key(account: Option<&str>) -> CredentialOptions {
        let account = account.map(str::to_owned);
        CredentialOptions { account, key: secret("c2VjcmV0"), ..CredentialOptions::default() }
    }

    fn with_connection(text: &str) -> CredentialOptions {
        CredentialOptions { connection_string: secret(text), ..CredentialOptions::default() }
    }

    /// `variable@account`, or why nothing is shown.
    fn access(options: CredentialOptions, container: &str) -> String {
        let container = ContainerUrl::parse(container).unwrap();
        match Credentials::new(options).unwrap().access(&container) {
            Access { asked: Asked::With(variable), shown } => format!("{variable}@{}", shown.unwrap().1),
            Access { asked: Asked::WithItsSignature, .. } => "itself".to_owned(),
            Access { asked: Asked::Anonymously { unused }, .. } => {
                unused.unwrap_or_else(|| "anonymous".to_owned())
            }
        }
    }

    #[test]
    fn without_any_a_container_is_asked_anonymously() {
        assert_eq!(access(CredentialOptions::default(), MINE), "anonymous");
    }

    #[test]
    fn a_key_is_for_its_account_only() {
        assert_eq!(access(with_key(None), MINE), "AZURE_STORAGE_KEY@mine");
        assert_eq!(access(with_key(Some("mine")), MINE), "AZURE_STORAGE_KEY@mine");
        let other = access(with_key(Some("theirs")), MINE);
        assert!(other.contains("it belongs to the account `theirs`, and this is `mine`"), "{other}");
        for stranger in ["https://evil.example.com/in", "https://mine.blob.core.windows.net.evil.example/in"]
        {
            let unused = access(with_key(Some("mine")), stranger);
            assert!(unused.contains("nothing says that https://"), "{unused}");
        }
        let plain = access(with_key(Some("mine")), "http://mine.blob.core.windows.net/in");
        assert!(plain.contains("without TLS it is only sent to this machine"), "{plain}");
    }

    #[test]
    fn an_endpoint_makes_a_host_the_accounts() {
        let options = || CredentialOptions {
            endpoint: Some("https://data.example.com".to_owned()),
            ..with_key(Some("mine"))
        };
        assert_eq!(access(options(), "https://data.example.com/in"), "AZURE_STORAGE_KEY@mine");
        assert_eq!(access(options(), MINE), "AZURE_STORAGE_KEY@mine");
        assert!(access(options(), "https://else.example.com/in").contains("was not used"));
        let nameless =
            || CredentialOptions { endpoint: Some("https://data.example.com".to_owned()), ..with_key(None) };
        assert!(access(nameless(), MINE).contains("was not used"));
    }

    #[test]
    fn a_connection_string_says_whom_it_is_for() {
        let text = "DefaultEndpointsProtocol=https;AccountName=mine;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net";
        assert_eq!(access(with_connection(text), MINE), "AZURE_STORAGE_CONNECTION_STRING@mine");
        let theirs = access(with_connection(text), "https://theirs.blob.core.windows.net/in");
        assert!(theirs.contains("belongs to the account `mine`"), "{theirs}");
        let azurite = "AccountName=dev;AccountKey=c2VjcmV0;BlobEndpoint=http://azurite:10000/dev;";
        assert_eq!(
            access(with_connection(azurite), "http://azurite:10000/dev/in"),
            "AZURE_STORAGE_CONNECTION_STRING@dev"
        );
        let sas = "BlobEndpoint=https://mine.blob.core.windows.net/;SharedAccessSignature=sv=1&sig=a%3D";
        assert_eq!(access(with_connection(sas), MINE), "AZURE_STORAGE_CONNECTION_STRING@mine");
        let local = with_connection("UseDevelopmentStorage=true");
        assert_eq!(
            access(local.clone(), "http://127.0.0.1:4711/devstoreaccount1/in"),
            "AZURE_STORAGE_CONNECTION_STRING@devstoreaccount1"
        );
        assert!(access(local, MINE).contains("was not used"));
    }

    #[test]
    fn the_next_credential_is_tried_where_the_first_does_not_belong() {
        let text = "AccountName=theirs;AccountKey=c2VjcmV0";
        let options = CredentialOptions { connection_string: secret(text), ..with_key(Some("mine")) };
        assert_eq!(access(options, MINE), "AZURE_STORAGE_KEY@mine");
    }

    #[test]
    fn what_cannot_be_used_is_refused_by_its_variable_and_without_its_value() {
        let refused = |options| Credentials::new(options).unwrap_err().to_string();
        let hidden = |text: String, variable: &str| {
            assert!(text.starts_with(variable) && !text.contains("hunter2"), "{text}");
        };
        hidden(
            refused(CredentialOptions { key: secret("hunter2!"), ..Default::default() }),
            "AZURE_STORAGE_KEY ",
        );
        let sas = CredentialOptions { sas_token: secret("hunter2"), ..Default::default() };
        hidden(refused(sas), "AZURE_STORAGE_SAS_TOKEN ");
        for text in ["hunter2", "AccountName=a", "AccountKey=hunter2", "AccountName=a;AccountKey=hunter2!"] {
            hidden(refused(with_connection(text)), "AZURE_STORAGE_CONNECTION_STRING ");
        }
        let endpoint = CredentialOptions { endpoint: Some("hunter2".to_owned()), ..Default::default() };
        hidden(refused(endpoint), "AZURE_STORAGE_SERVICE_ENDPOINT ");
    }

    #[test]
    fn nothing_of_a_proof_is_shown_by_debug() {
        let options = CredentialOptions {
            sas_token: secret("sv=1&sig=hunter2"),
            connection_string: secret("AccountName=a;AccountKey=aHVudGVyMg=="),
            ..with_key(None)
        };
        let shown = format!("{options:?} {:?}", Credentials::new(options.clone()).unwrap());
        assert!(
            !shown.contains("hunter2") && !shown.contains("aHVudGVyMg") && !shown.contains("c2VjcmV0"),
            "{shown}"
        );
    }
}
