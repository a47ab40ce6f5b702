//! The integration tests: one binary, one module per subject. `tests/README.md` says which kind of test to write.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "a test says where it failed by panicking, and why it was skipped on stderr"
)]
#![expect(
    unreachable_pub,
    reason = "nothing is reachable in a test binary; `pub` is what a module offers to the others"
)]

mod architecture;
mod article_pools;
mod article_table;
mod article_tasks;
mod blobs;
mod cases;
mod client;
mod commands;
mod composition;
mod conformance;
mod contract;
mod crash;
mod doctor;
mod editor;
mod emulator;
mod entra;
mod explain;
mod file_systems;
mod fmt;
mod hostile;
mod https;
mod import;
mod library;
mod load;
mod local_account;
mod multi_instance;
mod mutations;
mod oci_runtime;
mod packages;
mod planning;
mod preparation;
mod proofs;
mod readme;
mod record;
mod render;
mod repository;
mod rootless;
mod scale;
mod spine;
mod support;
mod task_files;
mod tokens;
mod torture;
mod users;
mod validate;
mod validators;
mod watch;
