//! The `batchyard` program: parses the command line, runs the command, returns its exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Before anything starts a thread: see there.
    if let Some(code) = batchyard::node::runtime::oci::helper::intercept() {
        return ExitCode::from(code);
    }
    ExitCode::SUCCESS
}
