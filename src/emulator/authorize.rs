//! Who may ask: whoever signs with the account's key, now, or brings a token of the test issuer.

use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use jiff::{SignedDuration, Timestamp};

use super::refusal::Refusal;
use super::test_issuer::TestIssuer;
use crate::batch::auth::{Refused, SharedKey, SignedRequest};
use crate::batch::{DateTime, ErrorCode};

/// How far the time in a request may be off.
const MAX_SKEW: SignedDuration = SignedDuration::from_mins(15);

/// Checks who asks: by a token, if the request has one, else by its signature.
pub(crate) fn authorize(
    key: &SharedKey,
    issuer: Option<&TestIssuer>,
    request: &Parts,
    now: Timestamp,
) -> Result<(), Refusal> {
    match bearer_token(request) {
        Some(token) => check_token(issuer, token, now),
        None => check_signature(key, request, now),
    }
}

/// The token of a request, empty if it brings none or something that can't be one. The scheme is written in any case (RFC 9110 §11.1).
fn bearer_token(request: &Parts) -> Option<&str> {
    let credentials = request.headers.get(AUTHORIZATION)?.as_bytes();
    let end = credentials.iter().position(u8::is_ascii_whitespace).unwrap_or(credentials.len());
    let (scheme, token) = credentials.split_at(end);
    let token = str::from_utf8(token).unwrap_or_default().trim();
    scheme.eq_ignore_ascii_case(b"Bearer").then_some(token)
}

fn check_token(issuer: Option<&TestIssuer>, token: &str, now: Timestamp) -> Result<(), Refusal> {
    let Some(issuer) = issuer else {
        return Err(unauthorized(
            "no bearer tokens are taken here, because no test issuer is configured; sign the request with the account's key \
             (SharedKey), or start the emulator with --test-issuer FILE",
        ));
    };
    issuer.verify(token, now).map_err(|error| unauthorized(&format!("the bearer token is refused: {error}")))
}

/// Checks the signature of a request, and that it is fresh.
fn check_signature(key: &SharedKey, request: &Parts, now: Timestamp) -> Result<(), Refusal> {
    let headers: Vec<(&str, &str)> = request
        .headers
        .iter()
        .filter_map(|(name, value)| value.to_str().ok().map(|value| (name.as_str(), value)))
        .collect();
    let signed = SignedRequest {
        method: request.method.as_str(),
        path: request.uri.path(),
        query: request.uri.query().unwrap_or_default(),
        headers: &headers,
    };
    key.verify(&signed).map_err(|refused| refuse(&refused))?;
    let date = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
    let sent = date("ocp-date").or_else(|| date("date")).unwrap_or_default();
    let Some(DateTime(time)) = DateTime::from_rfc1123(sent) else {
        return Err(failed("the request has neither an ocp-date nor a Date header with a time"));
    };
    if now.duration_since(time).abs() > MAX_SKEW {
        return Err(failed(&format!(
            "the time of the request, {sent}, is more than 15 minutes from the server's, {}; check the clock",
            DateTime(now).to_rfc1123()
        )));
    }
    Ok(())
}

fn refuse(refused: &Refused) -> Refusal {
    match refused {
        Refused::Missing => {
            Refusal::new(ErrorCode::MISSING_REQUIRED_HEADER).with("HeaderName", "Authorization")
        }
        Refused::Malformed => {
            Refusal::new(ErrorCode::INVALID_AUTHENTICATION_INFO).with("Reason", refused.to_string())
        }
        Refused::OtherAccount(_) | Refused::Signature(_) => failed(&refused.to_string()),
    }
}

fn failed(detail: &str) -> Refusal {
    Refusal::new(ErrorCode::AUTHENTICATION_FAILED).with("AuthenticationErrorDetail", detail)
}

/// A signature that is wrong is forbidden, a token that is wrong is no authorization at all: the service answers so.
fn unauthorized(detail: &str) -> Refusal {
    let mut refusal = failed(detail);
    refusal.status = StatusCode::UNAUTHORIZED.as_u16();
    refusal
}
