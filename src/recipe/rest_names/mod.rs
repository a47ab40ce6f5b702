//! The names of the REST API: how a recipe says each settable property, and what became of those that no longer exist.
//!
//! `properties.tsv` is the list that the language is measured by: every property of every model that a recipe can reach, with
//! its path in a recipe. `removed.tsv` holds what only other versions have. Whoever writes a name of the REST reference learns
//! from them what to write here.

mod table;
#[cfg(test)]
mod tests;

pub use table::recipe_key;
#[cfg(test)]
pub(super) use table::{Property, properties};
pub(super) use table::{Removed, recipe_name, removed};
