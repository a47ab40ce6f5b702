//! The client of one account.

use std::sync::Arc;
use std::time::Duration;

use azure_core::http::policies::Policy;
use azure_core::http::{
    ClientOptions as PipelineOptions, Pipeline, RetryOptions as PipelineRetryOptions, Transport, Url,
};

use super::budget::RetryBudgets;
use super::credential::Credential;
use super::error::ClientError;
use super::http::Http;
use super::request_id::OneRequestId;
use super::retry::RetryOptions;
use super::roots::ExtraRoots;
use super::setup_error::SetupError;
use super::transport::HttpTransport;
use crate::batch::{ApiVersion, DateTime, ETag, Operation};
use crate::clock::{Clock, SystemClock};

/// How a client works, as far as that is not up to the service.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// How requests travel; over the network when absent.
    pub transport: Option<HttpTransport>,
    /// Which certificates are trusted beside those that the machine trusts.
    pub roots: ExtraRoots,
    /// The clock that dates requests and times retries.
    pub clock: Arc<dyn Clock>,
    /// The version of the REST API that is spoken; an operation that ended before it is sent as of its own last version.
    pub api_version: ApiVersion,
    /// How patient the client is.
    pub retry: RetryOptions,
    /// How long one try may take; with streamed answers, until its headers arrive.
    pub try_timeout: Duration,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            transport: None,
            roots: ExtraRoots::default(),
            clock: Arc::new(SystemClock),
            api_version: ApiVersion::CURRENT,
            retry: RetryOptions::default(),
            // The service itself gives up after 30 seconds.
            try_timeout: Duration::from_secs(60),
        }
    }
}

/// A successful answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response<T> {
    /// What the operation returns.
    pub value: T,
    /// The object's version.
    pub etag: Option<ETag>,
    /// When the object last changed.
    pub last_modified: Option<DateTime>,
    /// The id that the service gave the request.
    pub request_id: Option<String>,
}

/// A client of one Batch account. Clones share connections.
#[derive(Debug, Clone)]
pub struct BatchClient {
    pub(super) http: Arc<Http>,
}

impl BatchClient {
    /// A client of the account at `endpoint`, for example `https://<account>.<region>.batch.azure.com`.
    ///
    /// # Errors
    /// When `endpoint` can't be an account's, or HTTP and TLS can't be set up.
    pub fn new(endpoint: Url, credential: Credential, options: ClientOptions) -> Result<Self, SetupError> {
        check_endpoint(&endpoint)?;
        let transport = match options.transport {
            Some(transport) => transport,
            None => HttpTransport::network(&endpoint, &options.roots)?,
        };
        let mut per_try: Vec<Arc<dyn Policy>> = vec![Arc::new(OneRequestId)];
        per_try.extend(credential.into_policy(&endpoint, options.clock.clone())?);
        let pipeline = Pipeline::new(
            Some(env!("CARGO_PKG_NAME")),
            Some(env!("CARGO_PKG_VERSION")),
            PipelineOptions {
                retry: PipelineRetryOptions::none(),
                transport: Some(Transport::new(transport.into_client())),
                ..PipelineOptions::default()
            },
            Vec::new(),
            per_try,
            None,
        );
        let ClientOptions { clock, api_version, retry, try_timeout, .. } = options;
        let budgets = RetryBudgets::new(retry.family_budget);
        let http = Http { endpoint, api_version, pipeline, clock, retry, budgets, try_timeout };
        Ok(Self { http: Arc::new(http) })
    }

    /// The account's URL.
    pub fn endpoint(&self) -> &Url {
        &self.http.endpoint
    }

    /// The version of the REST API that it speaks.
    pub fn api_version(&self) -> ApiVersion {
        self.http.api_version
    }

    /// Carries `operation` out.
    ///
    /// It is sent again, with the same arguments, when it meets an obstacle that may pass; so an error may be the trace of
    /// an earlier try (see [`ClientError::code_is_after_retry`]).
    ///
    /// Dropping the future cancels it: its connection is closed, and it is not sent again. The service may carry out what it
    /// has received all the same.
    ///
    /// # Errors
    /// When the service refuses it, or no answer can be had.
    pub async fn send<Op: Operation>(&self, operation: &Op) -> Result<Response<Op::Output>, ClientError> {
        let answer = self.http.fetch(self.http.request(operation)?).await?;
        Ok(Response {
            value: answer.decode()?,
            etag: answer.etag(),
            last_modified: answer.last_modified(),
            request_id: answer.request_id(),
        })
    }

    /// Carries `operation` out, or returns nothing if its object does not exist.
    ///
    /// # Errors
    /// As [`BatchClient::send`], except for "not found".
    pub async fn find<Op: Operation>(
        &self,
        operation: &Op,
    ) -> Result<Option<Response<Op::Output>>, ClientError> {
        match self.send(operation).await {
            Ok(response) => Ok(Some(response)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the object of `operation` exists, for example of [`PoolExists`](crate::batch::operations::PoolExists).
    ///
    /// # Errors
    /// As [`BatchClient::send`], except for "not found".
    pub async fn exists<Op: Operation>(&self, operation: &Op) -> Result<bool, ClientError> {
        self.find(operation).await.map(|response| response.is_some())
    }
}

fn check_endpoint(endpoint: &Url) -> Result<(), SetupError> {
    let reason = if !matches!(endpoint.scheme(), "http" | "https") {
        "its scheme is neither https nor http"
    } else if endpoint.host_str().is_none_or(str::is_empty) {
        "it names no host"
    } else if !endpoint.username().is_empty() || endpoint.password().is_some() {
        "it carries a user name or password"
    } else if endpoint.query().is_some() || endpoint.fragment().is_some() {
        "it has a query or a fragment"
    } else {
        return Ok(());
    };
    let mut shown = endpoint.clone();
    // Both fail only on URLs that can't have them.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown.set_query(None);
    Err(SetupError::Endpoint { endpoint: shown.to_string(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_plain_http_url() {
        let check = |url: &str| check_endpoint(&Url::parse(url).unwrap());
        assert!(check("https://a.westeurope.batch.azure.com").is_ok());
        assert!(check("http://127.0.0.1:18080/devaccount").is_ok());
        for url in ["ftp://a", "https://u:secret@a", "https://a?sig=secret", "file:///x"] {
            let error = check(url).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
