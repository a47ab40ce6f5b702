//! URLs of containers, and what they tell about the account.

use url::{Host, Url};

use super::error::StorageError;
use crate::loopback::is_loopback;

/// Where Azure's own accounts live: `<account>.<one of these>`. Nobody else can answer there.
const AZURE_DOMAINS: &[&str] = &[
    "blob.core.windows.net",
    "blob.core.usgovcloudapi.net",
    "blob.core.chinacloudapi.cn",
    "privatelink.blob.core.windows.net",
];
/// Accounts with a zone of the domain name system: `<account>.<zone>.blob.storage.azure.net`.
const AZURE_ZONES: &str = ".blob.storage.azure.net";
/// The second location of an account that has two, which may be read under the name and key of the first.
const SECONDARY: &str = "-secondary";

/// The URL of a container, without a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerUrl {
    url: Url,
    /// The account that the URL names, if who answers there can only be that account, or this machine.
    account: Option<String>,
    container: String,
}

impl ContainerUrl {
    /// Reads a URL: `https://<account>.blob.core.windows.net/<container>`, or `http://127.0.0.1:10000/<account>/<container>` as
    /// Azurite has them.
    ///
    /// # Errors
    /// When no container can have this URL.
    pub fn parse(text: &str) -> Result<Self, StorageError> {
        let refuse = |reason| {
            // Up to where a secret may begin.
            let shown = text.split(['?', '#']).next().unwrap_or_default();
            let shown = shown.rsplit_once('@').map_or(shown, |(_, host)| host);
            Err(StorageError::Container { url: shown.to_owned(), reason })
        };
        let Ok(mut url) = Url::parse(text) else { return refuse("that is no URL") };
        if !matches!(url.scheme(), "https" | "http") {
            return refuse("its scheme is neither https nor http");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("it carries a user name or a password, which no container has");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("it goes on after the container's name");
        }
        let segments: Vec<String> =
            url.path().split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let (account, container) = match (place(&url), segments.as_slice()) {
            (Place::Named(account), [container]) => (Some(account), container),
            (Place::ByPath, [account, container]) => (is_loopback(&url).then(|| account.clone()), container),
            (Place::Elsewhere, [container] | [_, container]) => (None, container),
            (Place::ByPath, _) => return refuse("its path is not /<account>/<container>"),
            (Place::Named(_) | Place::Elsewhere, _) => return refuse("its path is not /<container>"),
        };
        let container = container.clone();
        url.set_path(&segments.join("/"));
        let encrypted = url.scheme() == "https" || is_loopback(&url);
        Ok(Self { account: account.filter(|_| encrypted), container, url })
    }

    /// The URL.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// The account, if the URL tells it beyond doubt: what is sent there, encrypted or inside this machine, reaches no other.
    pub(super) fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// Whether the container is one of those at a blob endpoint.
    pub(super) fn is_at(&self, endpoint: &Url) -> bool {
        let folder = self.url.path().strip_suffix(&self.container).unwrap_or_default();
        self.url.origin() == endpoint.origin()
            && folder.trim_matches('/') == endpoint.path().trim_matches('/')
    }
}

impl std::fmt::Display for ContainerUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.url.fmt(f)
    }
}

/// Whether only Azure, or an emulator of its storage on this machine, can answer at a URL, by its host's name.
pub(super) fn is_of_azure(url: &Url) -> bool {
    matches!(place(url), Place::Named(_))
}

/// What a host tells about the account.
enum Place {
    /// The account's name is in the host's.
    Named(String),
    /// The account's name is the first part of the path.
    ByPath,
    /// A domain of somebody's own.
    Elsewhere,
}

fn place(url: &Url) -> Place {
    let Some(Host::Domain(host)) = url.host() else { return Place::ByPath };
    let Some((account, domain)) = host.split_once('.') else { return Place::ByPath };
    let azure = AZURE_DOMAINS.contains(&domain) || domain.ends_with(AZURE_ZONES);
    if azure || domain == "blob.localhost" {
        return Place::Named(account.strip_suffix(SECONDARY).unwrap_or(account).to_owned());
    }
    Place::Elsewhere
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(url: &str) -> Option<String> {
        ContainerUrl::parse(url).unwrap().account().map(str::to_owned)
    }

    #[test]
    fn the_account_is_known_where_nobody_else_can_answer() {
        for url in [
            "https://mine.blob.core.windows.net/in",
            "https://mine-secondary.blob.core.windows.net/in/",
            "https://mine.z12.blob.storage.azure.net/$web",
            "https://mine.privatelink.blob.core.windows.net/in",
            "http://127.0.0.1:10000/mine/in",
            "http://[::1]:10000/mine/in",
            "http://localhost:10000/mine/in",
            "http://mine.blob.localhost:10000/in",
        ] {
            assert_eq!(account(url).as_deref(), Some("mine"), "{url}");
        }
        for url in [
            "http://mine.blob.core.windows.net/in",
            "https://mine.blob.core.windows.net.example.com/in",
            "https://data.example.com/in",
            "http://azurite:10000/mine/in",
            "http://10.0.0.1:10000/mine/in",
        ] {
            assert_eq!(account(url), None, "{url}");
        }
    }

    #[test]
    fn what_no_container_has_for_a_url_is_refused_without_its_secrets() {
        for url in [
            "ftp://mine.blob.core.windows.net/in",
            "https://user:hunter2@mine.blob.core.windows.net/in",
            "https://mine.blob.core.windows.net/in?sig=hunter2",
            "https://mine.blob.core.windows.net/in/blob.txt",
            "https://mine.blob.core.windows.net/",
            "http://127.0.0.1:10000/in",
            "not a url",
        ] {
            let error = ContainerUrl::parse(url).unwrap_err().to_string();
            assert!(error.contains("is not the URL of a container") && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn an_endpoint_holds_its_own_containers_only() {
        let container = |url| ContainerUrl::parse(url).unwrap();
        let endpoint = |url| Url::parse(url).unwrap();
        let azurite = endpoint("http://azurite:10000/dev");
        assert!(container("http://azurite:10000/dev/in").is_at(&azurite));
        assert!(!container("http://azurite:10001/dev/in").is_at(&azurite));
        assert!(!container("http://azurite:10000/other/in").is_at(&azurite));
        assert!(container("https://data.example.com/in").is_at(&endpoint("https://data.example.com/")));
    }
}
