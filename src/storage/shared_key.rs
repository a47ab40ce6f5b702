//! SharedKey for Azure Storage: what a signature covers, and what it looks like.
//!
//! The rules are those of the REST reference, "Authorize with Shared Key", for versions since 2015-02-21.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use url::Url;

use crate::secret::Secret;

/// The headers that the string to sign lists by value, in order.
const SIGNED_HEADERS: [&str; 11] = [
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
];

/// The key of an account, ready for use.
#[derive(Clone)]
pub(super) struct SharedKey(hmac::Key);

impl std::fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

impl SharedKey {
    /// Takes a key in base64; none if it isn't.
    pub(super) fn new(key: &Secret) -> Option<Self> {
        let bytes = STANDARD.decode(key.expose().trim()).ok().filter(|bytes| !bytes.is_empty())?;
        Some(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// The `Authorization` header of a request to `account`.
    pub(super) fn authorize(
        &self,
        account: &str,
        method: &str,
        url: &Url,
        headers: &[(&str, &str)],
    ) -> String {
        let signature = hmac::sign(&self.0, string_to_sign(account, method, url, headers).as_bytes());
        format!("SharedKey {account}:{}", STANDARD.encode(signature))
    }
}

/// The text that a signature covers.
fn string_to_sign(account: &str, method: &str, url: &Url, headers: &[(&str, &str)]) -> String {
    let mut text = format!("{method}\n");
    for name in SIGNED_HEADERS {
        let header = headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        // A length of zero counts as none.
        let value =
            header.map(|(_, value)| value.trim()).filter(|value| (name, *value) != ("content-length", "0"));
        text.push_str(value.unwrap_or_default());
        text.push('\n');
    }
    let mut own: Vec<(String, &str)> = headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim()))
        .filter(|(name, _)| name.starts_with("x-ms-"))
        .collect();
    own.sort();
    own.iter().for_each(|(name, value)| text.push_str(&format!("{name}:{value}\n")));
    text.push_str(&resource(account, url));
    text
}

/// The account, the path as it is sent, and the parameters decoded, by their names.
fn resource(account: &str, url: &Url) -> String {
    let mut parameters: Vec<(String, String)> =
        url.query_pairs().map(|(name, value)| (name.to_lowercase(), value.into_owned())).collect();
    parameters.sort();
    let mut text = format!("/{account}{}", url.path());
    let mut last = None;
    for (name, value) in &parameters {
        if last == Some(name) {
            text.push_str(&format!(",{value}"));
        } else {
            text.push_str(&format!("\n{name}:{value}"));
        }
        last = Some(name);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    /// The example of the REST reference: Get Container Metadata.
    #[test]
    fn the_string_to_sign_is_that_of_the_reference() {
        let headers = [
            ("x-ms-version", "2015-02-21"),
            ("x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT"),
            ("user-agent", "none of its business"),
            ("Content-Length", "0"),
        ];
        let url = url(
            "https://myaccount.blob.core.windows.net/mycontainer?restype=container&comp=metadata&timeout=20",
        );
        assert_eq!(
            string_to_sign("myaccount", "GET", &url, &headers),
            "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n\
             /myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20"
        );
    }

    /// The examples of the REST reference: the canonicalized resource of List Blobs, and of a path-style account.
    #[test]
    fn the_resource_is_that_of_the_reference() {
        let list = url(
            "https://myaccount.blob.core.windows.net/mycontainer?restype=container&comp=list&include=snapshots&\
             include=metadata&include=uncommittedblobs",
        );
        assert_eq!(
            resource("myaccount", &list),
            "/myaccount/mycontainer\ncomp:list\ninclude:metadata,snapshots,uncommittedblobs\nrestype:container"
        );
        let local = url("http://127.0.0.1:10000/devstoreaccount1/in?comp=list&prefix=a%20b%2Bc");
        assert_eq!(
            resource("devstoreaccount1", &local),
            "/devstoreaccount1/devstoreaccount1/in\ncomp:list\nprefix:a b+c"
        );
    }

    #[test]
    fn the_signature_is_the_hmac_of_that_string() {
        let key = SharedKey::new(&Secret::new("c2VjcmV0IGtleQ==")).unwrap();
        let headers = [("x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT"), ("x-ms-version", "2015-02-21")];
        let url = url("https://a.blob.core.windows.net/in?comp=list");
        // printf 'GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:…\nx-ms-version:2015-02-21\n/a/in\ncomp:list' |
        // openssl dgst -sha256 -hmac 'secret key' -binary | base64
        let expected = "SharedKey a:U8LsifbRIQidhQ8i6Kz/m7ra/lADfj1r9hiMDsSe7SM=";
        assert_eq!(key.authorize("a", "GET", &url, &headers), expected);
        assert_eq!(format!("{key:?}"), "[redacted]");
    }

    #[test]
    fn a_key_is_base64() {
        assert!(SharedKey::new(&Secret::new("not base64!")).is_none());
        assert!(SharedKey::new(&Secret::new("")).is_none());
    }
}
