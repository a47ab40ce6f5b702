//! The report: a line for every key of the files, whatever was noted of it.

use super::configuration::{Configuration, ROOTS};
use super::keys::{self, Known};
use super::names;
use crate::diagnostic::{Sources, Span};
use crate::import::log::Log;
use crate::import::report::{Fate, Line, Report};
use crate::recipe::node::{Node, NodeKind};

/// Reminds of every value of pool, jobs and resources that is only there to be replaced.
pub(super) fn placeholders(configuration: &Configuration, log: &Log) {
    for (_, tree) in &configuration.files {
        let roots = ["global_resources", "pool_specification", "job_specifications"];
        for entry in tree.entries().iter().filter(|entry| roots.contains(&entry.key.as_str())) {
            for_each_text(&entry.value, &entry.key, &mut |path, text| {
                if names::is_placeholder(text) {
                    log.to_do(format!("`{path}` is a placeholder: fill it in where the recipe has it"));
                }
            });
        }
    }
}

fn for_each_text(node: &Node, path: &str, visit: &mut impl FnMut(&str, &str)) {
    match &node.kind {
        NodeKind::Scalar(scalar) => visit(path, &scalar.text),
        NodeKind::Mapping(entries) => {
            entries
                .iter()
                .for_each(|entry| for_each_text(&entry.value, &format!("{path}.{}", entry.key), visit));
        }
        NodeKind::Sequence(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, item)| for_each_text(item, &format!("{path}[{index}]"), visit));
        }
        NodeKind::Damaged => {}
    }
}

/// A line for every key of the files.
pub(super) fn report(configuration: &Configuration, log: &Log) -> Report {
    let mut walk = Walk { sources: &configuration.sources, log, lines: Vec::new() };
    let mut job_files = 0;
    for (_, tree) in &configuration.files {
        for entry in tree.entries() {
            let mut noted = entry.key.clone();
            if entry.key == "job_specifications" {
                if job_files > 0 {
                    noted = format!("job_specifications#{job_files}");
                }
                job_files += 1;
            }
            walk.visit(&entry.value, entry.key_span, &noted, &mut vec![entry.key.clone()]);
        }
    }
    Report { lines: walk.lines }
}

struct Walk<'a> {
    sources: &'a Sources,
    log: &'a Log,
    lines: Vec<Line>,
}

impl Walk<'_> {
    /// Adds the lines of a value: `noted` is the place by which notes know it, `place` the keys by which the table does.
    fn visit(&mut self, node: &Node, span: Span, noted: &str, place: &mut Vec<String>) {
        match keys::find(place) {
            Known::Key(key) => {
                let (fate, note) = self.log.noted(noted).unwrap_or((key.fate, key.note.to_owned()));
                self.add(span, noted, fate, note);
            }
            Known::Nothing => self.add_unknown(span, noted, place),
            Known::Above => self.visit_below(node, span, noted, place),
        }
    }

    fn visit_below(&mut self, node: &Node, span: Span, noted: &str, place: &mut Vec<String>) {
        match &node.kind {
            NodeKind::Mapping(entries) if !entries.is_empty() => {
                for entry in entries {
                    place.push(entry.key.clone());
                    let span = if entry.key_span.end == 0 { span } else { entry.key_span };
                    self.visit(&entry.value, span, &format!("{noted}.{}", entry.key), place);
                    place.pop();
                }
            }
            NodeKind::Sequence(items) if !items.is_empty() => {
                place.push("[]".to_owned());
                for (index, item) in items.iter().enumerate() {
                    self.visit(item, item.span, &format!("{noted}[{index}]"), place);
                }
                place.pop();
            }
            _ => {
                let says_nothing = (Fate::Dropped, "it says nothing".to_owned());
                let is_empty =
                    node.is_null() || matches!(node.kind, NodeKind::Mapping(_) | NodeKind::Sequence(_));
                let misplaced = || {
                    let note = format!(
                        "not understood: a map or a list is expected here, and this is {}",
                        node.describe()
                    );
                    (Fate::Dropped, note)
                };
                let (fate, note) =
                    if is_empty { says_nothing } else { self.log.noted(noted).unwrap_or_else(misplaced) };
                self.add(span, noted, fate, note);
            }
        }
    }

    fn add_unknown(&mut self, span: Span, noted: &str, place: &[String]) {
        let Some((wrong, above)) = place.split_last() else { return };
        let near = if above.is_empty() {
            crate::recipe::similar_names(wrong, ROOTS.iter().copied()).into_iter().next()
        } else {
            keys::nearest(above, wrong)
        };
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        self.add(span, noted, Fate::Unknown, format!("Batch Shipyard has no such key{near}"));
    }

    /// Adds a line, or counts the key to the line before if that says the same of the same kind of key.
    fn add(&mut self, span: Span, noted: &str, fate: Fate, note: String) {
        let start = self.sources.start(span);
        let (file, line) = start.map_or((String::new(), 1), |start| (start.file, start.line));
        let key = without_marks(noted);
        let of_key = kind(&key);
        let same = self.lines.iter_mut().rev().take(64).find(|before| {
            before.file == file && before.fate == fate && before.note == note && kind(&before.key) == of_key
        });
        match same {
            Some(before) => before.count += 1,
            None => self.lines.push(Line { file, line, key, fate, note, count: 1 }),
        }
    }
}

/// A text without the numbers of files that places begin with.
pub(super) fn without_marks(text: &str) -> String {
    let mut parts = text.split("job_specifications#");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, rest| {
        format!("{text}job_specifications{}", rest.trim_start_matches(|c: char| c.is_ascii_digit()))
    })
}

/// A place without the numbers of its lists.
fn kind(key: &str) -> String {
    let parts = key.split('[').map(|part| part.split_once(']').map_or(part, |(_, rest)| rest));
    parts.collect::<Vec<_>>().join("[]")
}
