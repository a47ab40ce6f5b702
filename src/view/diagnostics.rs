//! Diagnostics for people: excerpt and caret, as compilers show them. And for machines: JSON.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value, json};

use crate::diagnostic::{Diagnostic, Label, Report, Severity, Source, Span};

/// Places further apart than this, in lines, are shown in excerpts of their own.
const APART: usize = 12;
/// What stands in place of a secret.
const MASK: &str = "********";

/// The findings as text, one after the other, with a count at the end.
pub fn human(report: &Report, color: bool) -> String {
    human_of(report, color, |_| true)
}

/// The findings of some severities as text.
pub fn human_of(report: &Report, color: bool, shown: impl Fn(Severity) -> bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut text = String::new();
    for diagnostic in report.diagnostics.iter().filter(|diagnostic| shown(diagnostic.severity())) {
        text.push_str(&one(diagnostic, report, &renderer));
        text.push_str("\n\n");
    }
    if report.omitted > 0 && shown(Severity::Error) {
        text.push_str(&format!("… and {} more errors\n\n", report.omitted));
    }
    text
}

fn one(diagnostic: &Diagnostic, report: &Report, renderer: &Renderer) -> String {
    let level = match diagnostic.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.name);
    let mut group = Group::with_title(title);
    let mut shown: Vec<&Label> = diagnostic.labels.iter().collect();
    let mut first = true;
    while let Some(excerpt) = Excerpt::take(&mut shown, report, first) {
        group = group.element(excerpt.snippet());
        first = false;
    }
    group = group.elements(diagnostic.notes.iter().map(|note| Level::NOTE.message(note.as_str())));
    group = group.elements(diagnostic.help.iter().map(|help| Level::HELP.message(help.as_str())));
    renderer.render(&[group])
}

/// A few lines of a source, with the labels on them.
struct Excerpt {
    name: String,
    text: String,
    line_start: usize,
    marks: Vec<(Range<usize>, String, bool)>,
}

impl Excerpt {
    /// Takes the first label and those near it.
    fn take(labels: &mut Vec<&Label>, report: &Report, primary: bool) -> Option<Self> {
        let first = *labels.first()?;
        let source = report.sources.get(first.span.source)?;
        let line_of = |label: &Label| source.line_of(label.span.start as usize);
        let (mut from, mut to) = (line_of(first), line_of(first));
        let mut here = Vec::new();
        labels.retain(|label| {
            let line = line_of(label);
            let near = label.span.source == first.span.source && line <= to + APART && line + APART >= from;
            if near {
                (from, to) = (from.min(line), to.max(line));
                here.push(*label);
            }
            !near
        });
        let lines = from..(to + 1).min(source.line_count());
        let mut excerpt = Self {
            name: source.name().to_owned(),
            text: String::new(),
            line_start: lines.start + 1,
            marks: Vec::new(),
        };
        let map = excerpt.copy(source, first.span.source, lines, &report.secrets);
        for label in here {
            let is_primary = primary && std::ptr::eq(label, first);
            // A place of many lines is marked on its first.
            let end = source.line_range(line_of(label)).end.min(label.span.end as usize);
            let range = map.range(label.span.start as usize..end);
            excerpt.marks.push((range, label.message.clone(), is_primary));
        }
        Some(excerpt)
    }

    /// Copies lines, with secrets masked, and remembers where the bytes went.
    fn copy(
        &mut self,
        source: &Source,
        id: crate::diagnostic::SourceId,
        lines: Range<usize>,
        secrets: &[Span],
    ) -> ByteMap {
        let mut map = ByteMap(Vec::new());
        for line in lines {
            let range = source.line_range(line);
            let mut position = range.start;
            while position < range.end {
                let covered = |at: usize| {
                    secrets.iter().find(|secret| {
                        secret.source == id && (secret.start as usize) <= at && at < secret.end as usize
                    })
                };
                if let Some(secret) = covered(position) {
                    map.0.push((position, self.text.len(), false));
                    self.text.push_str(MASK);
                    position = (secret.end as usize).min(range.end);
                    continue;
                }
                let next = secrets
                    .iter()
                    .filter(|secret| secret.source == id && (secret.start as usize) > position)
                    .map(|secret| secret.start as usize)
                    .min()
                    .map_or(range.end, |start| start.min(range.end));
                map.0.push((position, self.text.len(), true));
                self.text.push_str(source.text().get(position..next).unwrap_or_default());
                position = next;
            }
            map.0.push((range.end, self.text.len(), true));
            self.text.push('\n');
        }
        map
    }

    fn snippet(self) -> Snippet<'static, Annotation<'static>> {
        let length = self.text.len();
        let annotations = self.marks.into_iter().map(move |(range, message, primary)| {
            let kind = if primary { AnnotationKind::Primary } else { AnnotationKind::Context };
            let annotation = kind.span(range.start.min(length)..range.end.min(length));
            if message.is_empty() { annotation } else { annotation.label(message) }
        });
        Snippet::source(self.text)
            .path(self.name)
            .line_start(self.line_start)
            .fold(true)
            .annotations(annotations)
    }
}

/// Where the bytes of a source went: source offset, excerpt offset, and whether what follows was copied as it is.
struct ByteMap(Vec<(usize, usize, bool)>);

impl ByteMap {
    fn range(&self, bytes: Range<usize>) -> Range<usize> {
        let start = self.offset(bytes.start, false);
        let end = self.offset(bytes.end, true);
        start..end.max(start)
    }

    fn offset(&self, offset: usize, is_end: bool) -> usize {
        let position = self.0.partition_point(|(from, ..)| *from <= offset).saturating_sub(1);
        match self.0.get(position) {
            Some((from, to, true)) => to + (offset.saturating_sub(*from)),
            Some((from, to, false)) if is_end && offset > *from => to + MASK.len(),
            Some((_, to, false)) => *to,
            None => 0,
        }
    }
}

/// The findings as JSON. Texts of secrets are never part of it.
pub fn json(report: &Report) -> Value {
    let findings: Vec<Value> =
        report.diagnostics.iter().map(|diagnostic| finding_json(diagnostic, report)).collect();
    json!({
        "diagnostics": findings,
        "errors": report.error_count(),
        "warnings": report.warning_count(),
        "notes": report.note_count(),
        "omitted": report.omitted,
    })
}

fn finding_json(diagnostic: &Diagnostic, report: &Report) -> Value {
    // What says nothing is only the mark at the finding's own place.
    let labels = diagnostic.labels.iter().filter(|label| !label.message.is_empty());
    let labels: Vec<Value> = labels.map(|label| label_json(label, report)).collect();
    let fix = diagnostic.fix.as_ref().map(|fix| {
        let mut place = place_json(Some(fix.span), report);
        place.insert("replacement".to_owned(), json!(fix.replacement));
        place
    });
    let mut members = place_json(diagnostic.primary_span(), report);
    members.extend([
        ("code".to_owned(), json!(diagnostic.code.name)),
        ("severity".to_owned(), json!(diagnostic.severity().as_str())),
        ("message".to_owned(), json!(diagnostic.message)),
        ("labels".to_owned(), json!(labels)),
        ("notes".to_owned(), json!(diagnostic.notes)),
        ("help".to_owned(), json!(diagnostic.help)),
        ("fix".to_owned(), json!(fix)),
    ]);
    Value::Object(members)
}

fn label_json(label: &Label, report: &Report) -> Value {
    let mut members = place_json(Some(label.span), report);
    members.insert("message".to_owned(), json!(label.message));
    Value::Object(members)
}

/// A place; all `null` where there is none.
fn place_json(span: Option<Span>, report: &Report) -> serde_json::Map<String, Value> {
    let start = span.and_then(|span| report.sources.start(span));
    let end = span.and_then(|span| report.sources.end(span));
    serde_json::Map::from_iter([
        ("file".to_owned(), json!(start.as_ref().map(|start| &start.file))),
        ("line".to_owned(), json!(start.as_ref().map(|start| start.line))),
        ("column".to_owned(), json!(start.as_ref().map(|start| start.column))),
        ("end_line".to_owned(), json!(end.as_ref().map(|end| end.line))),
        ("end_column".to_owned(), json!(end.as_ref().map(|end| end.column))),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Code, Collector, SourceId, Sources};

    static CODE: Code =
        Code { name: "a-code", severity: Severity::Error, summary: "", explanation: "", examples: &[] };

    fn report(text: &str, labels: &[(&str, &str)], secret: Option<&str>) -> Report {
        let mut sources = Sources::default();
        let id = sources.add("recipe.yaml", text);
        let span = |id: SourceId, part: &str| {
            let start = text.find(part).unwrap();
            Span::new(id, start, start + part.len())
        };
        let mut finding = Diagnostic::new(&CODE, "wrong");
        for (part, message) in labels {
            finding = finding.at(span(id, part), *message);
        }
        let mut collector = Collector::default();
        if let Some(secret) = secret {
            collector.hide(span(id, secret));
        }
        collector.push(finding.note("a fact").help("try this"));
        collector.into_report(sources)
    }

    #[test]
    fn an_excerpt_shows_the_line_with_its_number() {
        let shown = human(&report("a: 1\nb: é2x\n", &[("2x", "here"), ("a", "there")], None), false);
        let expected = "\
error[a-code]: wrong
 --> recipe.yaml:2:5
  |
1 | a: 1
  | - there
2 | b: é2x
  |     ^^ here
  |
  = note: a fact
  = help: try this

";
        assert_eq!(shown, expected);
    }

    #[test]
    fn places_far_apart_have_excerpts_of_their_own() {
        let text = format!("first\n{}last\n", "between\n".repeat(5_000));
        let shown = human(&report(&text, &[("last", "this"), ("first", "that")], None), false);
        assert!(shown.contains("recipe.yaml:5002:1") && shown.contains("::: recipe.yaml:1:1"), "{shown}");
        assert!(!shown.contains("between"), "{shown}");
    }

    #[test]
    fn secrets_are_masked_and_carets_still_point_right() {
        let text = "x: { password: geheim, usr: a }\n";
        let shown = human(&report(text, &[("usr", "")], Some("geheim")), false);
        assert!(
            shown.contains("1 | x: { password: ********, usr: a }\n  |                          ^^^\n"),
            "{shown}"
        );
        let shown = human(&report(text, &[("geheim", "")], Some("geheim")), false);
        assert!(
            shown.contains("1 | x: { password: ********, usr: a }\n  |                ^^^^^^^^\n"),
            "{shown}"
        );
        let block = "password: |\n  ge\n  heim\nx: 1\n";
        let shown = human(&report(block, &[("ge\n  heim\n", ""), ("x", "")], Some("ge\n  heim\n")), false);
        assert!(
            !shown.contains("ge\n")
                && !shown.contains("heim")
                && shown.contains("2 |   ********\n  |   ^^^^^^^^\n"),
            "{shown}"
        );
    }

    #[test]
    fn machines_get_places_and_counts() {
        let json = json(&report("a: 1\nb: 2\n", &[("2", "here")], None));
        assert_eq!(json["errors"], 1);
        let finding = &json["diagnostics"][0];
        assert_eq!((&finding["code"], &finding["severity"]), (&"a-code".into(), &"error".into()));
        assert_eq!(
            (&finding["file"], &finding["line"], &finding["column"]),
            (&"recipe.yaml".into(), &2.into(), &4.into())
        );
        assert_eq!((&finding["end_line"], &finding["end_column"]), (&2.into(), &5.into()));
        assert_eq!(finding["labels"][0]["message"], "here");
    }

    #[test]
    fn what_a_finding_has_not_is_null_and_labels_that_say_nothing_are_left_out() {
        let marked = json(&report("a: 1\n", &[("1", "")], None));
        let finding = &marked["diagnostics"][0];
        assert_eq!(finding["labels"], json!([]));
        assert_eq!(finding.get("fix"), Some(&Value::Null));
        let nowhere = json(&report("a: 1\n", &[], None));
        for member in ["file", "line", "column", "end_line", "end_column"] {
            assert_eq!(nowhere["diagnostics"][0].get(member), Some(&Value::Null), "{member}");
        }
    }
}
