//! The members of a resolved recipe, with the tasks where they belong.

use crate::diagnostic::Span;
use crate::recipe::Resolved;
use crate::recipe::node::{Entry, Node};

/// Which part of the recipe a map is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Part<'a> {
    Recipe,
    Jobs,
    Job(&'a str),
    Other,
}

/// The value of a key: a node, or the tasks of a job.
pub(super) enum Member<'a> {
    Node(&'a Node, Part<'a>),
    Tasks(&'a str, Span),
}

impl<'a> Part<'a> {
    /// What stands under a key of this part.
    pub(super) fn member(self, entry: &'a Entry, recipe: &Resolved) -> Member<'a> {
        match self {
            Self::Recipe if entry.key == "jobs" => Member::Node(&entry.value, Self::Jobs),
            Self::Jobs => Member::Node(&entry.value, Self::Job(&entry.key)),
            Self::Job(job) if entry.key == "tasks" && recipe.tasks(job).next().is_some() => {
                Member::Tasks(job, entry.key_span)
            }
            _ => Member::Node(&entry.value, Self::Other),
        }
    }
}
