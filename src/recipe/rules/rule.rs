//! What a rule is.

use super::any_task::AnyTask;
use super::scope::{JobScope, PoolScope};
use crate::diagnostic::{Code, Collector, Diagnostic};
use crate::recipe::document::{Recipe, Task};
use crate::recipe::node::Node;

/// A rule: what it finds, and how. Its file is named after its code.
#[derive(Debug)]
pub struct Rule {
    /// The kind of finding that it makes, with its explanation.
    pub code: Code,
    /// How it looks.
    pub checks: &'static [Check],
}

/// A check, by what it looks at.
#[derive(Debug, Clone, Copy)]
pub enum Check {
    /// The tree as it was written, before any expression has a value.
    Written(fn(&Node, &mut Collector)),
    /// The recipe without its tasks.
    Recipe(fn(&Recipe, &mut Collector)),
    /// A pool.
    Pool(fn(&PoolScope<'_>, &mut Collector)),
    /// A job and the names of its tasks.
    Job(fn(&JobScope<'_>, &mut Collector)),
    /// A task of a job.
    Task(fn(&JobScope<'_>, &Task, &mut Collector)),
    /// A task of any kind: one of a job, or one that a pool or a job runs around those.
    AnyTask(fn(&AnyTask<'_>, &mut Collector)),
}

impl Rule {
    /// A finding of the rule, without a place yet.
    pub(super) fn finding(&'static self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(&self.code, message)
    }
}
