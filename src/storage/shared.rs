//! Containers and blobs as somebody shares them: by a URL that carries its own proof, a shared access signature, or that needs none.

use std::sync::Arc;
use std::time::Duration;

use azure_core::http::Url;
use futures::Stream;

use super::container_url::{ContainerUrl, is_of_azure};
use super::credentials::{Access, Proof};
use super::error::{Asked, StorageError};
use super::list::{BlobEntry, pages};
use super::target::Target;
use crate::clock::SystemClock;
use crate::secret::Secret;

/// A container, and what its URL allows.
#[derive(Debug, Clone)]
pub struct SharedContainer(Target);

/// A blob, and what its URL allows.
#[derive(Debug, Clone)]
pub struct SharedBlob(pub(super) Target);

impl SharedContainer {
    /// Reads the URL of a container, with or without a signature.
    ///
    /// # Errors
    /// When no container can have this URL. The error shows it up to where a secret may begin.
    pub fn parse(text: &str) -> Result<Self, StorageError> {
        let (address, query) = text.split_once('?').unwrap_or((text, ""));
        let container = ContainerUrl::parse(address).map_err(|error| without_secret(error, address))?;
        Ok(Self(Target { url: container.url().clone(), access: access(query) }))
    }

    /// The blobs whose names begin with `prefix`, page by page; folders are left out.
    pub fn list<'a>(
        &'a self,
        prefix: Option<&'a str>,
    ) -> impl Stream<Item = Result<Vec<BlobEntry>, StorageError>> + Send + use<'a> {
        // A signature does not care for the time.
        pages(&self.0, Arc::new(SystemClock), prefix)
    }

    /// What it did not answer in time.
    pub fn is_late(&self, limit: Duration) -> StorageError {
        self.0.late(limit)
    }

    /// Whether what is sent there, and the proof with it, could be read on its way.
    pub fn is_in_the_clear(&self) -> bool {
        self.0.url.scheme() == "http" && !self.0.is_local()
    }

    /// The blob of that name in the container.
    pub fn blob(&self, name: &str) -> SharedBlob {
        let mut target = self.0.clone();
        if let Ok(mut segments) = target.url.path_segments_mut() {
            segments.pop_if_empty().extend(name.split('/'));
        }
        SharedBlob(target)
    }
}

impl SharedBlob {
    /// Reads the URL of a blob, with or without a signature; `None` if nothing says that it is one.
    pub fn parse(url: &Url) -> Option<Self> {
        let query = url.query().unwrap_or_default();
        let signed = has(query, "sig") && has(query, "sv");
        if !(signed || is_of_azure(url)) || !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        let access = access(query);
        let mut url = url.clone();
        url.set_query(None);
        url.set_fragment(None);
        Some(Self(Target { url, access }))
    }
}

impl std::fmt::Display for SharedContainer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.url.fmt(f)
    }
}

impl std::fmt::Display for SharedBlob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.url.fmt(f)
    }
}

/// The same error, without more of what was given than its host: it may be another secret, in the place of this one.
fn without_secret(error: StorageError, given: &str) -> StorageError {
    let StorageError::Container { reason, .. } = error else { return error };
    let host = Url::parse(given).ok().filter(|url| matches!(url.scheme(), "https" | "http"));
    let host = host.and_then(|url| Some(format!("{}://{}/", url.scheme(), url.host_str()?)));
    StorageError::Container { url: format!("{}[redacted]", host.unwrap_or_default()), reason }
}

/// What the query of a URL proves. What else it says, for instance which snapshot is meant, stays with it.
fn access(query: &str) -> Access {
    // Tools write these into the URLs that they give out, and requests say them themselves.
    let is_own = |pair: &&str| !pair.is_empty() && !["restype=container", "comp=list"].contains(pair);
    let query: Vec<&str> = query.split('#').next().unwrap_or_default().split('&').filter(is_own).collect();
    if query.is_empty() {
        return Access { asked: Asked::Anonymously { unused: None }, shown: None };
    }
    let proof = Proof::Sas(Secret::new(query.join("&")));
    Access { asked: Asked::WithItsSignature, shown: Some((proof, String::new())) }
}

fn has(query: &str, name: &str) -> bool {
    query.split('&').any(|pair| pair.split_once('=').is_some_and(|(own, _)| own == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sas(target: &Target) -> Option<String> {
        match &target.access.shown {
            Some((Proof::Sas(sas), _)) => Some(sas.expose().to_owned()),
            _ => None,
        }
    }

    #[test]
    fn the_signature_of_a_container_is_kept_apart_from_its_url() {
        let signed = SharedContainer::parse(
            "https://mine.blob.core.windows.net/in?restype=container&sv=1&sig=hunter2%3D",
        );
        let signed = signed.unwrap();
        assert_eq!(signed.to_string(), "https://mine.blob.core.windows.net/in");
        assert_eq!(sas(&signed.0).as_deref(), Some("sv=1&sig=hunter2%3D"));
        assert!(!format!("{signed:?}").contains("hunter2"));
        let blob = signed.blob("a b/ü#?.txt");
        assert_eq!(blob.to_string(), "https://mine.blob.core.windows.net/in/a%20b/%C3%BC%23%3F.txt");
        assert_eq!(sas(&blob.0), sas(&signed.0));
        let open = SharedContainer::parse("http://127.0.0.1:10000/mine/in/").unwrap();
        assert_eq!((open.to_string().as_str(), sas(&open.0)), ("http://127.0.0.1:10000/mine/in", None));
        let error = SharedContainer::parse("https://mine.blob.core.windows.net/?sig=hunter2").unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
        let error = |text: &str| SharedContainer::parse(text).unwrap_err().to_string();
        assert_eq!(error("hunter2"), "`[redacted]` is not the URL of a container: that is no URL");
        let hook = error("https://hooks.example.com/services/a/b/hunter2");
        assert!(hook.starts_with("`https://hooks.example.com/[redacted]` is not"), "{hook}");
    }

    #[test]
    fn a_blob_is_known_by_its_host_or_its_signature() {
        let parse = |url: &str| SharedBlob::parse(&Url::parse(url).unwrap());
        let blob =
            parse("https://mine.blob.core.windows.net/in/a%20b?snapshot=1&sv=1&sig=hunter2#x").unwrap();
        assert_eq!(blob.to_string(), "https://mine.blob.core.windows.net/in/a%20b");
        assert_eq!(sas(&blob.0).as_deref(), Some("snapshot=1&sv=1&sig=hunter2"));
        assert_eq!(sas(&parse("https://mine.blob.core.windows.net/in/a").unwrap().0), None);
        assert!(parse("http://127.0.0.1:10000/mine/in/a?sv=1&sig=2").is_some());
        for url in [
            "https://example.com/a?sig=1",
            "http://127.0.0.1:10000/mine/in/a",
            "https://u:p@a.blob.core.windows.net/in/a",
        ] {
            assert!(parse(url).is_none(), "{url}");
        }
    }
}
