//! Certificates that are trusted beside those that the machine trusts.

use std::path::{Path, PathBuf};

use crate::bounded_file;

/// The largest file that is taken for certificates, in bytes.
const MAX_FILE: u64 = 4 * 1024 * 1024;

/// Certificates that are trusted beside those that the machine trusts: authorities, or servers that vouch for themselves.
#[derive(Debug, Clone, Default)]
pub struct ExtraRoots(Vec<reqwest::Certificate>);

/// Why certificates can't be trusted.
#[derive(Debug, thiserror::Error)]
pub enum RootsError {
    /// The file can't be read.
    #[error("the certificates in {} can't be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file holds none.
    #[error("{} holds no certificate in PEM", path.display())]
    Format {
        /// The file.
        path: PathBuf,
    },
}

impl ExtraRoots {
    /// Takes all certificates of a PEM file.
    ///
    /// # Errors
    /// When it can't be read, or holds none.
    pub fn read(path: &Path) -> Result<Self, RootsError> {
        let failed = |source| RootsError::Read { path: path.to_owned(), source };
        let format = || RootsError::Format { path: path.to_owned() };
        let text = bounded_file::read(path, MAX_FILE).map_err(failed)?;
        let certificates = reqwest::Certificate::from_pem_bundle(&text).map_err(|_| format())?;
        if certificates.is_empty() { Err(format()) } else { Ok(Self(certificates)) }
    }

    /// Has a client trust them.
    pub(super) fn add_to(&self, builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        if self.0.is_empty() { builder } else { builder.tls_certs_merge(self.0.iter().cloned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        assert!(matches!(ExtraRoots::read(&file), Err(RootsError::Read { .. })));
        std::fs::write(&file, "words\n").unwrap();
        assert!(matches!(ExtraRoots::read(&file), Err(RootsError::Format { .. })));
        assert!(matches!(ExtraRoots::read(folder.path()), Err(RootsError::Read { .. })));
    }
}
