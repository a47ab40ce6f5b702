//! YAML 1.2 text → [`Node`](super::node::Node) tree.
//!
//! Input is not trusted: size, depth, number of nodes and the growth by aliases are limited, and every limit is reported
//! as an ordinary finding.

mod builder;
mod comments;
mod syntax_error;

pub use builder::{MAX_BYTES, parse, parse_part};
pub use comments::{Comment, comments};
