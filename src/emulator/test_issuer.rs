//! Bearer tokens, as Microsoft Entra issues them, from an issuer that tests bring along.
//!
//! The real service takes tokens of the tenant that the account belongs to. There is no such tenant here, so tokens are taken only
//! if somebody says who issues them, and with which keys: a JSON Web Key Set (RFC 7517) with the issuer's name beside the keys. A
//! key decides the algorithm, never the token.

use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::agreement::{self, ECDH_P256, EphemeralPrivateKey, agree_ephemeral};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;

use crate::bounded_file;

/// Whom tokens for Azure Batch are for, in the public cloud.
const AUDIENCE: &str = "https://batch.core.windows.net/";

/// How far the clocks of issuer and service may differ, in seconds: what libraries for Entra's tokens allow.
const SKEW: f64 = 300.0;

/// How long a token may hold, in seconds: a year, where those of Entra hold for a day at the most.
const MAX_VALIDITY: f64 = 366.0 * 24.0 * 3_600.0;

/// The largest file of an issuer, in bytes.
const MAX_FILE: u64 = 256 * 1024;

/// The shortest secret of HS256 (RFC 7518 §3.2), in bytes.
const MIN_SECRET: usize = 32;

/// The sizes of an RSA key with which signatures are verified, in bits (the lower one by RFC 7518 §3.3).
const RSA_BITS: std::ops::RangeInclusive<usize> = 2_048..=8_192;

/// How much of what a token says is repeated, in characters.
const REPEATED: usize = 64;

/// Who issues the bearer tokens that are taken.
#[derive(Debug, Clone)]
pub struct TestIssuer {
    issuer: String,
    audience: String,
    keys: Vec<NamedKey>,
}

#[derive(Debug, Clone)]
struct NamedKey {
    id: Option<String>,
    key: Key,
}

/// A key, which stands for its algorithm.
#[derive(Clone)]
enum Key {
    Rs256 { n: Vec<u8>, e: Vec<u8> },
    Es256(Vec<u8>),
    Hs256(hmac::Key),
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.algorithm())
    }
}

/// Why nobody's tokens can be taken.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// The file can't be read.
    #[error("the test issuer's file {} can't be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not a set of keys with an issuer.
    #[error("{} is no set of keys with an issuer", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// A key is of no use.
    #[error("key {number} in {}: {reason}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Which one, from 1.
        number: usize,
        /// Why.
        reason: String,
    },
    /// The issuer has no name.
    #[error("{} names no issuer: its `issuer` is empty", path.display())]
    NoIssuer {
        /// The file.
        path: PathBuf,
    },
    /// There are no keys.
    #[error("{} has no keys", path.display())]
    NoKeys {
        /// The file.
        path: PathBuf,
    },
}

/// Why a token was refused. Nothing of the token but names and plain claims is repeated, and those cut and escaped: whoever sent it may
/// be a stranger, and what is said here ends on terminals.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidToken {
    #[error(
        "it is not a JSON Web Token: three parts in base64url, of which the first two are JSON with the usual claims"
    )]
    Malformed,
    #[error("its header has `crit`, and nothing that is critical is understood here")]
    Critical,
    #[error("its algorithm is {0}, and no key of the test issuer is for that")]
    Algorithm(String),
    #[error("the test issuer has no key `{0}`")]
    UnknownKey(String),
    #[error("its signature is not the test issuer's")]
    Signature,
    #[error("its issuer is {found}; the test issuer is {expected}")]
    Issuer { found: String, expected: String },
    #[error("its audience is {found}; tokens for Azure Batch are for {expected}")]
    Audience { found: String, expected: String },
    #[error("it has expired: it holds until {until}, and here it is {now}")]
    Expired { until: String, now: String },
    #[error("it has no `exp`: a token says until when it holds")]
    NoExpiry,
    #[error("it holds until {until}, and none that holds for longer than a year is taken")]
    TooLong { until: String },
    #[error("it does not hold yet: it holds from {from}, and here it is {now}")]
    NotYet { from: String, now: String },
}

#[derive(Deserialize)]
struct IssuerFile {
    issuer: String,
    audience: Option<String>,
    keys: Vec<JsonWebKey>,
}

/// A key of RFC 7517, as far as it matters here.
#[derive(Deserialize)]
struct JsonWebKey {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    k: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    exp: Option<f64>,
    nbf: Option<f64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl TestIssuer {
    /// Reads a JSON Web Key Set with the issuer's name in `issuer` and, for another cloud than the public one, the audience in
    /// `audience`. Keys are RSA (RS256), on P-256 (ES256), or secrets (HS256).
    ///
    /// # Errors
    /// When it is none, or a key can't be used.
    pub fn read(path: &Path) -> Result<Self, IssuerError> {
        let text = bounded_file::read(path, MAX_FILE)
            .map_err(|source| IssuerError::Read { path: path.to_owned(), source })?;
        let file: IssuerFile = serde_json::from_slice(&text)
            .map_err(|source| IssuerError::Format { path: path.to_owned(), source })?;
        if file.issuer.is_empty() {
            return Err(IssuerError::NoIssuer { path: path.to_owned() });
        }
        if file.keys.is_empty() {
            return Err(IssuerError::NoKeys { path: path.to_owned() });
        }
        let key = |(position, key): (usize, JsonWebKey)| {
            key.read().map_err(|reason| IssuerError::Key {
                path: path.to_owned(),
                number: position + 1,
                reason,
            })
        };
        Ok(Self {
            issuer: file.issuer,
            audience: file.audience.unwrap_or_else(|| AUDIENCE.to_owned()),
            keys: file.keys.into_iter().enumerate().map(key).collect::<Result<_, _>>()?,
        })
    }

    /// The issuer's name.
    pub fn name(&self) -> &str {
        &self.issuer
    }

    /// Checks a token: signature first, then whose it is, for whom, and whether it holds now.
    pub(crate) fn verify(&self, token: &str, now: Timestamp) -> Result<(), InvalidToken> {
        let (signed, signature) = token.rsplit_once('.').ok_or(InvalidToken::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(InvalidToken::Malformed)?;
        let header: Header = part(header)?;
        if header.crit.is_some() {
            return Err(InvalidToken::Critical);
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| InvalidToken::Malformed)?;
        let mut candidates = self.candidates(&header)?;
        if !candidates.any(|key| key.verify(signed.as_bytes(), &signature)) {
            return Err(InvalidToken::Signature);
        }
        self.check(&part(claims)?, now)
    }

    /// The keys that may have signed a token with this header.
    fn candidates<'a>(&'a self, header: &'a Header) -> Result<impl Iterator<Item = &'a Key>, InvalidToken> {
        let of_algorithm = || self.keys.iter().filter(|named| named.key.algorithm() == header.alg.as_str());
        if of_algorithm().next().is_none() {
            return Err(InvalidToken::Algorithm(plain(&header.alg)));
        }
        let id = header.kid.as_ref();
        // A key without a name may be any; so may the key of a token that names none.
        let fits = move |named: &&NamedKey| id.is_none() || named.id.is_none() || named.id.as_ref() == id;
        if !of_algorithm().any(|named| fits(&named)) {
            return Err(InvalidToken::UnknownKey(plain(id.map_or("", String::as_str))));
        }
        Ok(of_algorithm().filter(fits).map(|named| &named.key))
    }

    fn check(&self, claims: &Claims, now: Timestamp) -> Result<(), InvalidToken> {
        if claims.iss != self.issuer {
            return Err(InvalidToken::Issuer { found: plain(&claims.iss), expected: self.issuer.clone() });
        }
        // SDKs differ in the slash at the end.
        let is_ours =
            |audience: &String| audience.trim_end_matches('/') == self.audience.trim_end_matches('/');
        let found = match &claims.aud {
            Audience::One(one) => std::slice::from_ref(one),
            Audience::Many(many) => many.as_slice(),
        };
        if !found.iter().any(is_ours) {
            return Err(InvalidToken::Audience {
                found: plain(&found.join(", ")),
                expected: self.audience.clone(),
            });
        }
        let seconds = now.as_millisecond() as f64 / 1_000.0;
        let until = claims.exp.ok_or(InvalidToken::NoExpiry)?;
        if seconds >= until + SKEW {
            return Err(InvalidToken::Expired { until: time(until), now: time(seconds) });
        }
        if until > seconds + MAX_VALIDITY {
            return Err(InvalidToken::TooLong { until: time(until) });
        }
        match claims.nbf {
            Some(from) if seconds < from - SKEW => {
                Err(InvalidToken::NotYet { from: time(from), now: time(seconds) })
            }
            _ => Ok(()),
        }
    }
}

impl JsonWebKey {
    fn read(self) -> Result<NamedKey, String> {
        let key = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => rsa(bytes("n", self.n)?, bytes("e", self.e)?)?,
            ("EC", Some("P-256")) => {
                let (x, y) = (bytes("x", self.x)?, bytes("y", self.y)?);
                if (x.len(), y.len()) != (32, 32) {
                    return Err("`x` and `y` of a key on P-256 have 32 bytes each".to_owned());
                }
                // An uncompressed point (SEC 1 §2.3.3).
                let point = [&[4], x.as_slice(), y.as_slice()].concat();
                if !is_on_curve(&point) {
                    return Err("`x` and `y` are no point on P-256".to_owned());
                }
                Key::Es256(point)
            }
            ("EC", curve) => {
                return Err(format!(
                    "its curve is {}, and only P-256 is known here",
                    curve.unwrap_or("missing")
                ));
            }
            ("oct", _) => {
                let secret = bytes("k", self.k)?;
                if secret.len() < MIN_SECRET {
                    return Err(format!("a secret for HS256 has at least {MIN_SECRET} bytes"));
                }
                Key::Hs256(hmac::Key::new(hmac::HMAC_SHA256, &secret))
            }
            (other, _) => {
                return Err(format!("its type (`kty`) is {other}, and only RSA, EC and oct are known here"));
            }
        };
        match self.alg {
            Some(algorithm) if algorithm != key.algorithm() => {
                Err(format!("it is for {algorithm}, and such a key is used with {} only", key.algorithm()))
            }
            _ => Ok(NamedKey { id: self.kid, key }),
        }
    }
}

impl Key {
    fn algorithm(&self) -> &'static str {
        match self {
            Self::Rs256 { .. } => "RS256",
            Self::Es256(_) => "ES256",
            Self::Hs256(_) => "HS256",
        }
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Rs256 { n, e } => {
                let key = RsaPublicKeyComponents { n, e };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
            }
            Self::Es256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
            }
            Self::Hs256(key) => hmac::verify(key, message, signature).is_ok(),
        }
    }
}

/// An RSA key, if signatures can be verified with it.
fn rsa(n: Vec<u8>, e: Vec<u8>) -> Result<Key, String> {
    // Some write a zero in front, so that nobody takes the number for a negative one.
    let number = |bytes: Vec<u8>| bytes.into_iter().skip_while(|byte| *byte == 0).collect::<Vec<u8>>();
    let (n, e) = (number(n), number(e));
    let bits = n.first().map_or(0, |first| 8 * n.len() - first.leading_zeros() as usize);
    if !RSA_BITS.contains(&bits) {
        return Err(format!(
            "its `n` has {bits} bits; RSA keys have {} to {}",
            RSA_BITS.start(),
            RSA_BITS.end()
        ));
    }
    if matches!(e.as_slice(), [] | [1]) || e.len() > 4 || e.last().is_some_and(|last| last % 2 == 0) {
        return Err("its `e` is no exponent of RSA; nearly all keys have AQAB".to_owned());
    }
    Ok(Key::Rs256 { n, e })
}

/// Whether it is a point on P-256: only with one can a secret be agreed on.
fn is_on_curve(point: &[u8]) -> bool {
    let own = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new());
    own.is_ok_and(|own| {
        agree_ephemeral(own, &agreement::UnparsedPublicKey::new(&ECDH_P256, point), |_| ()).is_ok()
    })
}

/// The beginning of what somebody says, without what a terminal would act on.
fn plain(text: &str) -> String {
    let mut plain: String = text.chars().take(REPEATED).flat_map(char::escape_debug).collect();
    if text.chars().nth(REPEATED).is_some() {
        plain.push('…');
    }
    plain
}

fn bytes(name: &str, text: Option<String>) -> Result<Vec<u8>, String> {
    let text = text.ok_or_else(|| format!("it has no `{name}`"))?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| format!("its `{name}` is not base64url without padding"))
}

fn part<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, InvalidToken> {
    let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidToken::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| InvalidToken::Malformed)
}

/// A time in seconds since 1970, for people.
fn time(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "a time that is cut is no time, and said to be none")]
    let whole = seconds as i64;
    Timestamp::from_second(whole).map_or_else(|_| "no time".to_owned(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
    use serde_json::{Value, json};

    use super::*;

    const NOW: i64 = 1_800_000_000;
    const ISSUER: &str = "https://issuer.test/tenant/";
    const SECRET: [u8; 32] = [7; 32];

    fn encode(bytes: impl AsRef<[u8]>) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn claims() -> Value {
        json!({ "iss": ISSUER, "aud": AUDIENCE, "nbf": NOW - 10, "exp": NOW + 3600 })
    }

    fn signed(header: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature = sign(signed.as_bytes());
        format!("{signed}.{}", encode(signature))
    }

    fn with_secret(message: &[u8]) -> Vec<u8> {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &SECRET), message).as_ref().to_vec()
    }

    fn issuer(keys: &Value) -> Result<TestIssuer, IssuerError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), json!({ "issuer": ISSUER, "keys": keys }).to_string()).unwrap();
        TestIssuer::read(file.path())
    }

    fn of_secret() -> TestIssuer {
        issuer(&json!([{ "kty": "oct", "kid": "one", "k": encode(SECRET) }])).unwrap()
    }

    fn verify(issuer: &TestIssuer, token: &str) -> Result<(), InvalidToken> {
        issuer.verify(token, Timestamp::from_second(NOW).unwrap())
    }

    fn verify_claims(claims: &Value) -> Result<(), InvalidToken> {
        verify(&of_secret(), &signed(&json!({ "alg": "HS256", "kid": "one" }), claims, with_secret))
    }

    #[test]
    fn a_token_of_the_issuer_for_batch_is_taken_while_it_holds() {
        assert_eq!(verify_claims(&claims()), Ok(()));
        let changed = |name: &str, value: Value| {
            let mut claims = claims();
            claims[name] = value;
            verify_claims(&claims)
        };
        assert_eq!(changed("aud", json!(["https://other/", "https://batch.core.windows.net"])), Ok(()));
        assert_eq!(changed("exp", json!(NOW - 299)), Ok(()), "clocks differ");
        assert!(matches!(changed("exp", json!(NOW - 301)), Err(InvalidToken::Expired { .. })));
        assert_eq!(changed("nbf", json!(NOW + 299)), Ok(()));
        assert!(matches!(changed("nbf", json!(NOW + 301)), Err(InvalidToken::NotYet { .. })));
        assert!(matches!(changed("iss", json!("https://other/")), Err(InvalidToken::Issuer { .. })));
        let other = changed("aud", json!("https://management.azure.com/")).unwrap_err().to_string();
        assert!(other.contains("https://management.azure.com/"), "{other}");
        assert_eq!(changed("exp", Value::Null), Err(InvalidToken::NoExpiry));
        assert_eq!(changed("exp", json!(NOW + 365 * 24 * 3_600)), Ok(()));
        for ages in [json!(NOW + 367 * 24 * 3_600), json!(1e300)] {
            assert!(matches!(changed("exp", ages), Err(InvalidToken::TooLong { .. })));
        }
        for claim in ["iss", "aud"] {
            assert_eq!(changed(claim, Value::Null), Err(InvalidToken::Malformed), "{claim}");
        }
        for claim in ["exp", "nbf"] {
            assert_eq!(changed(claim, json!("tomorrow")), Err(InvalidToken::Malformed), "{claim}");
        }
    }

    #[test]
    fn the_key_decides_the_algorithm_and_not_the_token() {
        let issuer = of_secret();
        let algorithm = |name: &str| {
            verify(&issuer, &signed(&json!({ "alg": name }), &claims(), with_secret)).unwrap_err()
        };
        for name in ["none", "None", "", "HS512", "RS256"] {
            assert_eq!(algorithm(name), InvalidToken::Algorithm(name.to_owned()));
        }
        let unsigned = signed(&json!({ "alg": "HS256" }), &claims(), |_| Vec::new());
        assert_eq!(verify(&issuer, &unsigned), Err(InvalidToken::Signature));
        let critical = signed(&json!({ "alg": "HS256", "crit": ["b64"] }), &claims(), with_secret);
        assert_eq!(verify(&issuer, &critical), Err(InvalidToken::Critical));
        let stranger = signed(&json!({ "alg": "HS256", "kid": "two" }), &claims(), with_secret);
        assert_eq!(verify(&issuer, &stranger), Err(InvalidToken::UnknownKey("two".to_owned())));
    }

    #[test]
    fn what_a_stranger_writes_into_a_token_does_nothing_to_a_terminal() {
        let issuer = of_secret();
        let hostile = format!("\u{1b}[2J\u{1b}]0;owned\u{7}\r\n\u{202e}{}", "x".repeat(5_000));
        for header in [json!({ "alg": hostile }), json!({ "alg": "HS256", "kid": hostile })] {
            let said = verify(&issuer, &signed(&header, &claims(), with_secret)).unwrap_err().to_string();
            assert!(said.chars().count() < 300 && said.contains("[2J"), "{said}");
            assert!(!said.contains(|c: char| c.is_control() || c == '\u{202e}'), "{said:?}");
        }
        for claim in ["iss", "aud"] {
            let mut claims = claims();
            claims[claim] = json!(hostile);
            let said = verify_claims(&claims).unwrap_err().to_string();
            assert!(said.len() < 600 && !said.contains(char::is_control), "{said:?}");
        }
    }

    #[test]
    fn a_public_key_is_no_secret_to_sign_with() {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        let point = pair.public_key().as_ref().to_vec();
        let key =
            json!([{ "kty": "EC", "crv": "P-256", "x": encode(&point[1..33]), "y": encode(&point[33..]) }]);
        let issuer = issuer(&key).unwrap();
        let sign = |message: &[u8]| pair.sign(&random, message).unwrap().as_ref().to_vec();
        assert_eq!(verify(&issuer, &signed(&json!({ "alg": "ES256" }), &claims(), sign)), Ok(()));
        let forge = |message: &[u8]| {
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &point), message).as_ref().to_vec()
        };
        let forged = signed(&json!({ "alg": "HS256" }), &claims(), forge);
        assert_eq!(verify(&issuer, &forged), Err(InvalidToken::Algorithm("HS256".to_owned())));
    }

    #[test]
    fn what_is_no_token_is_refused_without_being_repeated() {
        let issuer = of_secret();
        for token in ["", ".", "..", "a.b", "a.b.c", "ä.ö.ü"] {
            assert_eq!(verify(&issuer, token), Err(InvalidToken::Malformed), "{token}");
        }
    }

    #[test]
    fn a_file_without_usable_keys_is_refused_with_the_reason() {
        let reason = |keys: Value| issuer(&keys).unwrap_err().to_string();
        let of_text = |text: String| {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), text).unwrap();
            TestIssuer::read(file.path()).unwrap_err()
        };
        let nameless = json!({ "issuer": "", "keys": [{ "kty": "oct", "k": encode(SECRET) }] });
        assert!(of_text(nameless.to_string()).to_string().contains("names no issuer"));
        let large = json!({ "issuer": "x".repeat(256 * 1024), "keys": [] });
        assert!(
            matches!(of_text(large.to_string()), IssuerError::Read { source, .. } if source.to_string().contains("256 KiB"))
        );
        assert!(reason(json!([])).contains("no keys"));
        for (key, expected) in [
            (json!({ "kty": "oct", "k": "c2hvcnQ" }), "at least 32 bytes"),
            (json!({ "kty": "oct" }), "no `k`"),
            (json!({ "kty": "RSA", "n": "!", "e": "AQAB" }), "`n` is not base64url"),
            (json!({ "kty": "RSA", "n": "", "e": "AQAB" }), "`n` has 0 bits"),
            (json!({ "kty": "RSA", "n": encode([0xff; 128]), "e": "AQAB" }), "`n` has 1024 bits"),
            (json!({ "kty": "RSA", "n": encode([0xff; 256]), "e": "" }), "`e` is no exponent"),
            (
                json!({ "kty": "EC", "crv": "P-256", "x": encode([1; 32]), "y": encode([1; 32]) }),
                "no point on P-256",
            ),
            (json!({ "kty": "EC", "crv": "P-521" }), "P-521"),
            (json!({ "kty": "OKP" }), "OKP"),
            (json!({ "kty": "oct", "k": encode(SECRET), "alg": "RS256" }), "it is for RS256"),
        ] {
            let reason = reason(json!([key]));
            assert!(reason.starts_with("key 1 in") && reason.contains(expected), "{reason}");
        }
    }
}
