//! The integration tests: one binary, one module per subject.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test says where it failed by panicking")]
#![expect(
    unreachable_pub,
    reason = "nothing is reachable in a test binary; `pub` is what a module offers to the others"
)]

mod client;
