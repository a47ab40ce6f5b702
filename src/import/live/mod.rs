//! What an account has → a recipe, and a report of what the recipe can't say.
//!
//! The inverse of [`crate::recipe::lower`]. `pool`, `job`, `job_tasks`, `schedule` and `task` take the specs of what is there apart,
//! each in full; `part` turns what specs hold in the words of the REST API into the words of recipes, by the schema of the language;
//! `secrets` decides what of it may be written, and `proof` finds out what a recipe held as secrets. `account` puts it together, `selection`
//! decides of which objects.

mod account;
mod desk;
mod image;
mod job;
mod job_tasks;
mod language;
mod openness;
mod part;
mod pool;
mod proof;
mod schedule;
mod secrets;
mod selection;
mod task;
mod texts;

pub use account::{Account, Imported, JobTasks, MOST_TASKS, PoolPlace, TooManyTasks};
pub use desk::Line;
pub use selection::{NothingSelected, Selected, Wanted, select};
