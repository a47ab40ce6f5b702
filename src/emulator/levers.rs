//! What tests ask of the emulator itself, on a path that Azure Batch does not have: `/_emulator/…`.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Method, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::account::Account;
use super::faults::{FaultRules, wanted_error};
use super::refusal::Refusal;
use crate::batch::{ErrorCode, InvalidId, NodeId, PoolId};

/// What the paths begin with.
const PREFIX: &str = "/_emulator/";

/// What there is.
const PATHS: &str = "/_emulator/faults, /_emulator/pools/{poolId}/nodes/{nodeId}/preempt and \
                     /_emulator/pools/{poolId}/nodes/{nodeId}/break";

/// How a Spot node is preempted.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PreemptOptions {
    /// How long there is no other machine for it.
    absent_seconds: Option<u32>,
}

/// How a node breaks.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BreakOptions {
    /// The code of its error.
    code: Option<String>,
}

/// Whether a path is of the emulator itself.
pub(crate) fn is_lever(path: &str) -> bool {
    path.starts_with(PREFIX)
}

/// Answers a request for the emulator itself.
pub(crate) async fn pull(
    account: &Account,
    method: &Method,
    path: &str,
    body: &[u8],
) -> Result<Response<Body>, Refusal> {
    let segments: Vec<&str> = path.strip_prefix(PREFIX).unwrap_or_default().split('/').collect();
    match segments.as_slice() {
        ["faults"] => faults(account, method, body),
        ["pools", pool, "nodes", node, action @ ("preempt" | "break")] => {
            if *method != Method::POST {
                return Err(unsupported("a node is preempted or broken by POST"));
            }
            let (pool, node) = (id::<PoolId>(pool)?, id::<NodeId>(node)?);
            match *action {
                "preempt" => preempt(account, pool, node, &json(body)?).await,
                _ => break_node(account, pool, node, &json(body)?).await,
            }
        }
        _ => Err(Refusal::new(ErrorCode::INVALID_URI)
            .with("Path", path)
            .with("Reason", format!("of the emulator itself there are {PATHS}"))),
    }
}

fn faults(account: &Account, method: &Method, body: &[u8]) -> Result<Response<Body>, Refusal> {
    match *method {
        Method::GET => {}
        Method::PUT => {
            let rules = FaultRules::parse(body).map_err(|error| invalid(error.to_string()))?;
            account.faults.replace(rules);
        }
        Method::DELETE => account.faults.replace(FaultRules::default()),
        _ => return Err(unsupported("faults are read by GET, set by PUT and ended by DELETE")),
    }
    Ok(answer(&account.faults.show()))
}

async fn preempt(
    account: &Account,
    pool: PoolId,
    node: NodeId,
    options: &PreemptOptions,
) -> Result<Response<Body>, Refusal> {
    let absence = Duration::from_secs(options.absent_seconds.unwrap_or_default().into());
    account.service.write(move |unit| unit.preempt_node(&pool, &node, absence)).await?;
    Ok(accepted())
}

async fn break_node(
    account: &Account,
    pool: PoolId,
    node: NodeId,
    options: &BreakOptions,
) -> Result<Response<Body>, Refusal> {
    let error = wanted_error(options.code.as_deref());
    account.service.write(move |unit| unit.break_node(&pool, &node, error)).await?;
    Ok(accepted())
}

fn id<T: TryFrom<String, Error = InvalidId>>(text: &str) -> Result<T, Refusal> {
    T::try_from(text.to_owned())
        .map_err(|error| Refusal::new(ErrorCode::INVALID_URI).with("Reason", error.to_string()))
}

fn json<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, Refusal> {
    if body.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(body).map_err(|error| invalid(error.to_string()))
}

fn invalid(reason: String) -> Refusal {
    Refusal::new(ErrorCode::INVALID_REQUEST_BODY).with("Reason", reason)
}

fn unsupported(reason: &str) -> Refusal {
    Refusal::new(ErrorCode::UNSUPPORTED_HTTP_VERB).with("Reason", reason)
}

fn accepted() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

fn answer(value: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(value.to_string()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
