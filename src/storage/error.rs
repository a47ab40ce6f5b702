//! Why storage does not do what it is asked for, and what to try then.

use std::time::Duration;

use crate::env_vars::{AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN};

/// Why a container's blobs cannot be listed, read or written. The message says what happened; [`StorageError::hint`] says what to try.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// No container has this URL.
    #[error("`{url}` is not the URL of a container: {reason}")]
    Container {
        /// The URL, up to where a secret may begin.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A variable holds what cannot be used.
    #[error("{variable} cannot be used: {reason}")]
    Credential {
        /// The variable.
        variable: &'static str,
        /// What is wrong with its value.
        reason: &'static str,
    },
    /// The network can't be used.
    #[error("could not set up HTTP and TLS")]
    Network {
        /// Why.
        source: reqwest::Error,
    },
    /// The storage service says no.
    #[error("{url}, asked {asked}, answered {code} (HTTP {status}){}", of_service(.message))]
    Refused {
        /// The URL.
        url: String,
        /// How it was asked.
        asked: Box<Asked>,
        /// The status of the answer.
        status: u16,
        /// The service's code for the error.
        code: String,
        /// What the service says about it.
        message: String,
    },
    /// Something answered that does not speak like Azure Storage.
    #[error("{url} does not answer like Azure Storage: {reason}")]
    NotStorage {
        /// The URL.
        url: String,
        /// What is odd about the answer.
        reason: String,
    },
    /// No answer came.
    #[error("{url} cannot be reached: {reason}")]
    Unreachable {
        /// The URL.
        url: String,
        /// Whether it is on this machine.
        local: bool,
        /// The innermost cause.
        reason: String,
    },
    /// An answer ended before its end.
    #[error("{url} broke off: {reason}")]
    BrokenOff {
        /// The URL.
        url: String,
        /// The innermost cause.
        reason: String,
    },
    /// No answer came in time.
    #[error("{url} gave no answer within {limit:?}")]
    Timeout {
        /// The URL.
        url: String,
        /// How long was waited.
        limit: Duration,
    },
}

/// How a container was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// With what a variable holds.
    With(&'static str),
    /// With the signature in its URL.
    WithItsSignature,
    /// Without any proof.
    Anonymously {
        /// Why what the user has was not shown, if the user has something.
        unused: Option<String>,
    },
}

impl std::fmt::Display for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::With(variable) => write!(f, "with {variable}"),
            Self::WithItsSignature => f.write_str("with the signature in its URL"),
            Self::Anonymously { .. } => f.write_str("anonymously"),
        }
    }
}

impl StorageError {
    /// What the user can try, in one sentence.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Container { .. } => Some(
                "a container is at https://<account>.blob.core.windows.net/<container>, and with Azurite at \
                 http://127.0.0.1:10000/<account>/<container>"
                    .to_owned(),
            ),
            Self::Refused { asked, status, code, .. } => refused_hint(asked, *status, code),
            Self::NotStorage { .. } => {
                Some("check the container's URL, and that no proxy answers in its place".to_owned())
            }
            Self::Unreachable { local: true, .. } => Some(
                "nothing may listen there, or something else: is Azurite running, and at this port?"
                    .to_owned(),
            ),
            Self::Unreachable { .. } => {
                Some("check the account's name in the container's URL, and the network".to_owned())
            }
            Self::Timeout { .. } | Self::BrokenOff { .. } => {
                Some("the service or the network may be overloaded; try again later".to_owned())
            }
            Self::Credential { .. } | Self::Network { .. } => None,
        }
    }
}

fn of_service(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

fn refused_hint(asked: &Asked, status: u16, code: &str) -> Option<String> {
    let text = match (asked, code) {
        (_, "ContainerNotFound") => {
            "check the container's name; it must exist before its blobs can be listed".to_owned()
        }
        (_, "InvalidResourceName" | "InvalidUri") => {
            "a container's name has 3 to 63 lower-case letters, digits and single hyphens".to_owned()
        }
        (_, "ServerBusy" | "OperationTimedOut" | "InternalError") => {
            "the service is busy; try again later".to_owned()
        }
        // To strangers, a container that is not public looks like one that does not exist.
        (Asked::Anonymously { unused }, _) if matches!(status, 401 | 403 | 404 | 409) => {
            let unused = unused.as_ref().map(|why| format!("{why}; ")).unwrap_or_default();
            format!(
                "{unused}if the container is not public, set {AZURE_STORAGE_KEY}, {AZURE_STORAGE_SAS_TOKEN} or \
                 {AZURE_STORAGE_CONNECTION_STRING}, as for `az storage`"
            )
        }
        (Asked::With(variable), "KeyBasedAuthenticationNotPermitted") => format!(
            "the account takes no keys, as in {variable}: set {AZURE_STORAGE_SAS_TOKEN} to a signature made with \
             `az storage container generate-sas --as-user --permissions l`"
        ),
        (
            Asked::With(variable),
            "AuthorizationPermissionMismatch"
            | "AuthorizationResourceTypeMismatch"
            | "AuthorizationServiceMismatch",
        ) => format!(
            "the signature in {variable} must allow to list (`sp` with l), and be for containers (`sr=c`, or `srt` with c)"
        ),
        // Azurite says `AuthorizationFailure` where Azure says `AuthenticationFailed`, and Azure that where a firewall refuses.
        (Asked::With(variable), _) if matches!(status, 401 | 403) => format!(
            "check that {variable} is of this account, whole, current and not expired, that this machine's clock is \
             right, and that the account's firewall lets this machine in"
        ),
        _ => return None,
    };
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::super::{CredentialOptions, Credentials};
    use super::*;
    use crate::secret::Secret;
    use crate::storage::ContainerUrl;

    fn refused(options: CredentialOptions, status: u16, code: &str) -> StorageError {
        let container = ContainerUrl::parse("https://mine.blob.core.windows.net/in").unwrap();
        let asked = Box::new(Credentials::new(options).unwrap().access(&container).asked);
        let (url, message) = (container.to_string(), "No.".to_owned());
        StorageError::Refused { url, asked, status, code: code.to_owned(), message }
    }

    fn with_sas() -> CredentialOptions {
        CredentialOptions { sas_token: Some(Secret::new("sv=1&sig=hunter2")), ..Default::default() }
    }

    #[test]
    fn a_refusal_says_who_asked_and_which_variable_to_look_at() {
        let error = refused(with_sas(), 403, "AuthenticationFailed");
        assert_eq!(
            error.to_string(),
            "https://mine.blob.core.windows.net/in, asked with AZURE_STORAGE_SAS_TOKEN, answered AuthenticationFailed \
             (HTTP 403): No."
        );
        assert!(error.hint().unwrap().starts_with("check that AZURE_STORAGE_SAS_TOKEN is of this account"));
        assert!(!format!("{error:?}").contains("hunter2"));
        let hint = |code| refused(with_sas(), 403, code).hint().unwrap();
        assert!(hint("AuthorizationPermissionMismatch").contains("must allow to list"));
        assert!(hint("AuthorizationFailure").contains("firewall"));
    }

    #[test]
    fn an_anonymous_refusal_says_what_to_set_and_why_something_was_not_used() {
        let hint = |options, status, code| refused(options, status, code).hint().unwrap_or_default();
        for (status, code) in [(404, "ResourceNotFound"), (409, "PublicAccessNotPermitted"), (403, "NoIdea")]
        {
            let text = hint(CredentialOptions::default(), status, code);
            assert!(text.starts_with("if the container is not public, set AZURE_STORAGE_KEY"), "{text}");
        }
        let other = CredentialOptions { account: Some("other".to_owned()), ..with_sas() };
        let text = hint(other, 404, "ResourceNotFound");
        assert!(
            text.starts_with("AZURE_STORAGE_SAS_TOKEN was not used: it belongs to the account `other`"),
            "{text}"
        );
        assert!(
            hint(CredentialOptions::default(), 404, "ContainerNotFound")
                .starts_with("check the container's name")
        );
        assert_eq!(hint(CredentialOptions::default(), 418, "Teapot"), "");
    }
}
