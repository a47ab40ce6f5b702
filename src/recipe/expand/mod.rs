//! Evaluates expressions and expands `for_each`. Tasks stay templates that make one task at a time.

mod dependency;
mod items;
mod resolve;
mod task_template;

pub use dependency::{Dependency, Reach};
pub use items::ItemSet;
pub use resolve::{ResolvedJob, ResolvedRecipe, decode_task, resolve};
pub use task_template::{TaskInstance, TaskTemplate};
