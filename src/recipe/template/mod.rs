//! Expressions inside scalars: `${{ … }}`.
//!
//! An expression stands for a value and can never change a document's structure. A scalar that is exactly one expression
//! keeps the value's type; everything else becomes text. Evaluation is limited in steps and size.

mod body;
mod engine;
mod names;
mod place;
mod scan;

pub use body::{Body, Evaluator};
pub use engine::{Template, from_json};
pub use names::{Members, Names};
