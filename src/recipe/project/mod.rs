//! Project files: what the recipes below a folder have in common.

mod discover;
mod file;
mod shared;

pub use super::document::CredentialKind;
pub use discover::{Discovery, FILE_NAME, UntrustedProject};
pub use file::{Account, ProjectFile, read};
pub use shared::Projects;
