//! How requests travel: bounded, dated, and with a proof for one host only.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::error::ErrorKind;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{
    AsyncRawResponse, ClientOptions, Context, ExponentialRetryOptions, HttpClient, Method, Request,
    RetryOptions, Transport, Url,
};
use bytes::BytesMut;
use futures::TryStreamExt as _;
use jiff::fmt::rfc2822::DateTimePrinter;

use super::credentials::Proof;
use super::error::StorageError;
use super::target::Target;
use crate::clock::Clock;

/// What is asked for has been the same since this version, and every Azurite in use knows it: one refuses versions that are newer
/// than itself.
pub(super) const VERSION: &str = "2021-12-02";
/// How often a request is repeated that met an obstacle that may pass.
const RETRIES: u32 = 3;
/// The most bytes of an answer that is neither a blob nor a list.
const ANSWER_BYTES: usize = 1024 * 1024;
/// How long making a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may be silent.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// A client that takes in no more than so much of an answer.
#[derive(Debug)]
pub(super) struct BoundedClient {
    client: reqwest::Client,
    limit: usize,
    /// Whether what is asked for, and comes, is passed on as it comes, however long it is.
    streams: bool,
}

/// An answer is longer than any that Azure Storage gives.
#[derive(Debug, thiserror::Error)]
#[error("its answer is longer than {limit} bytes")]
pub(super) struct TooLong {
    limit: usize,
}

impl BoundedClient {
    /// Over the network.
    pub(super) fn new(target: &Target, limit: usize) -> Result<Self, StorageError> {
        Ok(Self { client: network(target.is_local())?, limit, streams: false })
    }

    /// Over this client, for blobs, which come as streams.
    pub(super) fn of_blobs(client: reqwest::Client) -> Self {
        Self { client, limit: ANSWER_BYTES, streams: true }
    }
}

/// A client over the network. Redirects are not followed, because a proof is for one host only.
pub(super) fn network(local: bool) -> Result<reqwest::Client, StorageError> {
    // reqwest panics when no provider is installed; when another one is, it serves as well, so the result says nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT);
    if local {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|source| StorageError::Network { source })
}

/// How requests about a target travel: by this transport, proved, and again if an obstacle may pass.
pub(super) fn client_options(
    target: &Target,
    transport: Arc<dyn HttpClient>,
    clock: Arc<dyn Clock>,
) -> ClientOptions {
    // On this machine, nobody who is not there comes back by waiting.
    let max_retries = if target.is_local() { 1 } else { RETRIES };
    let retry = ExponentialRetryOptions { max_retries, ..ExponentialRetryOptions::default() };
    ClientOptions {
        transport: Some(Transport::new(transport)),
        per_try_policies: vec![Arc::new(Authorize { target: target.clone(), clock })],
        retry: RetryOptions::exponential(retry),
        ..ClientOptions::default()
    }
}

#[async_trait]
impl HttpClient for BoundedClient {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let answer = self.client.execute_request(request).await?;
        if self.streams && request.method() == Method::Get && answer.status().is_success() {
            return Ok(answer);
        }
        let (status, headers, mut body) = answer.deconstruct();
        let mut whole = BytesMut::new();
        while let Some(chunk) = body.try_next().await? {
            if whole.len() + chunk.len() > self.limit {
                let too_long = TooLong { limit: self.limit };
                return Err(azure_core::Error::new(ErrorKind::DataConversion, too_long));
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(AsyncRawResponse::from_bytes(status, headers, whole.freeze()))
    }
}

/// Puts the proof on each try of a request.
#[derive(Debug)]
struct Authorize {
    target: Target,
    clock: Arc<dyn Clock>,
}

impl Authorize {
    fn put_on(&self, request: &mut Request) -> azure_core::Result<()> {
        if request.url().origin() != self.target.url.origin() {
            return Err(azure_core::Error::with_message(
                ErrorKind::Credential,
                "the request goes to another host than the one it is meant for, so nothing is proved to it",
            ));
        }
        plain_blanks(request.url_mut());
        let Some((proof, account)) = &self.target.access.shown else { return Ok(()) };
        match proof {
            Proof::Sas(token) => {
                let query = request.url().query().map(|query| format!("{query}&")).unwrap_or_default();
                request.url_mut().set_query(Some(&format!("{query}{}", token.expose())));
            }
            Proof::Key(key) => {
                let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&self.clock.now());
                let date = date.map_err(|error| azure_core::Error::new(ErrorKind::Other, error))?;
                request.insert_header("x-ms-date", date);
                request.headers_mut().remove("authorization");
                let headers: Vec<(&str, &str)> =
                    request.headers().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                let authorization =
                    key.authorize(account, request.method().as_str(), request.url(), &headers);
                request.insert_header("authorization", authorization);
            }
        }
        Ok(())
    }
}

/// Writes blanks in a query as `%20`: the `+` of forms means a plus to some servers.
fn plain_blanks(url: &mut Url) {
    if let Some(query) = url.query().filter(|query| query.contains('+')) {
        let query = query.replace('+', "%20");
        url.set_query(Some(&query));
    }
}

#[async_trait]
impl Policy for Authorize {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let bare = request.url().clone();
        self.put_on(request)?;
        let Some((following, rest)) = next.split_first() else {
            return Err(azure_core::Error::with_message(ErrorKind::Other, "the pipeline has no transport"));
        };
        let answer = following.send(ctx, request, rest).await;
        // The next try begins without a proof.
        *request.url_mut() = bare;
        answer
    }
}

#[cfg(test)]
mod tests {
    use azure_core::http::Method;
    use jiff::Timestamp;

    use super::super::{ContainerUrl, CredentialOptions, Credentials};
    use super::*;
    use crate::clock::ManualClock;
    use crate::secret::Secret;

    fn authorize(options: CredentialOptions) -> Authorize {
        let container = ContainerUrl::parse("http://127.0.0.1:1/mine/in").unwrap();
        let access = Credentials::new(options).unwrap().access(&container);
        let target = Target { url: container.url().clone(), access };
        Authorize { target, clock: Arc::new(ManualClock::starting_at(Timestamp::UNIX_EPOCH)) }
    }

    fn request(url: &str) -> Request {
        Request::new(Url::parse(url).unwrap(), Method::Get)
    }

    #[test]
    fn a_key_signs_and_a_signature_is_appended() {
        let key = CredentialOptions { key: Some(Secret::new("c2VjcmV0")), ..Default::default() };
        let mut signed = request("http://127.0.0.1:1/mine/in?comp=list&prefix=a+b%2Bc");
        authorize(key).put_on(&mut signed).unwrap();
        assert_eq!(signed.url().query(), Some("comp=list&prefix=a%20b%2Bc"));
        let header =
            |name: &'static str| signed.headers().get_optional_string(&name.into()).unwrap_or_default();
        assert_eq!(header("x-ms-date"), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert!(header("authorization").starts_with("SharedKey mine:"), "{}", header("authorization"));
        let sas = CredentialOptions { sas_token: Some(Secret::new("?sv=1&sig=a%2Bb")), ..Default::default() };
        let mut appended = request("http://127.0.0.1:1/mine/in?comp=list");
        authorize(sas).put_on(&mut appended).unwrap();
        assert_eq!(appended.url().query(), Some("comp=list&sv=1&sig=a%2Bb"));
    }

    #[test]
    fn nothing_is_proved_to_another_host() {
        let key = || CredentialOptions { key: Some(Secret::new("c2VjcmV0")), ..Default::default() };
        for url in
            ["http://127.0.0.1:2/mine/in", "https://127.0.0.1:1/mine/in", "http://example.com:1/mine/in"]
        {
            let mut request = request(url);
            assert!(authorize(key()).put_on(&mut request).is_err(), "{url}");
            assert_eq!(request.headers().get_optional_str(&"authorization".into()), None);
        }
    }
}
