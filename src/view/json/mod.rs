//! For programs: versioned documents in Terraform's names where the meaning is the same.

mod plan;

pub use plan::{FORMAT_VERSION, plan};
