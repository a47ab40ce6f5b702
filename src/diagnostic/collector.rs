//! Gathers findings, so that passes report everything at once and each mistake only once.

use std::collections::HashSet;

use super::{Code, Diagnostic, Report, Severity, Sources, Span};

/// More findings of one severity than this help nobody; errors beyond it are counted.
const MOST: usize = 100;

/// Where passes put their findings.
#[derive(Debug, Default)]
pub struct Collector {
    diagnostics: Vec<Diagnostic>,
    seen: HashSet<(&'static Code, Option<Span>, String)>,
    secrets: Vec<Span>,
    errors: usize,
    warnings: usize,
    notes: usize,
    omitted: usize,
}

impl Collector {
    /// Adds a finding, unless the very same one is there already: two passes that look at one place see one mistake.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        let identity = (diagnostic.code, diagnostic.primary_span(), diagnostic.message.clone());
        if !self.seen.insert(identity) {
            return;
        }
        let count = match diagnostic.severity() {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
            Severity::Note => &mut self.notes,
        };
        *count += 1;
        if *count <= MOST {
            self.diagnostics.push(diagnostic);
        } else if diagnostic.severity() == Severity::Error {
            self.omitted += 1;
        }
    }

    /// Marks a place as holding a secret: no excerpt will show it.
    pub fn hide(&mut self, secret: Span) {
        self.secrets.push(secret);
    }

    /// Whether an error has been pushed.
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// Number of errors pushed so far.
    pub fn error_count(&self) -> usize {
        self.errors
    }

    /// The findings in the order in which they were pushed, to be pushed elsewhere.
    pub fn into_findings(self) -> Vec<Diagnostic> {
        self.diagnostics
    }

    /// The findings in the order of the text.
    pub fn into_report(self, sources: Sources) -> Report {
        let Self { mut diagnostics, secrets, omitted, .. } = self;
        diagnostics.sort_by_key(Diagnostic::primary_span);
        Report { diagnostics, sources, secrets, omitted }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static CODE: Code =
        Code { name: "a-code", severity: Severity::Error, summary: "", explanation: "", examples: &[] };
    static NOTE: Code = Code { name: "a-note", severity: Severity::Note, ..CODE };

    #[test]
    fn the_same_finding_counts_once_and_order_is_that_of_the_text() {
        let mut sources = Sources::default();
        let id = sources.add("x", "0123456789");
        let mut collector = Collector::default();
        for start in [5, 2, 5] {
            collector.push(Diagnostic::new(&CODE, "wrong").at(Span::new(id, start, start + 1), ""));
        }
        let report = collector.into_report(sources);
        let starts: Vec<_> =
            report.diagnostics.iter().filter_map(Diagnostic::primary_span).map(|s| s.start).collect();
        assert_eq!(starts, [2, 5]);
    }

    #[test]
    fn a_flood_is_cut_and_counted() {
        let mut collector = Collector::default();
        for number in 0..300 {
            collector.push(Diagnostic::new(&NOTE, format!("number {number}")));
        }
        for number in 0..150 {
            collector.push(Diagnostic::new(&CODE, format!("number {number}")));
        }
        let report = collector.into_report(Sources::default());
        assert_eq!((report.note_count(), report.omitted, report.error_count()), (100, 50, 150));
    }
}
