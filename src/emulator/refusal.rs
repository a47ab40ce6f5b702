//! A request that is not carried out: the error that the client gets.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use crate::batch::{BatchError, ErrorCode};

/// The error that the client gets; kept small, as nearly everything here may return one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    error: Box<BatchError>,
    /// How many seconds the client should wait before it tries again.
    pause: Option<u32>,
}

impl Refusal {
    /// A refusal with this code.
    pub(crate) fn new(code: ErrorCode) -> Self {
        Self { error: Box::new(code.into()), pause: None }
    }

    /// Adds a detail.
    pub(crate) fn with(self, key: &str, value: impl Into<String>) -> Self {
        Self { error: Box::new(self.error.with(key, value)), ..self }
    }

    /// Tells the client to wait that long, in whole seconds, as the header has it.
    pub(crate) fn retry_after(self, pause: Duration) -> Self {
        let seconds = pause.as_millis().div_ceil(1_000).max(1);
        Self { pause: Some(u32::try_from(seconds).unwrap_or(u32::MAX)), ..self }
    }

    /// How many seconds the client should wait before it tries again, if the refusal says so.
    pub(crate) fn pause(&self) -> Option<u32> {
        self.pause
    }

    /// The error itself.
    pub(crate) fn into_error(self) -> BatchError {
        *self.error
    }
}

impl Deref for Refusal {
    type Target = BatchError;

    fn deref(&self) -> &BatchError {
        &self.error
    }
}

impl DerefMut for Refusal {
    fn deref_mut(&mut self) -> &mut BatchError {
        &mut self.error
    }
}

impl From<ErrorCode> for Refusal {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Refusal {}
