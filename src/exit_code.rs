//! Exit codes: a contract with scripts, the same for every command.

use std::process::{ExitCode as ProcessExitCode, Termination};

/// What a finished command tells the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// Everything asked for was done.
    Success = 0,
    /// Something failed that has no code of its own.
    Error = 1,
    /// `plan --detailed-exitcode`: the plan holds changes.
    ChangesPresent = 2,
    /// The recipe is invalid.
    InvalidRecipe = 3,
    /// The plan asks for more than the policy (`on_change`, `--allow`, a refused confirmation) permits.
    BlockedByPolicy = 4,
    /// A saved plan is stale, or an object is not ours.
    StaleOrConflict = 5,
    /// Some steps were applied, others were not.
    PartlyApplied = 6,
    /// Applied, but the result is unhealthy: a task failed, a node is unusable.
    Unhealthy = 7,
    /// The command line itself is wrong.
    Usage = 64,
    /// Stopped by Ctrl-C.
    Interrupted = 130,
}

impl Termination for ExitCode {
    fn report(self) -> ProcessExitCode {
        ProcessExitCode::from(self as u8)
    }
}
