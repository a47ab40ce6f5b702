//! What is wrong with a file that a task wants fetched or kept.

/// A property of a resource file or an output file that a node can't act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileProblem {
    /// Its name in requests.
    pub property: &'static str,
    /// Its value, as far as that may be shown.
    pub value: String,
    /// What is wrong with it, or why the node does not act on it.
    pub reason: String,
    /// What kind of problem it is.
    pub kind: FileProblemKind,
}

/// A kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileProblemKind {
    /// The property is mandatory and absent.
    Missing,
    /// No service would take the value.
    Invalid,
    /// It would mean something in Azure.
    NotDone,
}

impl FileProblem {
    pub(super) fn missing(property: &'static str, reason: impl Into<String>) -> Self {
        Self { property, value: String::new(), reason: reason.into(), kind: FileProblemKind::Missing }
    }

    pub(super) fn invalid(
        property: &'static str,
        value: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        Self { property, value: value.into(), reason: reason.into(), kind: FileProblemKind::Invalid }
    }

    pub(super) fn not_done(property: &'static str, reason: impl Into<String>) -> Self {
        Self { property, value: String::new(), reason: reason.into(), kind: FileProblemKind::NotDone }
    }
}
