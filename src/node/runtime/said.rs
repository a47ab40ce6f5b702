//! What registries say, as it may be repeated: they are strangers, and were told secrets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::container::{RegistryCredential, RuntimeError};
use crate::secret::Secret;

/// How much of an answer is repeated, in characters.
const REPEATED: usize = 600;

/// What stands in the place of a secret.
const HIDDEN: &str = "(not shown)";

/// A text of a registry's without the secrets that it was told, without control characters, and no longer than a few lines.
pub(super) fn harmless(text: &str, secrets: &[String]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, HIDDEN);
    }
    let mut plain = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == REPEATED {
            plain.push('…');
            break;
        }
        match character {
            _ if character.is_whitespace() => plain.push(' '),
            _ if character.is_control() => plain.extend(character.escape_default()),
            _ => plain.push(character),
        }
    }
    plain
}

impl RegistryCredential {
    /// What must not be repeated of it: the password, and it together with the user as it goes over the wire.
    fn secrets(&self) -> Vec<String> {
        let password = self.password.expose();
        let login = STANDARD.encode(format!("{}:{password}", self.username));
        // As an answer in JSON or HTML would write it, the encoding may have lost its padding.
        let bare = login.trim_end_matches('=').to_owned();
        vec![login, bare, STANDARD.encode(password), password.to_owned()]
    }
}

impl RuntimeError {
    /// The error as it may be told: a registry may have repeated what it was told at the login.
    /// `token` is what its token server gave.
    pub(in crate::node) fn harmless(
        mut self,
        credential: Option<&RegistryCredential>,
        token: Option<&Secret>,
    ) -> Self {
        let mut secrets = credential.map(RegistryCredential::secrets).unwrap_or_default();
        secrets.extend(token.map(|token| token.expose().to_owned()));
        match &mut self {
            Self::Unauthorized { reason, .. }
            | Self::ImageNotFound { reason, .. }
            | Self::InvalidImage { reason, .. }
            | Self::PullFailed { reason, .. }
            | Self::DiskFull { reason, .. }
            | Self::Failed { reason, .. } => *reason = harmless(reason, &secrets),
            Self::Passing(inner) => {
                let error = std::mem::replace(
                    &mut **inner,
                    Self::Failed { action: String::new(), reason: String::new() },
                );
                **inner = error.harmless(credential, token);
            }
            _ => {}
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_registry_was_told_is_not_repeated() {
        let credential = RegistryCredential {
            server: "r".to_owned(),
            username: "leakuser".to_owned(),
            password: Secret::new("LEAKPW99"),
        };
        let said = "you sent Basic bGVha3VzZXI6TEVBS1BXOTk=, which is LEAKPW99";
        let error = RuntimeError::PullFailed {
            image: "r/i".to_owned(),
            registry: "r".to_owned(),
            reason: said.to_owned(),
        };
        let told = RuntimeError::Passing(Box::new(error)).harmless(Some(&credential), None).to_string();
        assert!(told.ends_with("you sent Basic (not shown), which is (not shown)"), "{told}");
    }

    #[test]
    fn nothing_that_a_registry_says_drives_a_terminal_or_fills_it() {
        let said = format!("\u{1b}]0;pwn\u{7}\u{1b}[2Jred\rforged\n{}", "A".repeat(5_000_000));
        let told = harmless(&said, &[]);
        assert!(told.starts_with("\\u{1b}]0;pwn\\u{7}\\u{1b}[2Jred forged AAA"), "{told}");
        assert!(told.chars().count() < 700 && told.ends_with('…'));
        assert!(!told.contains(char::is_control));
    }
}
