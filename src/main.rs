//! The `batchyard` program: parses the command line, runs the command, returns its exit code.

use std::process::ExitCode;

use batchyard::node::builtin::program;
use batchyard::node::runtime::oci::supervisor;

fn main() -> ExitCode {
    // This executable plays two more parts, each to be told apart before anything starts a thread: the supervisor of a
    // container, and the program inside the built-in image.
    if let Some(code) = supervisor::intercept().or_else(program::intercept) {
        return ExitCode::from(code);
    }
    ExitCode::SUCCESS
}
