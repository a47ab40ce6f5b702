//! Requests to the local account, signed for whoever runs it at the moment.

use axum::body::Body;
use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};

use crate::batch::DateTime;
use crate::batch::auth::{SharedKey, SignedRequest};
use crate::clock::{Clock as _, SystemClock};

/// By what scheme the client calls the account, whatever is between: links in answers have it. A server raises links to https where it
/// is asked to, and never lowers them, so https is what every reach of the account can agree on.
const SCHEME: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-forwarded-proto"), HeaderValue::from_static("https"));

const DATE: HeaderName = HeaderName::from_static("ocp-date");

/// Dates and signs a request.
pub(super) fn sign(request: &mut Request<Full<Bytes>>, key: &SharedKey) {
    let date = HeaderValue::try_from(DateTime(SystemClock.now()).to_rfc1123());
    request.headers_mut().extend(date.map(|date| (DATE, date)));
    request.headers_mut().extend([SCHEME]);
    let headers: Vec<(&str, &str)> = request
        .headers()
        .iter()
        .filter_map(|(name, value)| value.to_str().ok().map(|value| (name.as_str(), value)))
        .collect();
    let authorization = HeaderValue::try_from(key.authorize(&SignedRequest {
        method: request.method().as_str(),
        path: request.uri().path(),
        query: request.uri().query().unwrap_or_default(),
        headers: &headers,
    }));
    request.headers_mut().extend(authorization.map(|value| (AUTHORIZATION, value)));
}

/// Why a request did not come through.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    /// Nobody was there to take it: it was not carried out.
    #[error("nobody serves the account at {endpoint} any more")]
    NobodyThere {
        /// Where somebody was.
        endpoint: String,
        /// What the network says.
        source: reqwest::Error,
    },
    /// It can't be written as HTTP.
    #[error("the request can't be sent")]
    Unsendable(#[from] http::Error),
    /// The connection broke: whether it was carried out is not known.
    #[error(transparent)]
    Broken(reqwest::Error),
}

/// Sends a request to the server at `endpoint`. It keeps the name by which the client calls the account, so that links in answers
/// are links for the client.
pub(super) async fn send(
    network: &reqwest::Client,
    endpoint: &str,
    request: Request<Full<Bytes>>,
) -> Result<Response<Body>, SendError> {
    let (mut parts, body) = request.into_parts();
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    parts.uri = format!("{}{target}", endpoint.trim_end_matches('/')).parse().map_err(http::Error::from)?;
    let body = body.collect().await.unwrap_or_else(|never| match never {}).to_bytes();
    let request = reqwest::Request::try_from(Request::from_parts(parts, body)).map_err(SendError::Broken)?;
    let response = network.execute(request).await.map_err(|source| match source.is_connect() {
        true => SendError::NobodyThere { endpoint: endpoint.to_owned(), source },
        false => SendError::Broken(source),
    })?;
    Ok(Response::from(response).map(Body::new))
}
