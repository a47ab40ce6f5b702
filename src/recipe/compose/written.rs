//! One text, parsed, with the checks that concern it by itself.

use std::path::PathBuf;

use super::structure::refuse_expressions;
use crate::diagnostic::{Collector, Diagnostic, SourceId, Sources, Span};
use crate::recipe::node::{Entry, Node, NodeKind, Value};
use crate::recipe::schema::Shape;
use crate::recipe::{codes, parse, secrets};

/// A text of a recipe.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) id: SourceId,
    /// The file; none for a recipe of the library that is part of the program.
    pub(super) path: Option<PathBuf>,
    pub(super) tree: Node,
}

impl Written {
    /// Parses a text that has been read, and checks what has to be right in it before it is put together with others.
    pub(super) fn parse(
        id: SourceId,
        path: Option<PathBuf>,
        sources: &Sources,
        findings: &mut Collector,
    ) -> Option<Self> {
        let before = findings.error_count();
        let tree = parse::parse(id, sources, findings);
        if findings.error_count() > before {
            secrets::hide_in_text(id, sources, findings);
        }
        let mut tree = tree?;
        secrets::refuse_plaintext(&mut tree, Shape::Recipe, findings);
        refuse_expressions(&mut tree, findings);
        Some(Self { id, path, tree })
    }

    /// Whether the text is a map, as it has to be to be put together with others.
    pub(super) fn must_be_map(&self, what: &str, findings: &mut Collector) -> bool {
        let is_map = matches!(self.tree.kind, NodeKind::Mapping(_));
        if !is_map {
            let message = format!("{what} must be a map, not {}", self.tree.describe());
            findings.push(Diagnostic::new(&codes::WRONG_TYPE, message).at(self.tree.span, ""));
        }
        is_map
    }

    /// The length of the text in bytes.
    pub(super) fn length(&self, sources: &Sources) -> usize {
        sources.get(self.id).map_or(0, |source| source.text().len())
    }
}

/// Takes a section out of a tree. An empty section is as good as none.
pub(in crate::recipe) fn take(tree: &mut Node, key: &str) -> Option<Entry> {
    let NodeKind::Mapping(entries) = &mut tree.kind else { return None };
    let position = entries.iter().position(|entry| entry.key == key)?;
    let entry = entries.remove(position);
    let empty = matches!(&entry.value.kind, NodeKind::Scalar(scalar) if scalar.value == Value::Null);
    (!empty).then_some(entry)
}

/// The first byte of a text.
pub(super) fn start_of(source: SourceId) -> Span {
    Span::new(source, 0, 0)
}
