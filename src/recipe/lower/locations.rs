//! Where the fields of a resource stand.

use std::collections::HashMap;
use std::sync::Arc;

use crate::diagnostic::{Sources, Span};
use crate::recipe::expand::ResolvedJob;
use crate::recipe::node::{Entry, Node};
use crate::resource::{FieldSources, SourceLocation};

/// Finds places in a recipe.
pub(super) struct Locator<'a> {
    /// What stands in the sections of the recipe, by section and key.
    entries: HashMap<(&'a str, &'a str), &'a Entry>,
    sources: &'a Sources,
}

impl<'a> Locator<'a> {
    /// Finds places in a tree.
    pub(super) fn new(tree: &'a Node, sources: &'a Sources) -> Self {
        let sections = tree.entries().iter();
        let entries = sections.flat_map(|section| {
            let inside = section.value.entries().iter();
            inside.map(|entry| ((section.key.as_str(), entry.key.as_str()), entry))
        });
        Self { entries: entries.collect(), sources }
    }

    /// The places of all fields of `section.key`, by their paths inside it; the empty path is the key itself.
    pub(super) fn fields(&self, section: &str, key: &str) -> FieldSources {
        let mut fields = FieldSources::new();
        if let Some(entry) = self.entries.get(&(section, key)) {
            self.insert(String::new(), entry.key_span, &mut fields);
            for (path, span) in entry.value.key_places() {
                self.insert(path, span, &mut fields);
            }
        }
        fields
    }

    /// The places of a job's fields, with those of its tasks: `tasks.train.command`.
    pub(super) fn job(&self, key: &str, tasks: &ResolvedJob) -> FieldSources {
        let mut fields = self.fields("jobs", key);
        for template in &tasks.templates {
            for (path, span) in template.places() {
                let separator = if path.is_empty() { "" } else { "." };
                self.insert(format!("tasks.{}{separator}{path}", template.name), span, &mut fields);
            }
        }
        fields
    }

    fn insert(&self, path: String, span: Span, fields: &mut FieldSources) {
        if let Some(location) = self.sources.start(span) {
            let number = |value| u32::try_from(value).unwrap_or(u32::MAX);
            let (line, column) = (number(location.line), number(location.column));
            fields.insert(path, SourceLocation { file: Arc::from(location.file), line, column });
        }
    }
}
