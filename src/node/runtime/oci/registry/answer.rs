//! What a registry's refusals mean.

use reqwest::StatusCode;
use serde::Deserialize;

/// Why a registry did not give what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RegistryError {
    /// It wants a login, or another one.
    Unauthorized(String),
    /// It has no such image.
    NotFound(String),
    /// What it has is no image that could be run here.
    Invalid(String),
    /// It failed, or can't be reached.
    Failed(String),
}

/// The body of a refusal, as the specification of registries has it.
#[derive(Debug, Deserialize)]
struct Envelope {
    errors: Vec<Complaint>,
}

#[derive(Debug, Deserialize)]
struct Complaint {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: Option<String>,
}

impl RegistryError {
    /// Understands an answer that is no success.
    pub(super) fn of(status: StatusCode, body: &[u8]) -> Self {
        let complaints = serde_json::from_slice::<Envelope>(body).map(|body| body.errors).unwrap_or_default();
        let has =
            |codes: &[&str]| complaints.iter().any(|complaint| codes.contains(&complaint.code.as_str()));
        let said = if complaints.is_empty() {
            first_line(&String::from_utf8_lossy(body)).to_owned()
        } else {
            complaints
                .iter()
                .filter_map(|complaint| complaint.message.as_deref())
                .collect::<Vec<_>>()
                .join("; ")
        };
        let text = if said.is_empty() { status.to_string() } else { format!("{status}: {said}") };
        let refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status);
        if refused || has(&["UNAUTHORIZED", "DENIED"]) {
            Self::Unauthorized(text)
        } else if status == StatusCode::NOT_FOUND
            || has(&[
                "MANIFEST_UNKNOWN",
                "NAME_UNKNOWN",
                "NOT_FOUND",
                "BLOB_UNKNOWN",
                "MANIFEST_BLOB_UNKNOWN",
            ])
        {
            Self::NotFound(text)
        } else {
            Self::Failed(format!("it answered {text}"))
        }
    }

    /// Understands why there is no answer. The URL is left out: after a redirect it may hold a secret.
    pub(super) fn broken(error: reqwest::Error) -> Self {
        Self::Failed(reasons(&error.without_url()))
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default().trim()
}

/// An error with everything that caused it, in one line.
pub(in crate::node::runtime::oci) fn reasons(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // Some errors print their cause themselves.
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, code: &str) -> RegistryError {
        let body = format!(r#"{{"errors":[{{"code":"{code}","message":"no such thing","detail":null}}]}}"#);
        RegistryError::of(StatusCode::from_u16(status).unwrap(), body.as_bytes())
    }

    #[test]
    fn answers_of_registries_are_told_apart() {
        use RegistryError::{Failed, NotFound, Unauthorized};

        let plain =
            |status, body: &str| RegistryError::of(StatusCode::from_u16(status).unwrap(), body.as_bytes());
        assert_eq!(plain(401, ""), Unauthorized("401 Unauthorized".into()));
        assert_eq!(answer(403, "DENIED"), Unauthorized("403 Forbidden: no such thing".into()));
        assert_eq!(answer(400, "UNAUTHORIZED"), Unauthorized("400 Bad Request: no such thing".into()));
        for code in ["MANIFEST_UNKNOWN", "NAME_UNKNOWN"] {
            assert_eq!(answer(404, code), NotFound("404 Not Found: no such thing".into()));
        }
        let many = "it answered 429 Too Many Requests: no such thing";
        assert_eq!(answer(429, "TOOMANYREQUESTS"), Failed(many.into()));
        assert_eq!(
            plain(502, "bad gateway\nmore"),
            Failed("it answered 502 Bad Gateway: bad gateway".into())
        );
        assert!(matches!(plain(403, "<html>"), Unauthorized(_)));
        assert!(matches!(plain(404, "<html>"), NotFound(_)));
        assert!(matches!(plain(500, r#"{"errors":7}"#), Failed(_)));
    }
}
