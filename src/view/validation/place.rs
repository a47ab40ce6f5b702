//! Where a finding is, for formats that tell it in numbers.

use crate::diagnostic::{Diagnostic, Location, Report, Span};

/// A place with both of its ends, counted from 1; the end is the column after the last character.
pub(super) struct Place {
    pub(super) start: Location,
    pub(super) end: Location,
}

impl Place {
    pub(super) fn of(span: Span, report: &Report) -> Option<Self> {
        Some(Self { start: report.sources.start(span)?, end: report.sources.end(span)? })
    }

    /// The place that a finding is about.
    pub(super) fn of_finding(finding: &Diagnostic, report: &Report) -> Option<Self> {
        Self::of(finding.primary_span()?, report)
    }
}

/// All that a finding says, without its places: message, what is to be said at the caret, facts, and what to try.
pub(super) fn whole_message(finding: &Diagnostic) -> String {
    let mut text = finding.message.clone();
    if let Some(label) = finding.labels.first().filter(|label| !label.message.is_empty()) {
        text.push_str(&format!(": {}", label.message));
    }
    for note in &finding.notes {
        text.push_str(&format!("\nnote: {note}"));
    }
    for help in &finding.help {
        text.push_str(&format!("\nhelp: {help}"));
    }
    text
}
