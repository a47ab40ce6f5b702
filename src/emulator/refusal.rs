//! A request that is not carried out: the error that the client gets.

use std::ops::{Deref, DerefMut};

use crate::batch::{BatchError, ErrorCode};

/// The error that the client gets; kept small, as nearly everything here may return one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal(Box<BatchError>);

impl Refusal {
    /// A refusal with this code.
    pub(crate) fn new(code: ErrorCode) -> Self {
        Self(Box::new(code.into()))
    }

    /// Adds a detail.
    pub(crate) fn with(self, key: &str, value: impl Into<String>) -> Self {
        Self(Box::new(self.0.with(key, value)))
    }

    /// The error itself.
    pub(crate) fn into_error(self) -> BatchError {
        *self.0
    }
}

impl Deref for Refusal {
    type Target = BatchError;

    fn deref(&self) -> &BatchError {
        &self.0
    }
}

impl DerefMut for Refusal {
    fn deref_mut(&mut self) -> &mut BatchError {
        &mut self.0
    }
}

impl From<ErrorCode> for Refusal {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Refusal {}
