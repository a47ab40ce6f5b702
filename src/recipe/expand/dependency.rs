//! What a task waits for.

use crate::diagnostic::Span;

/// The ending that stands for the task of the same position.
const EACH: &str = ".each";
/// The ending that stands for all tasks, as the bare name does.
const ALL: &str = ".*";

/// A task that must succeed first, by its name in the recipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The name.
    pub task: String,
    /// Which of the tasks that it expands to.
    pub reach: Reach,
    /// Where it stands.
    pub span: Span,
}

/// Which of the tasks of one name another task waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// All of them.
    All,
    /// The one that has the same position in its `for_each`.
    Each,
}

impl Dependency {
    /// Reads `name`, `name.*` or `name.each`. The names of tasks have no dots.
    pub(super) fn read(text: &str, span: Span) -> Self {
        let (task, reach) = match (text.strip_suffix(EACH), text.strip_suffix(ALL)) {
            (Some(task), _) => (task, Reach::Each),
            (None, Some(task)) => (task, Reach::All),
            (None, None) => (text, Reach::All),
        };
        Self { task: task.to_owned(), reach, span }
    }
}
