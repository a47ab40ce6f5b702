//! The stable name of a kind of finding.

use std::fmt;
use std::hash::{Hash, Hasher};

use super::{Example, Severity};

/// A kind of finding: its name never changes once released, so that people can search for it and scripts can match it.
///
/// Codes are constants that live beside the check that raises them; the explanation and the examples are what `explain`
/// prints.
#[derive(Debug)]
pub struct Code {
    /// The name, in kebab case: `unknown-key`.
    pub name: &'static str,
    /// How bad a finding of this kind is. Warnings and notes can be allowed in a text, errors cannot.
    pub severity: Severity,
    /// One line: what the code means.
    pub summary: &'static str,
    /// Why it matters and what to do, in a few sentences.
    pub explanation: &'static str,
    /// The mistake and its correction. None for a code that no text shows, such as that of a file that cannot be read.
    pub examples: &'static [Example],
}

/// The name says which code it is.
impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Code {}

impl Hash for Code {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
