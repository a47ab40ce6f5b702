//! Where the fields of a resource stand.

use std::sync::Arc;

use crate::diagnostic::{Sources, Span};
use crate::recipe::node::{Node, NodeKind};
use crate::resource::{FieldSources, SourceLocation};

/// Finds places in a recipe.
#[derive(Clone, Copy)]
pub(super) struct Locator<'a> {
    pub(super) tree: &'a Node,
    pub(super) sources: &'a Sources,
}

impl Locator<'_> {
    /// The places of all fields of `section.key`, by their paths inside it; the empty path is the key itself.
    pub(super) fn fields(&self, section: &str, key: &str) -> FieldSources {
        let mut fields = FieldSources::new();
        let entries = self.tree.get(section).map(Node::entries).unwrap_or_default();
        if let Some(entry) = entries.iter().find(|entry| entry.key == key) {
            self.insert(String::new(), entry.key_span, &mut fields);
            self.walk("", &entry.value, &mut fields);
        }
        fields
    }

    fn walk(&self, path: &str, node: &Node, fields: &mut FieldSources) {
        let NodeKind::Mapping(entries) = &node.kind else { return };
        for entry in entries {
            let path = if path.is_empty() { entry.key.clone() } else { format!("{path}.{}", entry.key) };
            self.walk(&path, &entry.value, fields);
            self.insert(path, entry.key_span, fields);
        }
    }

    fn insert(&self, path: String, span: Span, fields: &mut FieldSources) {
        if let Some(location) = self.sources.start(span) {
            let number = |value| u32::try_from(value).unwrap_or(u32::MAX);
            let (line, column) = (number(location.line), number(location.column));
            fields.insert(path, SourceLocation { file: Arc::from(location.file), line, column });
        }
    }
}
