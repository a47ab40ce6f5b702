//! What a request for a token proves itself with, so that no message repeats it.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use azure_core::http::Request;
use azure_core::http::headers::HeaderName;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::secret::Secret;

/// The fields of a form that prove who asks.
const FIELDS: [&str; 2] = ["client_secret", "client_assertion"];
/// The headers that do.
const HEADERS: [HeaderName; 2] =
    [HeaderName::from_static("x-identity-header"), HeaderName::from_static("secret")];
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// From how many characters on a part of a token is a secret of its own.
const PART_LENGTH: usize = 16;

/// All that was sent to prove who asks.
#[derive(Default)]
pub(super) struct Secrets(Mutex<Vec<Secret>>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

impl Secrets {
    /// Takes note of a secret.
    pub(super) fn add(&self, secret: &str) {
        let secret = secret.trim();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !(secret.is_empty() || known.iter().any(|known| known.expose() == secret)) {
            known.push(Secret::new(secret));
        }
    }

    /// Takes note of what a request proves itself with.
    pub(super) fn learn(&self, request: &Request) {
        for header in &HEADERS {
            request.headers().get_optional_str(header).into_iter().for_each(|value| self.add(value));
        }
        if let azure_core::http::Body::Bytes(form) = request.body() {
            let fields = url::form_urlencoded::parse(form);
            fields.filter(|(name, _)| FIELDS.contains(&&**name)).for_each(|(_, value)| self.add(&value));
        }
    }

    /// The text without them, in whatever form a server is likely to repeat them.
    pub(super) fn redact(&self, text: &str) -> String {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut forms: Vec<String> = known.iter().flat_map(|secret| forms(secret.expose())).collect();
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        forms.iter().fold(text.to_owned(), |text, form| text.replace(form.as_str(), "[redacted]"))
    }
}

/// A secret as it is, as forms, URLs, JSON and HTML write it, and the parts of one that is a signed token.
fn forms(secret: &str) -> Vec<String> {
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let percent = utf8_percent_encode(secret, UNRESERVED).to_string();
    let json = serde_json::Value::from(secret).to_string();
    let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let lower = [lower_hex(&form), lower_hex(&percent)];
    let parts = secret.split('.').filter(|part| part.len() >= PART_LENGTH).map(str::to_owned);
    let quoted = [html.replace('"', "&quot;").replace('\'', "&#39;"), html];
    let whole = [secret.to_owned(), json.trim_matches('"').to_owned(), form, percent];
    whole.into_iter().chain(lower).chain(quoted).chain(parts).collect()
}

/// `%2F` as `%2f`.
fn lower_hex(encoded: &str) -> String {
    let mut left = 0;
    let lowered = encoded.chars().map(|c| {
        let is_hex = left > 0;
        left = if c == '%' { 2 } else { usize::saturating_sub(left, 1) };
        if is_hex { c.to_ascii_lowercase() } else { c }
    });
    lowered.collect()
}

#[cfg(test)]
mod tests {
    use azure_core::http::{Method, Url};

    use super::*;

    #[test]
    fn a_secret_is_hidden_in_every_form() {
        let secrets = Secrets::default();
        secrets.add("a b/C+d&\"e~");
        for text in [
            "a b/C+d&\"e~",
            "a+b%2FC%2Bd%26%22e%7E",
            "a%20b%2fC%2bd%26%22e~",
            "a b/C+d&\\\"e~",
            "a b/C+d&amp;&quot;e~",
        ] {
            assert_eq!(secrets.redact(&format!("sent {text}!")), "sent [redacted]!", "{text}");
        }
    }

    #[test]
    fn what_a_request_sends_is_learnt() {
        let secrets = Secrets::default();
        let mut request = Request::new(Url::parse("https://login.example/token").unwrap(), Method::Post);
        request.set_body(
            "client_id=me&client_assertion=eyJhbGciOiJub25lIn0.payload-of-a-token.signature-of-it%0A",
        );
        request.insert_header("x-identity-header", "header-of-this-machine");
        secrets.learn(&request);
        let text = "me: eyJhbGciOiJub25lIn0.payload-of-a-token.signature-of-it header-of-this-machine payload-of-a-token";
        assert_eq!(secrets.redact(text), "me: [redacted] [redacted] [redacted]");
        assert_eq!(format!("{secrets:?}"), "Secrets");
    }
}
