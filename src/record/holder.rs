//! Who holds a lock.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::batch::DateTime;

/// The most characters of a name that are shown.
const MOST_OF_NAME: usize = 200;

/// What is done to a recipe's objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// They are brought to what the recipe asks for.
    Apply,
    /// They are removed.
    Destroy,
    /// They are brought there again and again.
    Watch,
}

impl Operation {
    /// The command that does it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Destroy => "destroy",
            Self::Watch => "watch",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who holds a lock, and what for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Tells one lock from every other.
    pub id: Uuid,
    /// Who, as `ada@laptop`.
    pub who: String,
    /// What for.
    pub operation: Operation,
    /// Since when.
    pub since: DateTime,
    /// By which version of the program.
    pub tool: String,
}

impl Holder {
    /// The holder that a text names, which somebody else may have written.
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        let holder: Self = serde_json::from_slice(text).ok()?;
        Some(Self { who: shortened(&holder.who), tool: shortened(&holder.tool), ..holder })
    }

    /// Somebody who has it since then.
    pub(super) fn new(id: Uuid, who: String, operation: Operation, since: DateTime) -> Self {
        let tool = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned();
        Self { id, who, operation, since, tool }
    }
}

/// As much of a name as somebody can have.
pub(super) fn shortened(name: &str) -> String {
    name.chars().take(MOST_OF_NAME).collect()
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = jiff::fmt::temporal::DateTimePrinter::new().precision(Some(0));
        let since = since.timestamp_to_string(&self.since.0);
        write!(f, "{} has held it for `{}` since {since}", self.who, self.operation)
    }
}
