//! The `batchyard` program: runs the command line and returns its exit code.

use std::process::{ExitCode, Termination};

use batchyard::node::builtin::program;
use batchyard::node::instance::first_process;
use batchyard::node::runtime::oci::supervisor;

fn main() -> ExitCode {
    // This executable plays three more parts, each to be told apart before anything starts a thread: the supervisor of a
    // container, the first process of a container that is one of several, and the program inside the built-in image.
    if let Some(code) = supervisor::intercept().or_else(first_process::intercept).or_else(program::intercept)
    {
        return ExitCode::from(code);
    }
    // TLS is set up before anything can need it; only a second start could fail, and there is none.
    let _ = rustls::crypto::ring::default_provider().install_default();
    batchyard::cli::run().report()
}
