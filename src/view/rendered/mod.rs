//! A resolved recipe as text: a recipe again, without parameters, expressions and factories.
//!
//! The same recipe gives the same bytes. Tasks are written one by one, so that a million of them need no memory.

mod json;
mod member;
mod origin;
mod yaml;

pub use json::json;
pub use yaml::yaml;
