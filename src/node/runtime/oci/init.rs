//! `--init`: the first process of a container that only looks after the program, as Docker's own does.
//!
//! An image need not have such a program, nor a loader for this one. So none is executed: the process that would become the
//! container's program starts it as a child, and stays as it is.

use std::io::{self, PipeWriter, Write as _};
use std::os::fd::{AsRawFd as _, RawFd};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use crate::node::family::Family;

/// The last of the standard streams.
const STANDARD_ERROR: RawFd = 2;

/// What a process ends with whose program did not start. Nobody looks at it.
const NOT_STARTED: i32 = 127;

/// What a container ends with whose program the kernel refuses to execute.
const NOT_EXECUTED: i32 = 1;

/// Starts the program and stays until it ends, then ends as it did. Returns only if it could not be started, with the reason.
///
/// Before that, every descriptor is closed but the standard streams and `failures`, which is as soon as the program runs: what is
/// the machine's must not lie open in a process of the container.
#[expect(
    clippy::disallowed_methods,
    reason = "this process has nothing to return to: the library takes a return for a failure"
)]
pub(super) fn stay(command: &mut Command, failures: &PipeWriter) -> io::Error {
    match run(command, failures) {
        Ok(code) => std::process::exit(code),
        Err(error) => error,
    }
}

/// Ends, after the program could not be started: what the library would need to say so may be closed by now.
#[expect(clippy::disallowed_methods, reason = "this process has nothing left to return with")]
pub(super) fn give_up() -> ! {
    std::process::exit(NOT_STARTED)
}

/// Ends as with Docker where there is a program that the kernel doesn't execute: the container has started by then, and what is wrong
/// is among its own output.
#[expect(clippy::disallowed_methods, reason = "this process has nothing left to return with")]
pub(super) fn refused(program: &Path, reason: &str) -> ! {
    // Where nobody reads it, the exit code says it alone.
    let _ = writeln!(io::stderr(), "exec {}: {reason}", program.display());
    std::process::exit(NOT_EXECUTED)
}

fn run(command: &mut Command, failures: &PipeWriter) -> io::Result<i32> {
    close_all_but(failures.as_raw_fd())?;
    // Where it is not the first process of a namespace, orphans shall come here all the same.
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut family = Family::new()?;
        // In a group of its own: what it sends to its group is for its own children.
        let child = command.process_group(0).spawn()?;
        // Says that the program has taken over.
        nix::unistd::close(failures.as_raw_fd())?;
        // Nobody listens to what goes wrong from here on, and nothing that does is the program's.
        Ok(family.see_out(&child).await.unwrap_or(1))
    })
}

fn close_all_but(kept: RawFd) -> io::Result<()> {
    let number = |entry: io::Result<std::fs::DirEntry>| entry.ok()?.file_name().to_str()?.parse().ok();
    let open: Vec<RawFd> = std::fs::read_dir("/proc/self/fd")?.filter_map(number).collect();
    for descriptor in open.into_iter().filter(|number| *number > STANDARD_ERROR && *number != kept) {
        // The one that the folder was read with is closed already.
        let _ = nix::unistd::close(descriptor);
    }
    Ok(())
}
