//! The stable name of a kind of finding.

use std::fmt;

/// A kind of finding: its name never changes once released, so that people can search for it and scripts can match it.
///
/// Codes are constants that live beside the check that raises them; the explanation is what `explain` prints.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Code {
    /// The name, in kebab case: `unknown-key`.
    pub name: &'static str,
    /// One line: what the code means.
    pub summary: &'static str,
    /// Why it matters and what to do, in a few sentences.
    pub explanation: &'static str,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
