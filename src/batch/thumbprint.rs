//! What certificates are known by.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The only algorithm that thumbprints are made with.
pub const THUMBPRINT_ALGORITHM: &str = "sha1";
/// The most digits of a thumbprint.
const MAX_DIGITS: usize = 40;

/// Why a text is not a thumbprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidThumbprint {
    /// It is made with something else.
    #[error("thumbprints are made with `{THUMBPRINT_ALGORITHM}`, not with `{0}`")]
    Algorithm(String),
    /// It is empty, too long, or has something else than hexadecimal digits.
    #[error("`{0}` is no thumbprint: 1 to {MAX_DIGITS} hexadecimal digits")]
    Digits(String),
}

/// The SHA-1 thumbprint of a certificate, in lower case and without spaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Thumbprint(String);

impl Thumbprint {
    /// The thumbprint that a client has written. Spaces between the digits don't count.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(algorithm: &str, digits: &str) -> Result<Self, InvalidThumbprint> {
        if !algorithm.eq_ignore_ascii_case(THUMBPRINT_ALGORITHM) {
            return Err(InvalidThumbprint::Algorithm(algorithm.to_owned()));
        }
        let plain: String = digits.chars().filter(|c| *c != ' ').map(|c| c.to_ascii_lowercase()).collect();
        if !(1..=MAX_DIGITS).contains(&plain.len()) || !plain.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(InvalidThumbprint::Digits(digits.to_owned()));
        }
        Ok(Self(plain))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumbprint_is_hexadecimal_and_may_be_written_with_spaces() {
        let parse = |digits: &str| Thumbprint::parse("SHA1", digits).map(|thumbprint| thumbprint.0);
        assert_eq!(parse("01 23 AB"), Ok("0123ab".to_owned()));
        assert_eq!(parse(&"a".repeat(40)), Ok("a".repeat(40)));
        for other in ["", "   ", "xyz", "../..", "é", &"a".repeat(41)] {
            assert_eq!(parse(other), Err(InvalidThumbprint::Digits(other.to_owned())));
        }
        assert_eq!(Thumbprint::parse("md5", "ab"), Err(InvalidThumbprint::Algorithm("md5".to_owned())));
    }
}
