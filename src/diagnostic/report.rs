//! A finding and a list of findings.

use std::fmt;

use super::{Code, Fix, Severity, Sources, Span};

/// A place that a finding talks about, and what is to be said there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What to say beside the caret; may be empty.
    pub message: String,
}

/// One finding. The first label is the place it is about; further labels give context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of finding it is.
    pub code: &'static Code,
    /// One sentence fragment: what is wrong.
    pub message: String,
    /// Where; the first is the primary one.
    pub labels: Vec<Label>,
    /// Facts that help to understand it.
    pub notes: Vec<String>,
    /// What to try.
    pub help: Vec<String>,
    /// How to correct it, if there can be no doubt.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// A finding without a place yet; it is as bad as its code says.
    pub fn new(code: &'static Code, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, message, labels: Vec::new(), notes: Vec::new(), help: Vec::new(), fix: None }
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.code.severity
    }

    /// Adds a place; the first one added is the place that the finding is about.
    #[must_use]
    pub fn at(mut self, span: Span, message: impl Into<String>) -> Self {
        self.labels.push(Label { span, message: message.into() });
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds something to try.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Adds something to try, if there is something.
    #[must_use]
    pub fn maybe_help(self, help: Option<String>) -> Self {
        match help {
            Some(help) => self.help(help),
            None => self,
        }
    }

    /// Adds how to correct it: by replacing what stands at a place.
    #[must_use]
    pub fn fix(mut self, span: Span, replacement: impl Into<String>) -> Self {
        self.fix = Some(Fix { span, replacement: replacement.into() });
        self
    }

    /// The place that the finding is about.
    pub fn primary_span(&self) -> Option<Span> {
        self.labels.first().map(|label| label.span)
    }
}

/// All findings of a run, in the order of the text, with the texts they point into.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The findings.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts.
    pub sources: Sources,
    /// Places that hold secrets: never to be shown, in no excerpt.
    pub secrets: Vec<Span>,
    /// Findings left out because there were too many.
    pub omitted: usize,
}

impl Report {
    /// Number of errors, including those left out.
    pub fn error_count(&self) -> usize {
        self.count(Severity::Error) + self.omitted
    }

    /// Number of warnings.
    pub fn warning_count(&self) -> usize {
        self.count(Severity::Warning)
    }

    /// Number of notes.
    pub fn note_count(&self) -> usize {
        self.count(Severity::Note)
    }

    fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.severity() == severity).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts =
            [(self.error_count(), "error"), (self.warning_count(), "warning"), (self.note_count(), "note")];
        let words: Vec<String> = counts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, noun)| format!("{count} {noun}{}", if count == 1 { "" } else { "s" }))
            .collect();
        match words.as_slice() {
            [] => f.write_str("nothing found"),
            [only] => f.write_str(only),
            [first @ .., last] => write!(f, "{} and {last}", first.join(", ")),
        }
    }
}

impl std::error::Error for Report {}
