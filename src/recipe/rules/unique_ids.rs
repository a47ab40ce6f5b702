//! Every pool, and every job, has an id of its own.

use std::collections::BTreeMap;

use super::rule::{Rule, members};
use crate::diagnostic::{Code, Collector, Diagnostic, Span};
use crate::recipe::codes;
use crate::recipe::document::{Field, Recipe};

pub(super) struct UniqueIds;

impl Rule for UniqueIds {
    fn codes(&self) -> &'static [&'static Code] {
        &[]
    }

    fn check_recipe(&self, recipe: &Recipe, findings: &mut Collector) {
        let pools = members(recipe.pools.as_ref()).unwrap_or_default().iter();
        let pools =
            pools.filter_map(|entry| id(&entry.name, entry.name_span, entry.value.get()?.id.as_ref()));
        check("pools", pools, findings);
        let jobs = members(recipe.jobs.as_ref()).unwrap_or_default().iter();
        let jobs = jobs.filter_map(|entry| id(&entry.name, entry.name_span, entry.value.get()?.id.as_ref()));
        check("jobs", jobs, findings);
    }
}

/// The id that an object will have, and where that is said.
fn id<'a>(name: &'a str, name_span: Span, id: Option<&'a Field<String>>) -> Option<(&'a str, Span)> {
    match id {
        Some(field) => Some((field.get()?, field.span())),
        None => Some((name, name_span)),
    }
}

fn check<'a>(what: &str, ids: impl Iterator<Item = (&'a str, Span)>, findings: &mut Collector) {
    let mut seen: BTreeMap<String, Span> = BTreeMap::new();
    for (id, span) in ids {
        if let Some(first) = seen.insert(id.to_ascii_lowercase(), span) {
            findings.push(
                Diagnostic::new(&codes::DUPLICATE_ID, format!("two {what} have the id `{id}`"))
                    .at(span, "again here")
                    .at(first, "first here")
                    .note("ids are compared without regard to case"),
            );
        }
    }
}
