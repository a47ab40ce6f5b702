//! The codes that the language itself raises. Codes of rules live in the rules' own files.

mod all;
mod expressions;
mod factories;
mod reading;
mod structure;

pub(super) use all::ALL;
pub use expressions::{BAD_EXPRESSION, BAD_PARAMETER, MISSING_PARAMETER, UNDEFINED_NAME, UNKNOWN_PARAMETER};
pub use factories::{EMPTY_FACTORY, TOO_MANY_TASKS, UNEQUAL_COUNTS, UNLISTED};
pub use reading::{
    DUPLICATE_KEY, INPUT_UNREADABLE, INVALID_ALLOW, SYNTAX, TOO_LARGE, UNFORMATTABLE, UNREADABLE,
    UNUSED_ALLOW,
};
pub use structure::{
    BAD_EXTENDS, INVALID_VALUE, MISSING_KEY, NOT_UNDERSTOOD, PLAINTEXT_SECRET, REMOVED_PROPERTY, UNKNOWN_KEY,
    WRONG_TYPE,
};
