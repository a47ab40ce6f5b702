//! How bad a finding is.

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The text cannot be used. Nothing silences an error: what it names would be refused, or could never run.
    Error,
    /// The text can be used, but probably not as its author hopes.
    Warning,
    /// The text can be used; this is worth knowing.
    Note,
}

impl Severity {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}
