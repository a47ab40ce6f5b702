//! Why the service did not do something.

use crate::batch::ErrorCode;
use crate::emulator::refusal::Refusal;
use crate::emulator::store::StoreError;

/// Why the service did not do something.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// It was asked for something that it refuses; the answer to the client says why.
    #[error(transparent)]
    Refused(Refusal),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl From<Refusal> for Failure {
    fn from(error: Refusal) -> Self {
        Self::Refused(error)
    }
}

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        Self::Refused(code.into())
    }
}

impl From<Failure> for Refusal {
    /// What the client is told. What went wrong inside is for the log, and in one line for the client.
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(error) => error,
            Failure::Store(error) => {
                let mut reason = error.to_string();
                let mut cause = std::error::Error::source(&error);
                while let Some(error) = cause {
                    reason = format!("{reason}: {error}");
                    cause = error.source();
                }
                tracing::error!("the store of the embedded Azure Batch failed: {reason}");
                Self::new(ErrorCode::INTERNAL_ERROR).with("Reason", reason)
            }
        }
    }
}
