//! The integration tests: one binary, one module per subject.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "a test says where it failed by panicking, and why it was skipped on stderr"
)]

mod oci_runtime;
