//! Whether an account may be served to other machines.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::batch::auth::DEVELOPMENT_KEY;
use crate::secret::Secret;

/// The shortest key with which other machines are served, in bytes: half of what Azure's have, and more than can be guessed.
const MIN_KEY: usize = 32;

/// Why an account is served to this machine only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotOpen {
    /// There is no TLS.
    #[error("requests and answers would cross the network in the clear")]
    InTheClear,
    /// Its key is the one that everybody knows.
    #[error("the published development key would let anybody use the account")]
    PublishedKey,
    /// Its key is short, or none.
    #[error("a key of less than {MIN_KEY} bytes could be guessed")]
    ShortKey,
    /// It takes tokens that tests make.
    #[error("tokens of a test issuer are for tests on this machine")]
    TestIssuer,
}

/// Whether an account with this key, in base64, may be served to other machines.
///
/// # Errors
/// Why not.
pub fn may_be_open(key: &Secret, has_tls: bool, has_issuer: bool) -> Result<(), NotOpen> {
    // One key can be spelt in several ways.
    let bytes = STANDARD.decode(key.expose()).unwrap_or_default();
    if !has_tls {
        Err(NotOpen::InTheClear)
    } else if STANDARD.decode(DEVELOPMENT_KEY).is_ok_and(|published| published == bytes) {
        Err(NotOpen::PublishedKey)
    } else if bytes.len() < MIN_KEY {
        Err(NotOpen::ShortKey)
    } else if has_issuer {
        Err(NotOpen::TestIssuer)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_machines_need_tls_a_key_of_ones_own_and_no_test_issuer() {
        let key = |bytes: usize| Secret::new(STANDARD.encode(vec![7; bytes]));
        assert_eq!(may_be_open(&key(32), true, false), Ok(()));
        assert_eq!(may_be_open(&key(32), false, false), Err(NotOpen::InTheClear));
        assert_eq!(may_be_open(&key(31), true, false), Err(NotOpen::ShortKey));
        assert_eq!(may_be_open(&Secret::new("no base64"), true, false), Err(NotOpen::ShortKey));
        assert_eq!(may_be_open(&key(32), true, true), Err(NotOpen::TestIssuer));
        assert_eq!(may_be_open(&Secret::new(DEVELOPMENT_KEY), true, false), Err(NotOpen::PublishedKey));
    }
}
