//! The recipes that others can begin with: those that are part of the program, and those of a project.

mod find;
mod shelf;

pub use find::{Library, LibraryError};
pub use shelf::{Group, LibraryRecipe, Shelf};
