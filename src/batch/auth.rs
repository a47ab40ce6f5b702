//! SharedKey: signing requests, and verifying them as the service does.
//!
//! The rules are those of the REST reference ("Authenticate requests"); where official SDKs depart from them,
//! [`SharedKey::verify`] accepts what they send: query names as they are instead of in lower case, `%2F` in paths decoded,
//! no `Content-Length` on requests without a body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use ring::hmac;

use crate::secret::Secret;

/// The name of the embedded account when none is given. Published, as Azurite's is: it guards nothing but loopback.
pub const DEVELOPMENT_ACCOUNT: &str = "batchyarddev";
/// The key of the embedded account when none is given. Published, as Azurite's is: it guards nothing but loopback.
pub const DEVELOPMENT_KEY: &str = "QmF0Y2h5YXJkIGRldmVsb3BtZW50IGtleTogcHVibGlzaGVkLCBmb3IgbG9vcGJhY2sgb25seSwgbm8gc2VjcmV0IGF0IGFsbC4uLg==";

/// The headers that the string to sign lists by value, in order; `content-length` stands between the second and the third.
const SIGNED_HEADERS: [&str; 10] = [
    "content-encoding",
    "content-language",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
];

/// The parts of a request that its signature covers.
#[derive(Debug, Clone)]
pub struct SignedRequest<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The path as it stands in the request line, percent-encoded, with any prefix.
    pub path: &'a str,
    /// The query as it stands in the request line, without the question mark.
    pub query: &'a str,
    /// All headers; names in any case.
    pub headers: &'a [(&'a str, &'a str)],
}

impl SignedRequest<'_> {
    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }
}

/// How the parts of a string to sign may be spelled. [`Spelling::DOCUMENTED`] is what we send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Spelling {
    lowercase_query_names: bool,
    decode_slashes: bool,
    /// The content length of a request that doesn't say it.
    absent_length: &'static str,
}

impl Spelling {
    const DOCUMENTED: Self = Self { lowercase_query_names: true, decode_slashes: false, absent_length: "" };

    /// Every spelling that an official SDK sends.
    fn all() -> impl Iterator<Item = Self> {
        [true, false].into_iter().flat_map(|lowercase_query_names| {
            [false, true].into_iter().flat_map(move |decode_slashes| {
                ["", "0"].into_iter().map(move |absent_length| Self {
                    lowercase_query_names,
                    decode_slashes,
                    absent_length,
                })
            })
        })
    }
}

/// The text that a signature of `request` for `account` covers.
pub fn string_to_sign(request: &SignedRequest<'_>, account: &str) -> String {
    spell(request, account, Spelling::DOCUMENTED)
}

fn spell(request: &SignedRequest<'_>, account: &str, spelling: Spelling) -> String {
    let mut text = format!("{}\n", request.method);
    for (position, name) in SIGNED_HEADERS.iter().enumerate() {
        if position == 2 {
            text.push_str(content_length(request, spelling));
            text.push('\n');
        }
        text.push_str(request.header(name));
        text.push('\n');
    }
    text.push_str(&canonicalized_headers(request));
    text.push_str(&canonicalized_resource(request, account, spelling));
    text
}

fn content_length<'a>(request: &'a SignedRequest<'_>, spelling: Spelling) -> &'a str {
    if matches!(request.method, "GET" | "HEAD") {
        return "";
    }
    match request.header("content-length") {
        "" => spelling.absent_length,
        length => length,
    }
}

fn canonicalized_headers(request: &SignedRequest<'_>) -> String {
    let mut headers: Vec<(String, &str)> = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim()))
        .filter(|(name, _)| name.starts_with("ocp-"))
        .collect();
    headers.sort();
    headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect()
}

fn canonicalized_resource(request: &SignedRequest<'_>, account: &str, spelling: Spelling) -> String {
    let path = if spelling.decode_slashes {
        request.path.replace("%2F", "/").replace("%2f", "/").replace("%5C", "/").replace("%5c", "/")
    } else {
        request.path.to_owned()
    };
    let mut parameters: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in query_pairs(request.query) {
        if value.is_empty() {
            continue;
        }
        let name = if spelling.lowercase_query_names { name.to_lowercase() } else { name };
        match parameters.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => parameters.push((name, vec![value])),
        }
    }
    parameters.sort();
    let mut resource = format!("/{account}{path}");
    for (name, mut values) in parameters {
        values.sort();
        resource.push_str(&format!("\n{name}:{}", values.join(",")));
    }
    resource
}

/// The names and values of a query, decoded.
pub fn query_pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    query.split('&').filter(|pair| !pair.is_empty()).map(move |pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    })
}

/// Why a key can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the account key is not base64; copy it whole, with its final `=` signs")]
pub struct InvalidKey;

/// An account's key, ready for use.
#[derive(Clone)]
pub struct SharedKey {
    account: String,
    key: hmac::Key,
}

impl std::fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedKey").field("account", &self.account).finish_non_exhaustive()
    }
}

/// Why a request's signature was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no Authorization header.
    #[error("the request has no Authorization header")]
    Missing,
    /// The Authorization header is not `SharedKey <account>:<signature>`.
    #[error("the Authorization header is not `SharedKey <account>:<signature>`")]
    Malformed,
    /// The header names another account.
    #[error("the request is signed for the account `{0}`, which is not served here")]
    OtherAccount(String),
    /// The signature is not ours.
    #[error(
        "the signature in the request is not the same as any computed signature; the string to sign was '{0}'"
    )]
    Signature(String),
}

impl SharedKey {
    /// Takes an account's name and its base64 key.
    ///
    /// # Errors
    /// When the key is not base64.
    pub fn new(account: &str, key: &Secret) -> Result<Self, InvalidKey> {
        let bytes = STANDARD.decode(key.expose().trim()).map_err(|_| InvalidKey)?;
        if bytes.is_empty() {
            return Err(InvalidKey);
        }
        Ok(Self { account: account.to_owned(), key: hmac::Key::new(hmac::HMAC_SHA256, &bytes) })
    }

    /// The account's name.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The value of the Authorization header for `request`.
    pub fn authorize(&self, request: &SignedRequest<'_>) -> String {
        let signature = hmac::sign(&self.key, string_to_sign(request, &self.account).as_bytes());
        format!("SharedKey {}:{}", self.account, STANDARD.encode(signature))
    }

    /// Checks the Authorization header of `request`, in constant time.
    ///
    /// # Errors
    /// [`Refused`] says what is wrong with it.
    pub fn verify(&self, request: &SignedRequest<'_>) -> Result<(), Refused> {
        let header = request.header("authorization");
        if header.is_empty() {
            return Err(Refused::Missing);
        }
        let (scheme, credential) = header.split_once(' ').ok_or(Refused::Malformed)?;
        let (account, signature) = credential.split_once(':').ok_or(Refused::Malformed)?;
        if !scheme.eq_ignore_ascii_case("SharedKey") {
            return Err(Refused::Malformed);
        }
        if account != self.account {
            return Err(Refused::OtherAccount(account.to_owned()));
        }
        let signature = STANDARD.decode(signature).map_err(|_| Refused::Malformed)?;
        let accepted = Spelling::all().any(|spelling| {
            hmac::verify(&self.key, spell(request, account, spelling).as_bytes(), &signature).is_ok()
        });
        if accepted { Ok(()) } else { Err(Refused::Signature(string_to_sign(request, account))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADERS: &[(&str, &str)] = &[("ocp-date", "Tue, 29 Jul 2014 21:49:13 GMT")];
    const REFERENCE: SignedRequest<'_> = SignedRequest {
        method: "GET",
        path: "/jobs",
        query: "api-version=2014-01-01.1.0&timeout=20",
        headers: HEADERS,
    };

    fn key() -> SharedKey {
        SharedKey::new("myaccount", &Secret::new(STANDARD.encode("a key"))).unwrap()
    }

    #[test]
    fn the_string_to_sign_is_that_of_the_reference() {
        assert_eq!(
            string_to_sign(&REFERENCE, "myaccount"),
            "GET\n\n\n\n\n\n\n\n\n\n\n\nocp-date:Tue, 29 Jul 2014 21:49:13 GMT\n/myaccount/jobs\napi-version:2014-01-01.1.0\ntimeout:20"
        );
    }

    #[test]
    fn the_signature_is_what_any_hmac_program_computes() {
        // printf '<string to sign>' | openssl dgst -sha256 -hmac 'a key' -binary | base64
        assert_eq!(
            key().authorize(&REFERENCE),
            "SharedKey myaccount:6I+54zJWOEnMgP10V+vKb0cnexD5Buka5JAPDKds1D0="
        );
    }

    fn signed(method: &str, text: &str) -> String {
        let signature = hmac::sign(&key().key, text.as_bytes());
        assert!(text.starts_with(method));
        format!("SharedKey myaccount:{}", STANDARD.encode(signature))
    }

    #[test]
    fn a_request_verifies_in_every_spelling_that_sdks_send() {
        let date = "Tue, 29 Jul 2014 21:49:13 GMT";
        let tail = "ocp-date:Tue, 29 Jul 2014 21:49:13 GMT\n/myaccount";
        for (method, path, query, text) in [
            (
                "GET",
                "/jobs",
                "timeOut=30&api-version=1",
                format!("GET\n\n\n\n\n\n\n\n\n\n\n\n{tail}/jobs\napi-version:1\ntimeOut:30"),
            ),
            (
                "GET",
                "/jobs",
                "timeOut=30&api-version=1",
                format!("GET\n\n\n\n\n\n\n\n\n\n\n\n{tail}/jobs\napi-version:1\ntimeout:30"),
            ),
            ("GET", "/f/wd%2Fa", "a=1", format!("GET\n\n\n\n\n\n\n\n\n\n\n\n{tail}/f/wd/a\na:1")),
            ("DELETE", "/jobs/j", "a=1", format!("DELETE\n\n\n\n\n\n\n\n\n\n\n\n{tail}/jobs/j\na:1")),
            ("DELETE", "/jobs/j", "a=1", format!("DELETE\n\n\n0\n\n\n\n\n\n\n\n\n{tail}/jobs/j\na:1")),
        ] {
            let authorization = signed(method, &text);
            let headers = [("ocp-date", date), ("Authorization", authorization.as_str())];
            let request = SignedRequest { method, path, query, headers: &headers };
            assert_eq!(key().verify(&request), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_was_not_signed_with_the_key_is_refused() {
        let verify = |authorization: &str| {
            let headers = [HEADERS[0], ("authorization", authorization)];
            key().verify(&SignedRequest { headers: &headers, ..REFERENCE })
        };
        assert_eq!(key().verify(&REFERENCE), Err(Refused::Missing));
        assert_eq!(verify("SharedKey nonsense"), Err(Refused::Malformed));
        assert_eq!(verify("Bearer a:b"), Err(Refused::Malformed));
        assert_eq!(verify("SharedKey other:aaaa"), Err(Refused::OtherAccount("other".into())));
        assert!(matches!(verify("SharedKey myaccount:aaaa"), Err(Refused::Signature(_))));
        let good = key().authorize(&REFERENCE);
        assert_eq!(verify(&good), Ok(()));
        let headers = [HEADERS[0], ("authorization", good.as_str())];
        let moved = SignedRequest { path: "/pools", headers: &headers, ..REFERENCE };
        assert!(matches!(key().verify(&moved), Err(Refused::Signature(_))));
    }

    #[test]
    fn keys_are_base64_and_never_shown() {
        assert!(SharedKey::new("a", &Secret::new("not base64!")).is_err());
        assert!(SharedKey::new("a", &Secret::new("")).is_err());
        let development = SharedKey::new(DEVELOPMENT_ACCOUNT, &Secret::new(DEVELOPMENT_KEY)).unwrap();
        assert_eq!(format!("{development:?}"), "SharedKey { account: \"batchyarddev\", .. }");
    }
}
