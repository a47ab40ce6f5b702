//! Verdicts as GitHub's annotations of a pull request: workflow commands, a line each.

use std::io::{self, Write};

use super::human::summary;
use super::place::{Place, whole_message};
use super::verdict::{Tally, Verdict};
use super::writer::VerdictWriter;
use crate::diagnostic::{Diagnostic, Severity};

/// `::error file=…,line=…,col=…,title=…::message`
pub struct Github<W> {
    out: W,
}

impl<W: Write> Github<W> {
    /// Writes to `out`.
    pub fn new(out: W) -> Self {
        Self { out }
    }
}

impl<W: Write> VerdictWriter for Github<W> {
    fn verdict(&mut self, verdict: &Verdict) -> io::Result<()> {
        for finding in &verdict.report.diagnostics {
            writeln!(self.out, "{}", annotation(finding, verdict))?;
        }
        self.out.flush()
    }

    fn end(&mut self, tally: &Tally) -> io::Result<()> {
        writeln!(self.out, "{}", summary(tally))?;
        self.out.flush()
    }
}

fn annotation(finding: &Diagnostic, verdict: &Verdict) -> String {
    let command = match finding.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = match Place::of_finding(finding, &verdict.report) {
        Some(Place { start, end }) => {
            let mut properties =
                format!("file={},line={},endLine={}", property(&start.file), start.line, end.line);
            properties.push_str(&format!(",col={}", start.column));
            // GitHub takes columns only of places within one line, and its end is the last character.
            if end.line == start.line && end.column > start.column {
                properties.push_str(&format!(",endColumn={}", end.column - 1));
            }
            properties
        }
        None => format!("file={}", property(&verdict.path)),
    };
    properties.push_str(&format!(",title={}", property(finding.code.name)));
    format!("::{command} {properties}::{}", data(&whole_message(finding)))
}

/// Text behind the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
