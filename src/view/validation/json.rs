//! Verdicts for programs.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::verdict::{Contents, Tally, Verdict};
use super::writer::VerdictWriter;
use crate::view::diagnostics;
use crate::view::json::{FORMAT_VERSION, tool};

/// One document with all verdicts, written as they come.
pub struct Json<W> {
    out: W,
    is_first: bool,
}

impl<W: Write> Json<W> {
    /// Writes to `out`.
    pub fn new(out: W) -> Self {
        Self { out, is_first: true }
    }
}

impl<W: Write> VerdictWriter for Json<W> {
    fn begin(&mut self) -> io::Result<()> {
        let tool = tool();
        write!(
            self.out,
            "{{\"format_version\":\"{FORMAT_VERSION}\",\"type\":\"validation\",\"tool\":\"{tool}\",\"recipes\":["
        )
    }

    fn verdict(&mut self, verdict: &Verdict) -> io::Result<()> {
        let separator = if std::mem::take(&mut self.is_first) { "\n" } else { ",\n" };
        write!(self.out, "{separator}{}", document(verdict))?;
        self.out.flush()
    }

    fn end(&mut self, tally: &Tally) -> io::Result<()> {
        let summary = json!({
            "recipes": tally.recipes,
            "invalid": tally.invalid,
            "errors": tally.errors,
            "warnings": tally.warnings,
            "notes": tally.notes,
            "fixed": tally.fixed,
        });
        writeln!(self.out, "\n],\"summary\":{summary}}}")?;
        self.out.flush()
    }
}

fn document(verdict: &Verdict) -> Value {
    let mut document = diagnostics::json(&verdict.report);
    if let Some(members) = document.as_object_mut() {
        members.insert("path".to_owned(), json!(verdict.path));
        members.insert("valid".to_owned(), json!(verdict.is_valid()));
        let contents = verdict
            .contents
            .map(|Contents { pools, jobs, schedules, tasks }| json!({ "pools": pools, "jobs": jobs, "schedules": schedules, "tasks": tasks }));
        members.insert("contents".to_owned(), json!(contents));
        let fixed = verdict.fixed.iter().map(
            |fixed| json!({ "line": fixed.line, "column": fixed.column, "from": fixed.from, "to": fixed.to }),
        );
        members.insert("fixed".to_owned(), fixed.collect());
    }
    document
}
