//! How much is known about the texts of an object.

use crate::recipe::{is_secret_name, known_secret};

/// How much is known about the texts of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Openness {
    /// The recipe that made it said all of them openly: its digest proves it.
    Open,
    /// A recipe made it, and may have held some of them as secrets.
    Secretive,
    /// No recipe made it: only names and values tell.
    Unknown,
}

impl Openness {
    /// Of an object of somebody, of which it is known whether it holds no secrets.
    pub(super) fn of(is_owned: bool, had_no_secrets: bool) -> Self {
        match (is_owned, had_no_secrets) {
            (_, true) => Self::Open,
            (true, false) => Self::Secretive,
            (false, false) => Self::Unknown,
        }
    }

    /// Whether a value of that name must not be written down.
    pub(super) fn hides(self, name: &str, value: &str) -> bool {
        let is_secret = known_secret(value).is_some() || (is_secret_name(name) && !value.is_empty());
        match self {
            Self::Open => false,
            Self::Unknown => is_secret,
            Self::Secretive => is_secret || !is_harmless(value),
        }
    }
}

/// Whether a value can't be a secret: nothing, a number or a switch.
fn is_harmless(value: &str) -> bool {
    let value = value.trim();
    value.is_empty()
        || value.parse::<f64>().is_ok()
        || ["true", "false", "yes", "no", "on", "off"].contains(&value.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_is_hidden() {
        let sas = "https://a.blob.core.windows.net/c?sv=2020&sig=abcdefghijklmnopqrstuvwxyz0123456789";
        assert!(!Openness::Open.hides("PASSWORD", "in the open"), "its recipe says it");
        assert!(Openness::Unknown.hides("PASSWORD", "12"));
        assert!(Openness::Unknown.hides("SOURCE", sas));
        assert!(!Openness::Unknown.hides("MODE", "fast"));
        assert!(Openness::Secretive.hides("MODE", "fast") && Openness::Secretive.hides("X", "/k3y"));
        assert!(Openness::Secretive.hides("X", "a ${{ b }}") && Openness::Secretive.hides("PIN", "x"));
        assert!(!Openness::Secretive.hides("COUNT", "3") && !Openness::Secretive.hides("ON", "true"));
    }
}
