//! Project files: what the recipes below a folder have in common.

mod discover;
mod file;

pub use discover::{FILE_NAME, UntrustedProject, discover};
pub use file::{Account, ProjectFile, read};
