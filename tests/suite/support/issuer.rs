//! An issuer of bearer tokens that an emulator can be told to trust.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use batchyard::clock::{Clock as _, SystemClock};
use ring::hmac;
use serde_json::{Value, json};

/// The issuer's name.
const NAME: &str = "https://issuer.test/tenant/";
const SECRET: [u8; 32] = *b"a secret of tests, of 32 bytes..";

/// An issuer of bearer tokens.
#[derive(Debug, Clone, Copy)]
pub struct Issuer;

impl Issuer {
    /// The content of the file for `--test-issuer`.
    pub fn file(self) -> String {
        let key = json!({ "kty": "oct", "kid": "tests", "alg": "HS256", "k": self.secret() });
        json!({ "issuer": NAME, "keys": [key] }).to_string()
    }

    /// What it signs with, as in its file.
    pub fn secret(self) -> String {
        URL_SAFE_NO_PAD.encode(SECRET)
    }

    /// A token for Azure Batch that holds for an hour.
    pub fn token(self) -> String {
        self.token_for("https://batch.core.windows.net/")
    }

    /// A token for somebody that holds for an hour.
    pub fn token_for(self, audience: &str) -> String {
        signed(&json!({ "iss": NAME, "aud": audience, "nbf": now() - 5, "exp": now() + 3_600 }), &SECRET)
    }

    /// A token that somebody else has signed.
    pub fn forged(self) -> String {
        let claims = json!({ "iss": NAME, "aud": "https://batch.core.windows.net/", "exp": now() + 3_600 });
        signed(&claims, b"another secret, also of 32 bytes")
    }
}

fn signed(claims: &Value, secret: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(&json!({ "alg": "HS256", "kid": "tests" })), part(claims));
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Seconds since 1970.
pub fn now() -> i64 {
    SystemClock.now().as_second()
}
