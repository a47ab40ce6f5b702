//! Expressions inside scalars: `${{ … }}`.
//!
//! An expression stands for a value and can never change a document's structure. A scalar that is exactly one expression
//! keeps the value's type; everything else becomes text. Evaluation is limited in steps and size.

mod body;
mod compiled;
mod convert;
mod engine;
mod expression;
mod filters;
mod names;
mod place;
mod scan;

pub use body::{Body, Evaluator};
pub use compiled::Template;
pub use convert::from_json;
pub use names::{Members, Names, Parameter};
pub use place::locate_text;
#[cfg(test)]
mod tests;
