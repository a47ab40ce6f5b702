//! What ails: what a machine can do, and what an image means for the tasks of a recipe. Looks and explains, and changes nothing.

mod advice;
mod examination;
mod image;
mod machine;
mod traits;
mod uses;

pub use advice::{Advice, Severity};
pub use examination::{Examination, ExaminedRecipe, ExaminedUse};
pub use machine::{Check, Need, State, check_machine};
pub use uses::{ImageUse, Invocation, Place, RecipeUses, Runner, uses_of};
