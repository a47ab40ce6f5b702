//! Verdicts for people.

use std::io::{self, Write};

use super::verdict::{Tally, Verdict};
use super::writer::VerdictWriter;
use crate::diagnostic::{Severity, quote};
use crate::view::diagnostics;
use crate::view::words::{counted, plain};

/// Findings with excerpts, a line for each recipe, and a line for all.
pub struct Human {
    /// Where verdicts go.
    pub out: Box<dyn Write + Send>,
    /// Where findings go.
    pub err: Box<dyn Write + Send>,
    /// Leaves out everything but errors.
    pub quiet: bool,
}

impl VerdictWriter for Human {
    fn verdict(&mut self, verdict: &Verdict) -> io::Result<()> {
        let Verdict { report, .. } = verdict;
        // Whoever named the folder may be a stranger.
        let path = plain(&verdict.path);
        for fixed in &verdict.fixed {
            let (line, column) = (fixed.line, fixed.column);
            let (from, to) = (quote(&fixed.from), quote(&fixed.to));
            writeln!(self.out, "{path}:{line}:{column}: fixed: {from} is now {to}")?;
        }
        let shown = |severity| !self.quiet || severity == Severity::Error;
        self.err.write_all(diagnostics::human_of(report, true, shown).as_bytes())?;
        self.err.flush()?;
        match verdict.contents {
            Some(contents) => {
                let counts = [(contents.pools, "pool"), (contents.jobs, "job"), (contents.tasks, "task")];
                let mut counts = counts.map(|(count, noun)| counted(count, noun)).to_vec();
                if contents.schedules > 0 {
                    counts.push(counted(contents.schedules, "schedule"));
                }
                writeln!(self.out, "{path}: valid ({})", counts.join(", "))?;
            }
            // Who wants to read errors only must still learn of this.
            None if self.quiet => writeln!(self.err, "{path}: invalid ({report})")?,
            None => writeln!(self.out, "{path}: invalid ({report})")?,
        }
        self.err.flush()?;
        self.out.flush()
    }

    fn end(&mut self, tally: &Tally) -> io::Result<()> {
        if tally.recipes > 1 {
            writeln!(self.out, "{}", summary(tally))?;
        }
        self.out.flush()
    }
}

/// All recipes in one line: `3 recipes: 2 valid, 1 invalid (4 errors, 1 warning)`.
pub(super) fn summary(tally: &Tally) -> String {
    let mut line = format!("{}: {} valid", counted(tally.recipes, "recipe"), tally.recipes - tally.invalid);
    if tally.invalid > 0 {
        line.push_str(&format!(", {} invalid", tally.invalid));
    }
    let findings = [(tally.errors, "error"), (tally.warnings, "warning"), (tally.notes, "note")];
    let findings: Vec<String> = findings
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, noun)| counted(count, noun))
        .collect();
    if !findings.is_empty() {
        line.push_str(&format!(" ({})", findings.join(", ")));
    }
    line
}
