//! Advice: what something means, and what to do about it.

use serde::Serialize;

/// How much there is to a piece of advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// So it is.
    Note,
    /// It may well go wrong.
    Warning,
    /// It goes wrong.
    Error,
}

/// What something means, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// What it is about, in a word or two.
    pub topic: &'static str,
    /// How much there is to it.
    pub severity: Severity,
    /// What it means.
    pub meaning: String,
    /// What to do, or what can be done.
    pub hint: Option<String>,
}

impl Advice {
    pub(super) fn note(topic: &'static str, meaning: impl Into<String>) -> Self {
        Self { topic, severity: Severity::Note, meaning: meaning.into(), hint: None }
    }

    pub(super) fn warning(topic: &'static str, meaning: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::note(topic, meaning) }
    }

    pub(super) fn error(topic: &'static str, meaning: impl Into<String>) -> Self {
        Self { severity: Severity::Error, ..Self::note(topic, meaning) }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}
