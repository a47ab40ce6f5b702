//! What a format of verdicts has to do.

use std::io;

use super::verdict::{Tally, Verdict};

/// Writes verdicts in one format.
pub trait VerdictWriter {
    /// Writes what comes before the first verdict.
    ///
    /// # Errors
    /// When the output can't be written to; so with the other methods.
    fn begin(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Writes one verdict.
    ///
    /// # Errors
    /// As above.
    fn verdict(&mut self, verdict: &Verdict) -> io::Result<()>;

    /// Writes what comes after the last one.
    ///
    /// # Errors
    /// As above.
    fn end(&mut self, tally: &Tally) -> io::Result<()>;
}
