//! Environment variables.

use super::{Entries, TextOrSecret};

/// Environment variables by name.
pub type Environment = Entries<TextOrSecret>;

/// What the names of environment variables look like.
pub(super) fn names() -> serde_json::Value {
    serde_json::json!({
        "pattern": "^[^=\\s]+$",
        "patternErrorMessage": "the name of an environment variable has neither `=` nor blanks",
    })
}
