//! What a request is about, and what went wrong with it.

use std::time::Duration;

use azure_core::error::ErrorKind;
use azure_core::http::{RawResponse, Url, headers::Headers};

use super::credentials::Access;
use super::error::StorageError;
use crate::loopback::is_loopback;

/// A container or a blob, and how it is asked.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// Its URL, without any proof.
    pub(super) url: Url,
    pub(super) access: Access,
}

impl Target {
    /// Whether it is on this machine.
    pub(super) fn is_local(&self) -> bool {
        is_loopback(&self.url)
    }

    /// It answers, and not like Azure Storage.
    pub(super) fn odd(&self, reason: String) -> StorageError {
        StorageError::NotStorage { url: self.url.to_string(), reason }
    }

    /// It did not answer in time.
    pub(super) fn late(&self, limit: Duration) -> StorageError {
        StorageError::Timeout { url: self.url.to_string(), limit }
    }

    /// Its answer broke off.
    pub(super) fn broken_off(&self, error: &azure_core::Error) -> StorageError {
        StorageError::BrokenOff { url: self.url.to_string(), reason: innermost(error) }
    }

    /// What went wrong, without the request, which may carry a signature, and without the answer, which may be long.
    pub(super) fn failure(&self, error: &azure_core::Error) -> StorageError {
        match error.kind() {
            ErrorKind::HttpResponse { status, raw_response, .. } => {
                let status = u16::from(*status);
                refusal(raw_response.as_deref()).map_or_else(
                    || self.odd(format!("it says HTTP {status} without a reason")),
                    |(code, message)| StorageError::Refused {
                        url: self.url.to_string(),
                        asked: Box::new(self.access.asked.clone()),
                        status,
                        code,
                        message,
                    },
                )
            }
            ErrorKind::Connection | ErrorKind::Io => StorageError::Unreachable {
                url: self.url.to_string(),
                local: self.is_local(),
                reason: innermost(error),
            },
            _ => self.odd(innermost(error)),
        }
    }
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorBody {
    code: String,
    #[serde(default)]
    message: String,
}

/// The code and the message of the service, if it is one of Azure Storage.
fn refusal(response: Option<&RawResponse>) -> Option<(String, String)> {
    let response = response?;
    let body: Option<ErrorBody> = azure_core::xml::from_xml(response.body()).ok();
    let code = body.as_ref().map(|body| body.code.clone()).or_else(|| code_in(response.headers()))?;
    // Behind the first line come the request's id and the time.
    let message = body.as_ref().and_then(|body| body.message.lines().next()).unwrap_or_default();
    Some((printable(&code), printable(message)))
}

fn code_in(headers: &Headers) -> Option<String> {
    headers.get_optional_string(&"x-ms-error-code".into())
}

/// At most a line of somebody else's text.
fn printable(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(300).collect()
}

/// The innermost cause: the layers around it show the request's URL, or the answer.
fn innermost(error: &azure_core::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    printable(&cause.to_string())
}
