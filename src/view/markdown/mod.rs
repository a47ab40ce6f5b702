//! Markdown, for pull requests.

mod plan;

pub use plan::plan;
