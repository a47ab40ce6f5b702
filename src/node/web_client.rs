//! Files of any server, by HTTP.

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use url::Url;

use crate::loopback::is_loopback;

/// How long making a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may be silent.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// What fetches files from servers that are no storage of Azure; made when it is first needed.
#[derive(Debug, Default)]
pub(super) struct WebClient {
    far: OnceLock<reqwest::Client>,
    /// For this machine, where no proxy has anything to do.
    near: OnceLock<reqwest::Client>,
}

/// What a server sends.
pub(super) struct WebAnswer {
    /// How long it says that it is.
    pub(super) length: Option<u64>,
    /// It.
    pub(super) content: BoxStream<'static, Result<Bytes, WebError>>,
}

/// Why a server did not send a file. URLs are shown without what may be secret.
#[derive(Debug, thiserror::Error)]
pub(super) enum WebError {
    /// It answered with something else.
    #[error("{url} answered HTTP {status}")]
    Status { url: String, status: u16 },
    /// It did not answer, or not in time, or not to the end.
    #[error("{url} cannot be fetched: {reason}")]
    Broken { url: String, reason: String, in_time: bool },
}

impl WebClient {
    /// Begins to fetch a file; redirects are followed.
    pub(super) async fn get(&self, url: &Url) -> Result<WebAnswer, WebError> {
        let shown = shown(url);
        let client = self.client(is_loopback(url)).map_err(|error| failure(&shown, error))?;
        let answer = client.get(url.clone()).send().await.map_err(|error| failure(&shown, error))?;
        if !answer.status().is_success() {
            return Err(WebError::Status { url: shown, status: answer.status().as_u16() });
        }
        let length = answer.content_length();
        let content = answer.bytes_stream().map_err(move |error| failure(&shown, error)).boxed();
        Ok(WebAnswer { length, content })
    }

    fn client(&self, local: bool) -> reqwest::Result<&reqwest::Client> {
        let place = if local { &self.near } else { &self.far };
        if let Some(client) = place.get() {
            return Ok(client);
        }
        // reqwest panics when no provider is installed; when another one is, it serves as well, so the result says nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .referer(false);
        if local {
            builder = builder.no_proxy();
        }
        let client = builder.build()?;
        Ok(place.get_or_init(|| client))
    }
}

/// A URL without what may be secret: name and password, query and fragment.
pub(super) fn shown(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}

/// What went wrong. The error's own text would show the whole URL.
fn failure(url: &str, error: reqwest::Error) -> WebError {
    let in_time = !error.is_timeout();
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let reason = cause.to_string().chars().filter(|c| !c.is_control()).take(300).collect();
    WebError::Broken { url: url.to_owned(), reason, in_time }
}
