//! As JSON.

use std::io::{self, Write};

use serde_json::Value;

use super::member::{Member, Part};
use super::origin::Origin;
use crate::diagnostic::Span;
use crate::recipe::Resolved;
use crate::recipe::node::{Entry, Node, NodeKind};
use crate::view::json::FORMAT_VERSION;

/// Writes a resolved recipe as JSON: the member `recipe` of a versioned document, whose member `origins` tells the place of each
/// value by its JSON pointer, or is null where nobody wants to know.
///
/// # Errors
/// When `out` can't be written to, or a task can't be made after all.
pub fn json(out: &mut dyn Write, recipe: &Resolved, with_origins: bool) -> io::Result<()> {
    let mut writer = Json { out, recipe };
    write!(
        writer.out,
        "{{\n  \"format_version\": \"{FORMAT_VERSION}\",\n  \"type\": \"render\",\n  \"recipe\": "
    )?;
    writer.member(Member::Node(recipe.tree(), Part::Recipe), 1)?;
    if !with_origins {
        return writeln!(writer.out, ",\n  \"origins\": null\n}}");
    }
    write!(writer.out, ",\n  \"origins\": {{")?;
    let mut origins = Origins { out: writer.out, recipe, is_first: true };
    origins.member(Member::Node(recipe.tree(), Part::Recipe), "", None)?;
    writeln!(origins.out, "\n  }}\n}}")
}

struct Json<'a> {
    out: &'a mut dyn Write,
    recipe: &'a Resolved,
}

impl Json<'_> {
    fn member(&mut self, member: Member<'_>, depth: usize) -> io::Result<()> {
        match member {
            Member::Node(node, part) => self.node(node, part, depth),
            Member::Tasks(job, _) => {
                let recipe = self.recipe;
                write!(self.out, "{{")?;
                for (position, task) in recipe.tasks(job).enumerate() {
                    let task = task.map_err(|finding| io::Error::other(finding.message))?;
                    self.separate(position, depth + 1)?;
                    self.key(&task.key)?;
                    self.node(&task.value, Part::Other, depth + 1)?;
                }
                self.close('}', depth)
            }
        }
    }

    fn node(&mut self, node: &Node, part: Part<'_>, depth: usize) -> io::Result<()> {
        match &node.kind {
            NodeKind::Mapping(entries) if !entries.is_empty() => {
                write!(self.out, "{{")?;
                for (position, entry) in entries.iter().enumerate() {
                    self.separate(position, depth + 1)?;
                    self.key(&entry.key)?;
                    self.member(part.member(entry, self.recipe), depth + 1)?;
                }
                self.close('}', depth)
            }
            NodeKind::Sequence(items) if !items.is_empty() => {
                write!(self.out, "[")?;
                for (position, item) in items.iter().enumerate() {
                    self.separate(position, depth + 1)?;
                    self.node(item, Part::Other, depth + 1)?;
                }
                self.close(']', depth)
            }
            _ => write!(self.out, "{}", node.to_json()),
        }
    }

    fn key(&mut self, key: &str) -> io::Result<()> {
        write!(self.out, "{}: ", Value::from(key))
    }

    fn separate(&mut self, position: usize, depth: usize) -> io::Result<()> {
        let comma = if position > 0 { "," } else { "" };
        write!(self.out, "{comma}\n{:width$}", "", width = depth * 2)
    }

    fn close(&mut self, bracket: char, depth: usize) -> io::Result<()> {
        write!(self.out, "\n{:width$}{bracket}", "", width = depth * 2)
    }
}

/// The place of each value, by its JSON pointer.
struct Origins<'a> {
    out: &'a mut dyn Write,
    recipe: &'a Resolved,
    is_first: bool,
}

impl Origins<'_> {
    fn member(&mut self, member: Member<'_>, pointer: &str, key: Option<Span>) -> io::Result<()> {
        let recipe = self.recipe;
        match member {
            Member::Node(node, part) => {
                if !pointer.is_empty() {
                    self.place(pointer, Origin::of(node, key, &recipe.warnings.sources))?;
                }
                self.inside(node, part, pointer)
            }
            Member::Tasks(job, key_span) => {
                self.place(pointer, Origin::of_key(key_span, &recipe.warnings.sources))?;
                recipe.tasks(job).try_for_each(|task| {
                    let task = task.map_err(|finding| io::Error::other(finding.message))?;
                    self.entry(&task, Part::Other, pointer)
                })
            }
        }
    }

    fn inside(&mut self, node: &Node, part: Part<'_>, pointer: &str) -> io::Result<()> {
        match &node.kind {
            NodeKind::Mapping(entries) => {
                entries.iter().try_for_each(|entry| self.entry(entry, part, pointer))
            }
            NodeKind::Sequence(items) => items.iter().enumerate().try_for_each(|(position, item)| {
                self.member(Member::Node(item, Part::Other), &format!("{pointer}/{position}"), None)
            }),
            NodeKind::Scalar(_) | NodeKind::Damaged => Ok(()),
        }
    }

    fn entry(&mut self, entry: &Entry, part: Part<'_>, pointer: &str) -> io::Result<()> {
        let pointer = format!("{pointer}/{}", entry.key.replace('~', "~0").replace('/', "~1"));
        self.member(part.member(entry, self.recipe), &pointer, Some(entry.key_span))
    }

    fn place(&mut self, pointer: &str, origin: Option<Origin>) -> io::Result<()> {
        let Some(Origin { place, expression }) = origin else { return Ok(()) };
        let mut origin =
            serde_json::json!({ "file": place.file, "line": place.line, "column": place.column });
        if let (Some(expression), Some(members)) = (expression, origin.as_object_mut()) {
            members.insert("expression".to_owned(), expression.into());
        }
        let comma = if std::mem::take(&mut self.is_first) { "" } else { "," };
        write!(self.out, "{comma}\n    {}: {origin}", Value::from(pointer))
    }
}
