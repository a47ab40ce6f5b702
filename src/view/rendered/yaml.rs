//! As YAML.

use std::io::{self, Write};

use super::member::{Member, Part};
use super::origin::Origin;
use crate::recipe::Resolved;
use crate::recipe::node::{Entry, Node, NodeKind};
use crate::recipe::written::{self, Written};

/// Writes a resolved recipe as YAML, each value with a comment that says where it comes from, if that is wanted.
///
/// # Errors
/// When `out` can't be written to, or a task can't be made after all.
pub fn yaml(out: &mut dyn Write, recipe: &Resolved, with_origins: bool) -> io::Result<()> {
    let mut writer = Yaml { out, recipe, with_origins };
    let entries = recipe.tree().entries();
    if entries.is_empty() {
        return writeln!(writer.out, "{{}}");
    }
    entries.iter().try_for_each(|entry| writer.entry(entry, Part::Recipe, 0))
}

struct Yaml<'a> {
    out: &'a mut dyn Write,
    recipe: &'a Resolved,
    with_origins: bool,
}

impl Yaml<'_> {
    fn entry(&mut self, entry: &Entry, part: Part<'_>, depth: usize) -> io::Result<()> {
        self.indent(depth)?;
        write!(self.out, "{}:", written::inline(&entry.key))?;
        match part.member(entry, self.recipe) {
            Member::Node(node, part) => {
                let origin = Origin::of(node, Some(entry.key_span), &self.recipe.warnings.sources);
                self.value(node, part, depth + 1, origin)
            }
            Member::Tasks(job, key_span) => {
                let recipe = self.recipe;
                self.end_of_line(Origin::of_key(key_span, &recipe.warnings.sources))?;
                recipe.tasks(job).try_for_each(|task| {
                    let task = task.map_err(|finding| io::Error::other(finding.message))?;
                    self.entry(&task, Part::Other, depth + 1)
                })
            }
        }
    }

    /// Writes what stands behind a colon or a dash, and its further lines.
    fn value(&mut self, node: &Node, part: Part<'_>, depth: usize, origin: Option<Origin>) -> io::Result<()> {
        match &node.kind {
            NodeKind::Scalar(scalar) => match written::written(scalar) {
                Written::Inline(text) => {
                    write!(self.out, " {text}")?;
                    self.end_of_line(origin)
                }
                Written::Block { header, lines } => {
                    write!(self.out, " {header}")?;
                    self.end_of_line(origin)?;
                    for line in lines {
                        if !line.is_empty() {
                            self.indent(depth)?;
                        }
                        writeln!(self.out, "{line}")?;
                    }
                    Ok(())
                }
            },
            NodeKind::Mapping(entries) if entries.is_empty() => {
                write!(self.out, " {{}}")?;
                self.end_of_line(origin)
            }
            NodeKind::Mapping(entries) => {
                self.end_of_line(origin)?;
                entries.iter().try_for_each(|entry| self.entry(entry, part, depth))
            }
            NodeKind::Sequence(items) if items.is_empty() => {
                write!(self.out, " []")?;
                self.end_of_line(origin)
            }
            NodeKind::Sequence(items) => {
                self.end_of_line(origin)?;
                items.iter().try_for_each(|item| self.item(item, depth))
            }
            NodeKind::Damaged => self.end_of_line(origin),
        }
    }

    fn item(&mut self, item: &Node, depth: usize) -> io::Result<()> {
        self.indent(depth)?;
        write!(self.out, "-")?;
        let origin = Origin::of(item, None, &self.recipe.warnings.sources);
        self.value(item, Part::Other, depth + 1, origin)
    }

    fn end_of_line(&mut self, origin: Option<Origin>) -> io::Result<()> {
        match origin.filter(|_| self.with_origins) {
            Some(origin) => writeln!(self.out, " # {}", origin.comment()),
            None => writeln!(self.out),
        }
    }

    fn indent(&mut self, depth: usize) -> io::Result<()> {
        write!(self.out, "{:width$}", "", width = depth * 2)
    }
}
