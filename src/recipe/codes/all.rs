//! All of them, in the order in which a recipe is read.

use super::{expressions, factories, reading, structure};
use crate::diagnostic::Code;

/// All codes of the language.
pub(in crate::recipe) static ALL: &[&Code] = &[
    &reading::UNREADABLE,
    &reading::INPUT_UNREADABLE,
    &factories::UNLISTED,
    &reading::SYNTAX,
    &reading::TOO_LARGE,
    &reading::UNFORMATTABLE,
    &reading::DUPLICATE_KEY,
    &structure::UNKNOWN_KEY,
    &structure::MISSING_KEY,
    &structure::WRONG_TYPE,
    &structure::INVALID_VALUE,
    &expressions::BAD_EXPRESSION,
    &expressions::UNDEFINED_NAME,
    &expressions::BAD_PARAMETER,
    &expressions::UNKNOWN_PARAMETER,
    &expressions::MISSING_PARAMETER,
    &structure::PLAINTEXT_SECRET,
    &factories::EMPTY_FACTORY,
    &factories::TOO_MANY_TASKS,
    &reading::INVALID_ALLOW,
    &reading::UNUSED_ALLOW,
    &factories::UNEQUAL_COUNTS,
    &structure::BAD_EXTENDS,
    &structure::REMOVED_PROPERTY,
    &structure::NOT_UNDERSTOOD,
];
