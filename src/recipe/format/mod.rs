//! The canonical layout of a recipe's text: indentation, blanks, blank lines and quotes.
//!
//! Keys keep their order, comments their places, lists and maps their notation. The parser's events become a `layout` tree of
//! places in the text (`read`); it is written anew (`write`, `flow`, `scalar`), with the comments in between where they
//! stood. What comes out is read again: unless it means the same and has the same comments, it is thrown away (`check`).
//!
//! | | |
//! |---|---|
//! | indentation | two spaces, lists inside maps included |
//! | blanks | one after `:`, `-`, `,` and before `#`; inside `{ }`, not inside `[ ]` |
//! | blank lines | at most one, none at the beginning of a block |
//! | lists and maps in brackets | on one line if they were, or if they fit in 80 columns; else a member a line |
//! | quotes | double, unless the text holds `"` or `\` |
//! | line breaks | `\n`, also at the end |

mod check;
mod flow;
mod formatter;
mod layout;
mod read;
mod scalar;
#[cfg(test)]
mod tests;
mod write;

pub use formatter::{Formatted, format, format_file};
