//! Gathers findings, so that passes report everything at once and each mistake only once.

use std::collections::HashSet;

use super::{Code, Diagnostic, Report, Severity, Sources, Span};

/// More findings of one severity than this help nobody; errors beyond it are counted.
const MOST: usize = 100;
/// So many of one severity are kept until the report is made: some of them may be taken away again.
const KEPT: usize = 1_000;

/// Where passes put their findings.
#[derive(Debug, Clone, Default)]
pub struct Collector {
    diagnostics: Vec<Diagnostic>,
    seen: HashSet<(&'static Code, Option<Span>, String)>,
    secrets: Vec<Span>,
    errors: usize,
    warnings: usize,
    notes: usize,
}

impl Collector {
    /// Adds a finding, unless the very same one is there already: two passes that look at one place see one mistake.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if !self.seen.insert(identity(&diagnostic)) {
            return;
        }
        let count = match diagnostic.severity() {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
            Severity::Note => &mut self.notes,
        };
        *count += 1;
        if *count <= KEPT {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Whether the very same finding has been pushed, so that pushing it again would change nothing.
    pub fn has(&self, diagnostic: &Diagnostic) -> bool {
        self.seen.contains(&identity(diagnostic))
    }

    /// Takes findings away: those for which `keep` says no. Errors stay.
    pub fn retain(&mut self, mut keep: impl FnMut(&Diagnostic) -> bool) {
        self.diagnostics.retain(|diagnostic| diagnostic.severity() == Severity::Error || keep(diagnostic));
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
        let Self { mut diagnostics, secrets, errors, .. } = self;
        diagnostics.sort_by_key(Diagnostic::primary_span);
        let (mut shown_errors, mut shown_warnings, mut shown_notes) = (0, 0, 0);
        diagnostics.retain(|diagnostic| {
            let count = match diagnostic.severity() {
                Severity::Error => &mut shown_errors,
                Severity::Warning => &mut shown_warnings,
                Severity::Note => &mut shown_notes,
            };
            *count += 1;
            *count <= MOST
        });
        Report { diagnostics, sources, secrets, omitted: errors.saturating_sub(MOST) }
    }
}

/// What makes two findings the same.
fn identity(diagnostic: &Diagnostic) -> (&'static Code, Option<Span>, String) {
    (diagnostic.code, diagnostic.primary_span(), diagnostic.message.clone())
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
