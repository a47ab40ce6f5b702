//! How a text changes.

use std::io::{self, Write};

use similar::TextDiff;

use super::style::{BAD, DIM, GOOD};

/// Writes the difference of two texts of one file in the unified format, which `patch` and `git apply` read.
///
/// # Errors
/// When `out` can't be written to.
pub fn diff(out: &mut dyn Write, name: &str, before: &str, after: &str) -> io::Result<()> {
    let diff = TextDiff::from_lines(before, after);
    let unified = diff.unified_diff().context_radius(3).header(name, name).to_string();
    for line in unified.split_inclusive('\n') {
        let style = match line.as_bytes().first() {
            Some(b'+') => GOOD,
            Some(b'-') => BAD,
            Some(b'@') => DIM,
            _ => Default::default(),
        };
        writeln!(out, "{style}{}{style:#}", line.trim_end_matches('\n'))?;
    }
    Ok(())
}
