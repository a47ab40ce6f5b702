//! The folders of recipes: what expressions and factories may read, and nothing outside of them.
//!
//! Paths in recipes are written with `/` and begin at the folder of the file in which they stand. They may neither be
//! absolute nor go up, and a link must not lead out.

mod error;
mod folder;
mod folders;
mod path;
mod patterns;
mod walk;

pub use error::FileError;
pub use folder::Folder;
pub use folders::Folders;
pub use path::{basename, dirname, extension, stem};
pub use patterns::{PathPatterns, PatternError};
