//! A certificate and its key, ready for handshakes.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{InconsistentKeys, ServerConfig};
use tokio_rustls::TlsAcceptor;

use crate::bounded_file;

/// The largest file that is taken for a certificate or key, in bytes.
const MAX_FILE: u64 = 1024 * 1024;

/// What a server proves with that it is who it says: a certificate, the chain that leads to it, and its key.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ServerConfig>,
    certificate: CertificateDer<'static>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}

/// Why a certificate can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file can't be read.
    #[error("the {what} file {} can't be read", path.display())]
    Read {
        /// "certificate" or "key".
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("{} holds no {wanted}", path.display())]
    Content {
        /// What it should hold.
        wanted: &'static str,
        /// The file.
        path: PathBuf,
        /// What it holds instead.
        #[source]
        source: pem::Error,
    },
    /// The key is locked by a passphrase.
    #[error("the key in {} is encrypted", path.display())]
    Encrypted {
        /// The file.
        path: PathBuf,
    },
    /// The key belongs to another certificate.
    #[error("the key in {} is not that of the first certificate in {}", key.display(), certificate.display())]
    OtherKey {
        /// The key's file.
        key: PathBuf,
        /// The certificate's file.
        certificate: PathBuf,
    },
    /// TLS can't be done with the certificate or the key.
    #[error("no TLS with the certificate in {}", certificate.display())]
    Unusable {
        /// The certificate's file.
        certificate: PathBuf,
        /// Why.
        source: rustls::Error,
    },
    /// What lies where a certificate is kept is not this user's alone.
    #[error("{} is not trusted: {reason}", path.display())]
    Untrusted {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A certificate can't be made.
    #[error("no certificate can be made")]
    Generate(#[from] rcgen::Error),
    /// A certificate that was made can't be stored.
    #[error("the certificate can't be stored in {}", folder.display())]
    Store {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl TlsError {
    /// What a person could try.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Read { .. } => Some("check the path, and that this user may read the file".to_owned()),
            Self::Content { wanted: CERTIFICATE, .. } => Some(
                "it takes PEM, the server's certificate first and then those that it is signed by; \
                 `openssl x509 -inform der -in FILE -out FILE.pem` makes it from DER"
                    .to_owned(),
            ),
            Self::Content { .. } => Some(
                "it takes PEM with `-----BEGIN PRIVATE KEY-----`; `openssl pkey -inform der -in FILE -out FILE.pem` makes it \
                 from DER"
                    .to_owned(),
            ),
            Self::Encrypted { path } => Some(format!(
                "`openssl pkey -in {} -out key.pem` takes the passphrase off; keep the result readable for you only",
                path.display()
            )),
            Self::OtherKey { .. } => {
                Some("give the key that the certificate was requested with, and the server's certificate first".to_owned())
            }
            Self::Unusable { .. } => {
                Some("it takes RSA keys of 2048 to 8192 bits, ECDSA keys on P-256 or P-384, and Ed25519".to_owned())
            }
            Self::Untrusted { path, .. } => Some(format!(
                "somebody else may know the key: remove {}; the next start makes a certificate anew, which clients have to be told of",
                path.display()
            )),
            Self::Generate(_) | Self::Store { .. } => None,
        }
    }
}

const CERTIFICATE: &str = "certificate in PEM";
const KEY: &str = "private key in PEM";

impl Tls {
    /// Takes the certificate, with the chain that leads to it, and the key from PEM files.
    ///
    /// # Errors
    /// When a file can't be read, is not PEM, or the two don't belong together.
    pub fn from_files(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let chain = read("certificate", certificate)?;
        let wrong = |source| TlsError::Content { wanted: CERTIFICATE, path: certificate.to_owned(), source };
        let chain = CertificateDer::pem_slice_iter(&chain).collect::<Result<Vec<_>, _>>().map_err(wrong)?;
        let first = chain.first().cloned().ok_or_else(|| wrong(pem::Error::NoItemsFound))?;
        let text = read("key", key)?;
        let secret = PrivateKeyDer::from_pem_slice(&text).map_err(|source| {
            let path = key.to_owned();
            match is_encrypted(&text) {
                true => TlsError::Encrypted { path },
                false => TlsError::Content { wanted: KEY, path, source },
            }
        })?;
        let config = server_config(chain, secret).map_err(|source| match source {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                TlsError::OtherKey { key: key.to_owned(), certificate: certificate.to_owned() }
            }
            source => TlsError::Unusable { certificate: certificate.to_owned(), source },
        })?;
        Ok(Self { config: Arc::new(config), certificate: first })
    }

    /// The server's own certificate.
    pub(crate) fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The server's own certificate, in PEM.
    pub(crate) fn certificate_pem(&self) -> String {
        let mut text = "-----BEGIN CERTIFICATE-----\n".to_owned();
        let encoded = STANDARD.encode(&self.certificate);
        for line in encoded.as_bytes().chunks(64) {
            text.push_str(&String::from_utf8_lossy(line));
            text.push('\n');
        }
        text.push_str("-----END CERTIFICATE-----\n");
        text
    }

    /// What shakes hands with clients.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }
}

fn server_config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Both ways in which PEM says that a key is encrypted.
fn is_encrypted(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED")
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    bounded_file::read(path, MAX_FILE).map_err(|source| TlsError::Read {
        what,
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let (certificate, key) = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        (certificate, key)
    }

    #[test]
    fn a_certificate_and_its_key_are_taken() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = pair(folder.path(), "a");
        Tls::from_files(&certificate, &key).unwrap();
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_with_what_to_try() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = pair(folder.path(), "a");
        let (_, other) = pair(folder.path(), "b");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let words = write("words", "no pem\n");
        let locked = write(
            "locked",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
        );
        let garbage = write("garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        let nowhere = folder.path().join("nowhere");
        for (certificate, key, message) in [
            (&certificate, &other, "is not that of the first certificate in"),
            (&words, &key, "words holds no certificate in PEM"),
            (&certificate, &words, "words holds no private key in PEM"),
            (&certificate, &certificate, "a.pem holds no private key in PEM"),
            (&certificate, &locked, "locked is encrypted"),
            (&garbage, &key, "no TLS with the certificate in"),
            (&nowhere, &key, "nowhere can't be read"),
            (&certificate, &folder.path().to_owned(), "can't be read"),
        ] {
            let error = Tls::from_files(certificate, key).unwrap_err();
            assert!(error.to_string().contains(message), "{error}");
            assert!(error.hint().is_some(), "{error}");
        }
    }
}
