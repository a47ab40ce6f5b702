//! Evaluates expressions and expands `for_each`. Tasks stay templates that make one task at a time.

mod axes;
mod resolve;
mod task_template;

pub use axes::Axes;
pub use resolve::{ResolvedJob, ResolvedRecipe, decode_task, resolve};
pub use task_template::{TaskInstance, TaskTemplate};
