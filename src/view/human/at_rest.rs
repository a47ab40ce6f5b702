//! A word on an account that nobody runs.

use std::io::{self, Write};
use std::path::Path;

use super::style::DIM;

/// Says that the account is at rest, how to go on with the recipe at `recipe`, and why tasks that are shown as running could not
/// be looked for (`unchecked`).
///
/// # Errors
/// When `out` can't be written to.
pub fn at_rest(out: &mut dyn Write, recipe: &Path, unchecked: &[String]) -> io::Result<()> {
    for reason in unchecked {
        writeln!(out, "{DIM}Tasks shown as running could not be looked for: {reason}.{DIM:#}")?;
    }
    writeln!(
        out,
        "{DIM}The local account is at rest: nothing goes on until `batchyard apply {}` or `batchyard emulator` runs it.{DIM:#}",
        recipe.display()
    )
}
