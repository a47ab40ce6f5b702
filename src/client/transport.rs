//! How requests travel: over the network, or to a service in this process.

use std::sync::Arc;
use std::time::Duration;

use azure_core::http::{HttpClient, Url};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};

use super::in_process::{BoxError, InProcess};
use super::roots::ExtraRoots;
use super::setup_error::SetupError;
use crate::loopback::is_loopback;

/// How long making a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may be silent in the middle of an answer.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// The last link of the pipeline: what carries a signed request to the service.
#[derive(Debug, Clone)]
pub struct HttpTransport(Arc<dyn HttpClient>);

impl HttpTransport {
    /// Over the network to `endpoint`, trusting `roots` beside what the machine trusts. Redirects are not followed, because a
    /// signature is for one host only.
    ///
    /// # Errors
    /// When TLS can't be set up, for example without any trusted root certificates.
    pub fn network(endpoint: &Url, roots: &ExtraRoots) -> Result<Self, SetupError> {
        if is_loopback(endpoint) { Self::direct(roots) } else { Self::outward(roots) }
    }

    /// Over the network, by the proxies that the environment names.
    pub(super) fn outward(roots: &ExtraRoots) -> Result<Self, SetupError> {
        Self::build(reqwest::Client::builder(), roots)
    }

    /// Over the network, past any proxy.
    pub(super) fn direct(roots: &ExtraRoots) -> Result<Self, SetupError> {
        Self::build(reqwest::Client::builder().no_proxy(), roots)
    }

    fn build(builder: reqwest::ClientBuilder, roots: &ExtraRoots) -> Result<Self, SetupError> {
        // reqwest panics when no provider is installed; when another one is, it serves as well, so the result says nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = builder
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT);
        let client = roots.add_to(builder).build().map_err(|source| SetupError::Network { source })?;
        Ok(Self(Arc::new(client)))
    }

    /// To a service in this process, for example a router of HTTP handlers. It receives the requests as a server would
    /// from a socket: signed, with a `Host` header, and with a path and query only.
    pub fn in_process<S, B>(service: S) -> Self
    where
        S: tower::Service<::http::Request<Full<Bytes>>, Response = ::http::Response<B>>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        B: BodyExt<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self(Arc::new(InProcess::new(service)))
    }

    /// The client that the pipeline ends with.
    pub(super) fn into_client(self) -> Arc<dyn HttpClient> {
        self.0
    }
}
