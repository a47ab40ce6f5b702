//! Verdicts as SARIF 2.1.0, the format in which code hosts take findings of static analysis.

use std::io::{self, Write};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::place::{Place, whole_message};
use super::verdict::{Tally, Verdict};
use super::writer::VerdictWriter;
use crate::diagnostic::{Code, Diagnostic, Report};

/// Where the format is defined; the version is part of it.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// What stays as it is in the path of a URI.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// One run with all rules, and all findings as its results, written as they come.
pub struct Sarif<W> {
    out: W,
    codes: Vec<&'static Code>,
    is_first: bool,
}

impl<W: Write> Sarif<W> {
    /// Writes to `out`; `codes` are all that a finding can have.
    pub fn new(out: W, codes: impl IntoIterator<Item = &'static Code>) -> Self {
        Self { out, codes: codes.into_iter().collect(), is_first: true }
    }

    fn result(&self, finding: &Diagnostic, verdict: &Verdict) -> Value {
        let report = &verdict.report;
        let mut result = Map::from_iter([
            ("ruleId".to_owned(), json!(finding.code.name)),
            ("level".to_owned(), json!(finding.severity().as_str())),
            ("message".to_owned(), json!({ "text": whole_message(finding) })),
        ]);
        let place = location(Place::of_finding(finding, report), &verdict.path);
        result.insert("locations".to_owned(), json!([{ "physicalLocation": place }]));
        let related = finding.labels.iter().skip(1).map(|label| {
            let place = location(Place::of(label.span, report), &verdict.path);
            json!({ "physicalLocation": place, "message": { "text": label.message } })
        });
        let related: Vec<Value> = related.collect();
        if !related.is_empty() {
            result.insert("relatedLocations".to_owned(), Value::Array(related));
        }
        if let Some(position) = self.codes.iter().position(|code| *code == finding.code) {
            result.insert("ruleIndex".to_owned(), json!(position));
        }
        if let Some(fix) = fix(finding, report) {
            result.insert("fixes".to_owned(), json!([fix]));
        }
        Value::Object(result)
    }
}

impl<W: Write> VerdictWriter for Sarif<W> {
    fn begin(&mut self) -> io::Result<()> {
        let driver = json!({
            "name": "batchyard",
            "version": env!("CARGO_PKG_VERSION"),
            "rules": self.codes.iter().map(|code| rule(code)).collect::<Vec<_>>(),
        });
        write!(
            self.out,
            "{{\"$schema\":\"{SCHEMA}\",\"version\":\"2.1.0\",\"runs\":[{{\"tool\":{{\"driver\":{driver}}},\
             \"columnKind\":\"unicodeCodePoints\",\"results\":["
        )
    }

    fn verdict(&mut self, verdict: &Verdict) -> io::Result<()> {
        for finding in &verdict.report.diagnostics {
            let separator = if std::mem::take(&mut self.is_first) { "\n" } else { ",\n" };
            let result = self.result(finding, verdict);
            write!(self.out, "{separator}{result}")?;
        }
        self.out.flush()
    }

    fn end(&mut self, _: &Tally) -> io::Result<()> {
        writeln!(self.out, "\n]}}]}}")?;
        self.out.flush()
    }
}

fn rule(code: &Code) -> Value {
    let mut markdown = code.explanation.to_owned();
    for example in code.examples {
        let (bad, _) = example.marked();
        markdown.push_str(&format!(
            "\n\nWrong:\n\n```yaml\n{}\n```\n\nRight:\n\n```yaml\n{}\n```",
            bad.trim_end(),
            example.good.trim_end()
        ));
    }
    json!({
        "id": code.name,
        "shortDescription": { "text": code.summary },
        "fullDescription": { "text": code.explanation },
        "help": { "text": code.explanation, "markdown": markdown },
        "defaultConfiguration": { "level": code.severity.as_str() },
    })
}

fn location(place: Option<Place>, path: &str) -> Value {
    match place {
        Some(place) => json!({ "artifactLocation": artifact(&place.start.file), "region": region(&place) }),
        None => json!({ "artifactLocation": artifact(path) }),
    }
}

fn artifact(path: &str) -> Value {
    json!({ "uri": uri(path) })
}

fn region(place: &Place) -> Value {
    json!({
        "startLine": place.start.line,
        "startColumn": place.start.column,
        "endLine": place.end.line,
        "endColumn": place.end.column,
    })
}

fn fix(finding: &Diagnostic, report: &Report) -> Option<Value> {
    let fix = finding.fix.as_ref()?;
    let place = Place::of(fix.span, report)?;
    Some(json!({
        "description": { "text": format!("Replace it by `{}`.", fix.replacement) },
        "artifactChanges": [{
            "artifactLocation": artifact(&place.start.file),
            "replacements": [{
                "deletedRegion": region(&place),
                "insertedContent": { "text": fix.replacement },
            }],
        }],
    }))
}

/// A path as a reference: relative paths stay relative, so that a code host can join them to its checkout.
fn uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let scheme = if path.starts_with('/') { "file://" } else { "" };
    format!("{scheme}{}", utf8_percent_encode(path, PATH))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;

    #[test]
    fn paths_become_references() {
        assert_eq!(uri("./a b/recipe.yaml"), "a%20b/recipe.yaml");
        assert_eq!(uri("/srv/é.yaml"), "file:///srv/%C3%A9.yaml");
    }

    #[test]
    fn the_words_for_levels_are_those_of_the_format() {
        let words = [Severity::Error, Severity::Warning, Severity::Note].map(Severity::as_str);
        assert_eq!(words, ["error", "warning", "note"]);
    }
}
