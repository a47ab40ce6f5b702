//! The transport to a service in this process.

use std::fmt;

use async_trait::async_trait;
use azure_core::error::ErrorKind;
use azure_core::http::headers::{HeaderName, HeaderValue, Headers};
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Request};
use bytes::Bytes;
use futures::TryStreamExt as _;
use http_body_util::{BodyExt, Full};
use tokio_util::task::AbortOnDropHandle;
use tower::ServiceExt as _;

/// An error of any type.
pub(super) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Hands requests to a tower service.
pub(super) struct InProcess<S> {
    service: S,
}

impl<S> InProcess<S> {
    pub(super) fn new(service: S) -> Self {
        Self { service }
    }
}

impl<S> fmt::Debug for InProcess<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcess").finish_non_exhaustive()
    }
}

#[async_trait]
impl<S, B> HttpClient for InProcess<S>
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
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let request = into_http(request)?;
        let service = self.service.clone();
        // A task of its own, as a server gives every connection: handlers run in parallel, a panic in one of them breaks
        // off this answer only, and a request that the caller drops is dropped by the service too.
        let handling = AbortOnDropHandle::new(tokio::spawn(async move {
            service.oneshot(request).await.map_err(Into::<BoxError>::into)
        }));
        let response = handling
            .await
            .map_err(|error| broken(error, "the service broke off"))?
            .map_err(|error| broken(error, "the service could not take the request"))?;
        let (parts, body) = response.into_parts();
        let body = body.into_data_stream().map_err(|error| broken(error, "the service broke off its answer"));
        Ok(AsyncRawResponse::new(parts.status.as_u16().into(), from_http(&parts.headers), Box::pin(body)))
    }
}

fn broken(error: impl Into<BoxError>, message: &'static str) -> azure_core::Error {
    azure_core::Error::with_error(ErrorKind::Io, error, message)
}

fn unsendable(error: impl Into<BoxError>) -> azure_core::Error {
    azure_core::Error::with_error(ErrorKind::Other, error, "the request can't be written as HTTP")
}

/// The request as a server receives it: an origin-form target, and the authority in the `Host` header.
fn into_http(request: &Request) -> azure_core::Result<::http::Request<Full<Bytes>>> {
    let url = request.url();
    let host = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    };
    let mut builder = ::http::Request::builder()
        .method(request.method().as_str())
        .uri(request.path_and_query())
        .header(::http::header::HOST, host);
    for (name, value) in request.headers().iter() {
        builder = builder.header(name.as_str(), value.as_str());
    }
    let Body::Bytes(body) = request.body() else {
        return Err(azure_core::Error::with_message(
            ErrorKind::Other,
            "streamed request bodies are not sent",
        ));
    };
    builder.body(Full::new(body.clone())).map_err(unsendable)
}

fn from_http(headers: &::http::HeaderMap) -> Headers {
    let mut converted = Headers::new();
    for (name, value) in headers {
        // Batch's headers are ASCII. One that isn't text can't be one that we read.
        if let Ok(value) = value.to_str() {
            converted.insert(HeaderName::from(name.as_str().to_owned()), HeaderValue::from(value.to_owned()));
        }
    }
    converted
}
