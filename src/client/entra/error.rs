//! Why there is no token.

use std::fmt;

use super::options::EntraKind;

/// The longest reason that is shown, in characters.
const REASON_LENGTH: usize = 400;

/// A kind of credential that gave no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::client) struct Attempt {
    pub(super) kind: EntraKind,
    /// Whether it is set up at all, and was refused.
    pub(super) is_refusal: bool,
    /// Why, in one line.
    pub(super) reason: String,
}

impl Attempt {
    /// Nothing is set up.
    pub(super) fn missing(kind: EntraKind, reason: impl Into<String>) -> Self {
        Self { kind, is_refusal: false, reason: reason.into() }
    }

    /// It was tried, and failed.
    pub(super) fn failed(kind: EntraKind, reason: &str) -> Self {
        Self { kind, is_refusal: true, reason: one_line(reason) }
    }
}

/// No kind of credential gave a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::client) struct EntraError(pub(super) Vec<Attempt>);

impl EntraError {
    /// Whether a credential that was set up on purpose has failed, rather than that there is none.
    pub(in crate::client) fn is_refusal(&self) -> bool {
        self.0.iter().any(|attempt| attempt.is_refusal && attempt.kind.is_deliberate())
    }
}

impl fmt::Display for EntraError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [one] = self.0.as_slice() {
            return write!(f, "no token of Microsoft Entra by {}: {}", one.kind, one.reason);
        }
        f.write_str("no credential gives a token of Microsoft Entra:")?;
        self.0.iter().try_for_each(|attempt| write!(f, "\n    {}: {}", attempt.kind, attempt.reason))
    }
}

impl std::error::Error for EntraError {}

/// What the layers of an error say, without what only repeats another one.
pub(super) fn layers(error: &azure_core::Error) -> String {
    let mut said: Vec<String> = vec![error.to_string()];
    let mut layer = std::error::Error::source(error);
    while let Some(error) = layer {
        let text = error.to_string();
        layer = error.source();
        match said.as_slice() {
            // azure_identity repeats the cause, and adds an address that stays in its own documentation.
            [outermost] if outermost.contains(text.trim()) && outermost.contains("To troubleshoot") => {
                said = vec![text];
            }
            [.., last] if last.contains(text.trim()) => {}
            _ => said.push(text),
        }
    }
    said.join(": ")
}

fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line: String = words.join(" ").chars().filter(|c| !c.is_control()).collect();
    let short: String = line.chars().take(REASON_LENGTH).collect();
    if short.len() < line.len() { format!("{short}…") } else { short }
}

#[cfg(test)]
mod tests {
    use azure_core::error::ErrorKind;

    use super::*;

    #[test]
    fn every_attempt_has_a_line() {
        let error = EntraError(vec![
            Attempt::missing(EntraKind::Environment, "AZURE_CLIENT_ID is not set"),
            Attempt::failed(EntraKind::AzureCli, "ERROR: Please run\n  'az login' to setup account.\n"),
        ]);
        assert_eq!(
            error.to_string(),
            "no credential gives a token of Microsoft Entra:\n    environment: AZURE_CLIENT_ID is not set\n    \
             Azure CLI: ERROR: Please run 'az login' to setup account."
        );
        assert!(!error.is_refusal(), "whoever is not signed in can do that");
        let chosen = EntraError(vec![Attempt::failed(EntraKind::AzureCli, "no")]);
        assert!(!chosen.is_refusal(), "even if it must be the Azure CLI");
        assert!(EntraError(vec![Attempt::failed(EntraKind::Environment, "no")]).is_refusal());
    }

    #[test]
    fn an_error_is_not_told_twice() {
        let inner = azure_core::Error::with_message(ErrorKind::Credential, "az not found on PATH");
        let text = format!("AzureCliCredential authentication failed. {inner}\nTo troubleshoot, visit x");
        let outer = azure_core::Error::with_error(ErrorKind::Credential, inner, text);
        assert_eq!(layers(&outer), "az not found on PATH");
        let reset = std::io::Error::other("reset by peer");
        let inner = azure_core::Error::with_error(ErrorKind::Io, reset, "asking for a token: reset by peer");
        let text = format!("ClientSecretCredential authentication failed. {inner}\nTo troubleshoot, visit x");
        let outer = azure_core::Error::with_error(ErrorKind::Credential, inner, text);
        assert_eq!(layers(&outer), "asking for a token: reset by peer");
    }
}
