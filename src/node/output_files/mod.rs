//! Output files: what is kept of a task's files when its program has ended.

mod check;
mod failure;
mod find;
mod log;
mod upload;

pub use check::check as check_output_file;
pub(in crate::node) use upload::upload;
