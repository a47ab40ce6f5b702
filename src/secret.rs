//! Secrets that cannot be printed, logged or serialised by accident.
//!
//! [`Secret`] holds a value; [`SecretRef`] says where a value can be found. Plans, recipes and saved files only ever
//! carry references; values are resolved as late as possible and are overwritten in memory when dropped.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// A secret value. `Debug` shows `[redacted]`; there is no `Display` and no `Serialize`.
#[derive(Clone, Default)]
pub struct Secret(SecretString);

impl Secret {
    /// Wraps a value that must not be shown from here on.
    pub fn new(value: impl Into<String>) -> Self {
        Self(SecretString::from(value.into()))
    }

    /// The value itself. Call it only where the value leaves for its destination: a signature, a request body, a header.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl PartialEq for Secret {
    /// Compares in constant time for values of equal length.
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (self.expose().as_bytes(), other.expose().as_bytes());
        a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (x, y)| difference | (x ^ y)) == 0
    }
}

impl Eq for Secret {}

/// Where a secret's value can be found. A reference is no secret: plans and digests carry it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretRef {
    /// The value of an environment variable of the process that applies the recipe.
    Env(String),
    /// The content of a file, without its final line break. Relative paths start at the recipe's folder.
    File(String),
    /// A secret's URL in an Azure Key Vault.
    KeyVault(String),
    /// The URL of a blob, made from such a URL of its container.
    Blob {
        /// The URL of the container, with its signature.
        container: Box<SecretRef>,
        /// The blob, a path of letters, digits and slashes.
        name: String,
    },
}

impl SecretRef {
    /// What has to be there for it: of the URL of a blob, that of its container.
    pub fn root(&self) -> &Self {
        match self {
            Self::Blob { container, .. } => container.root(),
            other => other,
        }
    }
}

/// The URL of a blob, from that of its container, which may hold a signature. The name is a path of letters, digits and slashes.
pub fn blob_url(container: &str, name: &str) -> String {
    let (address, query) = container.split_once('?').unwrap_or((container, ""));
    // Tools write into the URLs of containers what a blob's must not have.
    let of_container = |pair: &&str| !pair.is_empty() && !["restype=container", "comp=list"].contains(pair);
    let query: Vec<&str> = query.split('&').filter(of_container).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{}/{name}{mark}{}", address.trim_end_matches('/'), query.join("&"))
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env {name}"),
            Self::File(path) => write!(f, "file {path}"),
            Self::KeyVault(url) => write!(f, "key vault secret {url}"),
            Self::Blob { container, name } => write!(f, "blob {name} in the container of {container}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_nothing_of_its_value() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret:?}"), "[redacted]");
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn the_url_of_a_blob_keeps_the_signature_of_its_container() {
        assert_eq!(
            blob_url("https://a/in?sv=1&sig=x%3D", "inputs/1f"),
            "https://a/in/inputs/1f?sv=1&sig=x%3D"
        );
        assert_eq!(blob_url("https://a/in/?restype=container&sig=x", "b"), "https://a/in/b?sig=x");
        assert_eq!(blob_url("https://a/in", "b"), "https://a/in/b");
    }

    #[test]
    fn equality_looks_at_the_whole_value() {
        assert_eq!(Secret::new("abc"), Secret::new("abc"));
        assert_ne!(Secret::new("abc"), Secret::new("abd"));
        assert_ne!(Secret::new("abc"), Secret::new("ab"));
    }
}
