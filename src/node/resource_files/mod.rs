//! Resource files: what a task finds in its working directory when it begins.

mod check;
mod failure;
mod fetch;
mod place;
mod source;

pub use check::check as check_resource_file;
pub(in crate::node) use fetch::fetch;
