//! A service principal that proves itself with a certificate.
//!
//! The crate's own credential for that needs OpenSSL. The assertion that it signs is documented ("Microsoft identity platform
//! application authentication certificate credentials"), and signed here with ring.

use std::path::Path;

use async_trait::async_trait;
use azure_core::error::ErrorKind;
use azure_core::http::ClientMethodOptions;
use azure_identity::ClientAssertion;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use ring::digest;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;

use crate::bounded_file;
use crate::clock::{Clock as _, SystemClock};

/// How long an assertion holds.
const LIFE: SignedDuration = SignedDuration::from_mins(10);

/// The largest file that is taken for a certificate with its key, in bytes.
const MAX_FILE: u64 = 1024 * 1024;

/// A certificate's key, and what its assertions say.
pub(super) struct CertificateAssertion {
    key: RsaKeyPair,
    thumbprint: String,
    client_id: String,
    audience: String,
}

impl std::fmt::Debug for CertificateAssertion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CertificateAssertion").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl CertificateAssertion {
    /// Takes the certificate and its RSA key from a PEM file; tokens are asked for at `audience`. An error says what is wrong.
    pub(super) fn read(path: &Path, client_id: &str, audience: String) -> Result<Self, String> {
        let shown = path.display();
        let text = bounded_file::read(path, MAX_FILE).map_err(|error| format!("{shown}: {error}"))?;
        let certificate = CertificateDer::from_pem_slice(&text)
            .map_err(|_| format!("{shown} holds no certificate in PEM (PFX files are not read)"))?;
        let key = PrivateKeyDer::from_pem_slice(&text)
            .map_err(|_| format!("{shown} holds no private key in PEM that is not encrypted"))?;
        let key = match &key {
            PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            _ => return Err(format!("the key in {shown} is not an RSA key, and Entra takes no other")),
        };
        let key = key.map_err(|error| match error.to_string().as_str() {
            "WrongAlgorithm" => format!("the key in {shown} is not an RSA key, and Entra takes no other"),
            reason => format!("the key in {shown} can't be used: {reason}"),
        })?;
        let thumbprint = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &certificate);
        Ok(Self {
            key,
            thumbprint: URL_SAFE_NO_PAD.encode(thumbprint),
            client_id: client_id.to_owned(),
            audience,
        })
    }

    fn sign(&self, now: Timestamp) -> Option<String> {
        let header = json!({ "alg": "RS256", "typ": "JWT", "x5t": self.thumbprint });
        let claims = json!({
            "aud": self.audience,
            "iss": self.client_id,
            "sub": self.client_id,
            "jti": uuid::Uuid::new_v4().to_string(),
            "nbf": now.as_second(),
            "exp": (now + LIFE).as_second(),
        });
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).ok()?;
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

#[async_trait]
impl ClientAssertion for CertificateAssertion {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        // Entra's clock, not that of a test.
        self.sign(SystemClock.now()).ok_or_else(|| {
            azure_core::Error::with_message(ErrorKind::Credential, "the certificate's key does not sign")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_not_rsa_is_called_so() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("principal.pem");
        let made = rcgen::generate_simple_self_signed(vec!["a".to_owned()]).unwrap();
        std::fs::write(&file, format!("{}{}", made.signing_key.serialize_pem(), made.cert.pem())).unwrap();
        let error = CertificateAssertion::read(&file, "client", String::new()).unwrap_err();
        assert!(error.ends_with("is not an RSA key, and Entra takes no other"), "{error}");
    }
}
