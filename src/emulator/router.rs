//! From a request to an answer: stamp, authorize, find the route, read the body, carry out.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use percent_encoding::percent_decode_str;

use super::account::Account;
use super::answer::{RequestStamp, refuse};
use super::authorize::authorize;
use super::call::Call;
use super::faults::{RequestFault, unanswered};
use super::refusal::Refusal;
use super::{levers, routes, versions};
use crate::batch::auth::query_pairs;
use crate::batch::{ApiVersion, DateTime, ErrorCode};

/// The most bytes of a body.
pub(crate) const MAX_BODY: usize = 1024 * 1024;

/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(60);

/// How long the body of a refused request may take to arrive.
const REFUSED_BODY_TIME: Duration = Duration::from_secs(5);

/// The way in, for requests of any path: routes are matched on the raw path, which no router of prefixes would do.
pub(crate) fn router(account: Arc<Account>, entrance: Entrance) -> axum::Router {
    axum::Router::new().fallback(serve).with_state((account, entrance))
}

/// How requests come in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entrance {
    /// Whether they come over TLS.
    pub(crate) is_secure: bool,
    /// Whether they come from other machines, too, and so to any name that this one goes by.
    pub(crate) is_open: bool,
    /// Whether they come from containers of tasks, who have nothing to ask for but with their tokens.
    pub(crate) is_for_tasks: bool,
}

impl Entrance {
    /// From this process.
    pub(crate) const IN_PROCESS: Self = Self { is_secure: false, is_open: false, is_for_tasks: false };

    /// From containers of tasks.
    pub(crate) const TASKS: Self = Self { is_for_tasks: true, ..Self::IN_PROCESS };

    /// The scheme of the URLs that callers know. Something in between, such as a proxy, may say that it does the TLS; that there is none
    /// where there is, nobody may say, as clients would follow links into the clear.
    fn scheme(self, headers: &HeaderMap) -> &'static str {
        let forwarded = headers.get("x-forwarded-proto").map(HeaderValue::as_bytes);
        if self.is_secure || forwarded == Some(b"https") { "https" } else { "http" }
    }
}

type Way = (Arc<Account>, Entrance);

async fn serve(State((account, entrance)): State<Way>, request: Request<Body>) -> Response<Body> {
    let (parts, mut body) = request.into_parts();
    let stamp = RequestStamp::new(&parts.headers, DateTime(account.clock.now()));
    let head = parts.method == Method::HEAD;
    let authority = authority(&parts);
    let host = format!("{}://{authority}", entrance.scheme(&parts.headers));
    let admitted = if entrance.is_open { Ok(()) } else { refuse_foreign_host(authority) };
    let answer = match admitted {
        Ok(()) => answer(&account, entrance, &host, &parts, &mut body).await,
        Err(refusal) => Err(refusal),
    };
    let mut response = match answer {
        Ok(response) => response,
        Err(error) => {
            // As text, so that the log escapes what the client has written into it.
            let reason = error.to_string();
            tracing::debug!(method = %parts.method, path = parts.uri.path(), error = reason, "refused");
            let mut response = refuse(error, &host, &stamp, head);
            if !discard(body).await {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            response
        }
    };
    stamp.mark(&mut response);
    response
}

async fn answer(
    account: &Arc<Account>,
    entrance: Entrance,
    host: &str,
    parts: &Parts,
    body: &mut Body,
) -> Result<Response<Body>, Refusal> {
    let now = account.clock.now();
    let access = authorize(account, parts, entrance.is_for_tasks, now).await?;
    if let Some(throttle) = &account.throttle {
        throttle.admit(now)?;
    }
    if account.is_at_rest && !matches!(parts.method, Method::GET | Method::HEAD) {
        return Err(Refusal::new(ErrorCode::OPERATION_INVALID_FOR_CURRENT_STATE)
            .with("Reason", "the account is at rest: nobody runs it, and it can only be read"));
    }
    let (prefix, path) = split_prefix(parts.uri.path(), account.key.account());
    if levers::is_lever(path) {
        return levers::pull(account, &parts.method, path, &read(body, &parts.headers).await?).await;
    }
    let query: Vec<(String, String)> = query_pairs(parts.uri.query().unwrap_or_default()).collect();
    let version = version(&query)?;
    let (route, values) = routes::find(&parts.method, path, version)?;
    let parameters = values.into_iter().map(decode).collect::<Result<Vec<_>, _>>()?;
    access.check(&route.spec, &parameters)?;
    let fault = account.faults.of_request(&route.spec);
    if let Some(fault) = fault.filter(|fault| !fault.is_carried_out())
        && let Some(instead) = meet(fault).await
    {
        return instead;
    }
    let call = Call {
        account: Arc::clone(account),
        operation: &route.spec,
        version,
        base: format!("{host}{prefix}"),
        path: path.to_owned(),
        parameters,
        query,
        headers: parts.headers.clone(),
        body: versions::to_present(version, &route.spec, read(body, &parts.headers).await?)?,
    };
    let answer = (route.handle)(call).await;
    if let Some(fault) = fault
        && let Some(instead) = meet(fault).await
    {
        return instead;
    }
    let answer = answer?;
    let status = StatusCode::from_u16(route.spec.success).unwrap_or(StatusCode::OK);
    Ok(answer.in_version(version, &route.spec).respond(status, parts.method == Method::HEAD))
}

/// Waits as long as a fault wants, and gives what it answers in place of what is due.
async fn meet(fault: RequestFault) -> Option<Result<Response<Body>, Refusal>> {
    tokio::time::sleep(fault.delay()).await;
    match fault.is_silence() {
        true => Some(Ok(unanswered())),
        false => fault.refusal().map(Err),
    }
}

fn version(query: &[(String, String)]) -> Result<ApiVersion, Refusal> {
    let named = query.iter().find(|(name, _)| name.eq_ignore_ascii_case("api-version"));
    let Some((_, name)) = named else {
        return Err(Refusal::new(ErrorCode::MISSING_REQUIRED_QUERY_PARAMETER)
            .with("QueryParameterName", "api-version"));
    };
    ApiVersion::parse(name).ok_or_else(|| {
        let known: Vec<&str> = ApiVersion::ALL.iter().map(|version| version.as_str()).collect();
        Refusal::new(ErrorCode::UNSUPPORTED_REQUEST_VERSION)
            .with("QueryParameterValue", name)
            .with("Reason", format!("the embedded Azure Batch speaks {}", known.join(", ")))
    })
}

/// The name and port that the caller reached us by.
fn authority(parts: &Parts) -> &str {
    match parts.uri.authority() {
        Some(authority) => authority.as_str(),
        None => parts.headers.get(HOST).and_then(|value| value.to_str().ok()).unwrap_or("localhost"),
    }
}

/// A web page whose name was made to point at this machine still sends its own name: with the published key it could command the
/// account. Only names of this machine are answered, unless other machines may ask: they need a key that is not published.
fn refuse_foreign_host(authority: &str) -> Result<(), Refusal> {
    let name = authority.rsplit_once(':').map_or(authority, |(name, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { authority }
    });
    let name = name.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    if is_loopback || name.eq_ignore_ascii_case("localhost") {
        return Ok(());
    }
    Err(Refusal::new(ErrorCode::INVALID_HEADER_VALUE).with("HeaderName", "Host").with(
        "Reason",
        "the embedded Azure Batch answers to names of this machine only: 127.0.0.1, localhost",
    ))
}

/// Splits off the account's name where it leads the path, as in the URLs of Azurite.
fn split_prefix<'a>(path: &'a str, account: &str) -> (&'a str, &'a str) {
    let end = account.len() + 1;
    match (path.get(..end), path.get(end..)) {
        (Some(prefix), Some(rest))
            if prefix.get(1..).is_some_and(|name| name.eq_ignore_ascii_case(account))
                && prefix.starts_with('/')
                && rest.starts_with('/') =>
        {
            (prefix, rest)
        }
        _ => ("", path),
    }
}

fn decode(segment: &str) -> Result<String, Refusal> {
    let text = percent_decode_str(segment).decode_utf8();
    text.map(|text| text.into_owned())
        .map_err(|_| Refusal::new(ErrorCode::INVALID_URI).with("Reason", "the path is not UTF-8"))
}

/// The whole body. Only one whose length was said is read: the signature covers the length, and nothing else of a body.
async fn read(body: &mut Body, headers: &HeaderMap) -> Result<Bytes, Refusal> {
    let too_large = || {
        Refusal::new(ErrorCode::REQUEST_BODY_TOO_LARGE)
            .with("MaxLimit", MAX_BODY.to_string())
            .with("Reason", "send fewer tasks a request")
    };
    if headers.contains_key(TRANSFER_ENCODING) {
        return Err(ErrorCode::MISSING_CONTENT_LENGTH_HEADER.into());
    }
    let said = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if said.is_some_and(|length| length > MAX_BODY) {
        return Err(too_large());
    }
    let invalid = |reason: String| Refusal::new(ErrorCode::INVALID_REQUEST_BODY).with("Reason", reason);
    match tokio::time::timeout(BODY_TIME, Limited::new(body, MAX_BODY).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(error)) => Err(invalid(error.to_string())),
        Err(_) => Err(invalid(format!("the body did not arrive within {} seconds", BODY_TIME.as_secs()))),
    }
}

/// Takes what is left of a refused request's body off the connection, so that the client sees the answer and can go on with the
/// next request. False if there is too much of it, or it is too slow: then the connection has to end.
async fn discard(body: Body) -> bool {
    let mut rest = Limited::new(body, MAX_BODY);
    let all = async {
        while let Some(frame) = rest.frame().await {
            if frame.is_err() {
                return false;
            }
        }
        true
    };
    tokio::time::timeout(REFUSED_BODY_TIME, all).await.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_may_lead_the_path() {
        assert_eq!(split_prefix("/DevAccount/pools/p", "devaccount"), ("/DevAccount", "/pools/p"));
        assert_eq!(split_prefix("/pools/devaccount", "devaccount"), ("", "/pools/devaccount"));
        assert_eq!(split_prefix("/devaccounts/pools", "devaccount"), ("", "/devaccounts/pools"));
        assert_eq!(split_prefix("/é", "a"), ("", "/é"));
    }

    #[test]
    fn only_versions_that_exist_are_spoken() {
        let check = |pairs: &[(&str, &str)]| {
            let query: Vec<_> = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            version(&query).map_err(|error| error.into_error().body.code)
        };
        assert_eq!(check(&[("Api-Version", "2025-06-01")]), Ok(ApiVersion::CURRENT));
        assert_eq!(check(&[("api-version", "2024-02-01.19.0")]), Ok(ApiVersion::V2024_02_01));
        assert_eq!(check(&[("api-version", "2016-07-01.3.1")]), Err("UnsupportedRequestVersion".to_owned()));
        assert_eq!(check(&[]), Err("MissingRequiredQueryParameter".to_owned()));
    }
}

#[cfg(test)]
mod host_tests {
    use super::*;

    #[test]
    fn links_are_raised_to_https_and_never_lowered() {
        let scheme = |is_secure, forwarded: Option<&'static str>| {
            let headers = forwarded
                .map(|scheme| ("x-forwarded-proto".parse().unwrap(), HeaderValue::from_static(scheme)));
            Entrance { is_secure, ..Entrance::IN_PROCESS }.scheme(&headers.into_iter().collect())
        };
        for forwarded in [None, Some("http"), Some("https"), Some("gopher")] {
            assert_eq!(scheme(true, forwarded), "https", "{forwarded:?}");
            let raised = if forwarded == Some("https") { "https" } else { "http" };
            assert_eq!(scheme(false, forwarded), raised, "{forwarded:?}");
        }
    }

    #[test]
    fn only_names_of_this_machine_are_answered() {
        for host in ["127.0.0.1:10100", "localhost", "LOCALHOST:1", "[::1]:80", "127.9.9.9"] {
            assert!(refuse_foreign_host(host).is_ok(), "{host}");
        }
        for host in ["evil.example:80", "127.0.0.1.evil.example", "10.0.0.1", "", "0.0.0.0"] {
            assert!(refuse_foreign_host(host).is_err(), "{host}");
        }
    }
}
